// Bindings: ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of them were used.
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "tables/value.hpp"

namespace holdpoint::tables::expression {

class Bindings {
public:
    /// Reads both members of `request`. `value_expressions` are the expressions of this operation that may use values,
    /// `name_expressions` further ones that may use names only; without any of them the members are refused.
    [[nodiscard]] static Result<Bindings> read(const json::object& request,
                                               std::initializer_list<std::string_view> value_expressions,
                                               std::initializer_list<std::string_view> name_expressions = {});

    /// What `#placeholder` stands for; nullptr when it is not defined. Counts as used.
    [[nodiscard]] const std::string* name(std::string_view placeholder);
    /// What `:placeholder` stands for.
    [[nodiscard]] const Value* value(std::string_view placeholder);

    /// ValidationException when something was given and no expression used it.
    [[nodiscard]] Result<void> check_all_used() const;

private:
    std::map<std::string, std::string, std::less<>> names_;
    std::map<std::string, Value, std::less<>> values_;
    std::set<std::string, std::less<>> unused_names_;
    std::set<std::string, std::less<>> unused_values_;
};

}  // namespace holdpoint::tables::expression
