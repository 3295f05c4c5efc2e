// Members: reads the members of a request's JSON object and remembers the first thing that was wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "tables/value.hpp"

namespace holdpoint::tables {

/// After the first problem every further read answers nothing; the caller asks problem() once, at the end. A member
/// that is null counts as absent. Keeps a reference to `request`.
class Members {
public:
    explicit Members(const json::object& request) : request_(request) {}

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] bool flag(std::string_view name, bool otherwise = false);
    /// ValidationException when outside `least`..`most`.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
    [[nodiscard]] const json::object* object(std::string_view name);
    [[nodiscard]] const json::array* array(std::string_view name);
    /// An object that must be there; an empty one is answered when it is not.
    [[nodiscard]] const json::object& required_object(std::string_view name);
    [[nodiscard]] const json::array& required_array(std::string_view name);
    /// One of `allowed`; the first of them when the member is absent.
    [[nodiscard]] std::string one_of(std::string_view name, std::initializer_list<std::string_view> allowed);
    /// A map of attributes.
    [[nodiscard]] std::optional<Item> item(std::string_view name);
    [[nodiscard]] Item required_item(std::string_view name);

    /// Members of other actions from before expressions, each refused by name with what to use instead.
    void refuse_legacy(std::initializer_list<std::string_view> names, std::string_view instead);
    void refuse(Error error);
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

private:
    [[nodiscard]] const json::value* find(std::string_view name) const;
    void refuse_type(std::string_view name, std::string_view expected);
    void refuse_null(std::string_view name);

    const json::object& request_;
    std::optional<Error> problem_;
};

/// "1 validation error detected: Value '<value>' at '<member>' failed to satisfy constraint: <constraint>"; the member
/// is spelled as in the request and shown with a small first letter, as AWS does.
[[nodiscard]] std::unexpected<Error> constraint_error(std::string_view value, std::string_view member,
                                                      std::string_view constraint);

}  // namespace holdpoint::tables
