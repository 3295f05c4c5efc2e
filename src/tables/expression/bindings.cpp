#include "tables/expression/bindings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tables/errors.hpp"

namespace holdpoint::tables::expression {
namespace {

constexpr const char* kNames = "ExpressionAttributeNames";
constexpr const char* kValues = "ExpressionAttributeValues";
constexpr std::size_t kPlaceholderBytesMax = 255;

bool is_placeholder(std::string_view key, char mark) {
    return key.size() > 1 && key[0] == mark && std::ranges::all_of(key.substr(1), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

Result<const json::object*> member(const json::object& request, const char* name) {
    const auto* found = request.if_contains(name);
    if (found == nullptr || found->is_null()) return nullptr;
    if (!found->is_object()) return serialization_error(fmt::format("{} must be a map", name));
    return &found->get_object();
}

bool any_given(const json::object& request, std::initializer_list<std::string_view> expressions) {
    return std::ranges::any_of(expressions, [&](std::string_view name) {
        const auto* found = request.if_contains(name);
        return found != nullptr && !found->is_null();
    });
}

Result<void> check_key(const char* member_name, std::string_view key, char mark) {
    if (!is_placeholder(key, mark))
        return validation_error(fmt::format("{} contains invalid key: Syntax error; key: \"{}\"", member_name, key));
    if (key.size() > kPlaceholderBytesMax)
        return validation_error(
            fmt::format("{} contains invalid key: The key is too long; key: \"{}\"", member_name, key));
    return {};
}

}  // namespace

Result<Bindings> Bindings::read(const json::object& request, std::initializer_list<std::string_view> value_expressions,
                                std::initializer_list<std::string_view> name_expressions) {
    Bindings bindings;
    auto names = member(request, kNames);
    auto values = member(request, kValues);
    if (!names) return std::unexpected(names.error());
    if (!values) return std::unexpected(values.error());
    const bool values_usable = any_given(request, value_expressions);
    if (*names != nullptr && !values_usable && !any_given(request, name_expressions))
        return validation_error("ExpressionAttributeNames can only be specified when using expressions");
    if (*values != nullptr && !values_usable) {
        return validation_error(
            fmt::format("ExpressionAttributeValues can only be specified when using expressions: {} {} null",
                        fmt::join(value_expressions, " and "), value_expressions.size() > 1 ? "are" : "is"));
    }
    if (*names != nullptr) {
        if ((*names)->empty()) return validation_error("ExpressionAttributeNames must not be empty");
        for (const auto& [key, value] : **names) {
            if (auto checked = check_key(kNames, key, '#'); !checked) return std::unexpected(checked.error());
            if (!value.is_string()) return serialization_error("ExpressionAttributeNames: a name must be a string");
            if (value.get_string().empty()) {
                return validation_error(
                    fmt::format("ExpressionAttributeNames contains invalid value: Empty attribute name for key {}",
                                std::string_view(key)));
            }
            bindings.names_.emplace(key, value.get_string());
            bindings.unused_names_.emplace(key);
        }
    }
    if (*values != nullptr) {
        if ((*values)->empty()) return validation_error("ExpressionAttributeValues must not be empty");
        for (const auto& [key, value] : **values) {
            if (auto checked = check_key(kValues, key, ':'); !checked) return std::unexpected(checked.error());
            auto parsed = parse_value(value);
            if (!parsed && parsed.error().name != "ValidationException") return std::unexpected(parsed.error());
            if (!parsed) {
                return validation_error(fmt::format("ExpressionAttributeValues contains invalid value: {} for key {}",
                                                    parsed.error().message, std::string_view(key)));
            }
            bindings.values_.emplace(key, std::move(*parsed));
            bindings.unused_values_.emplace(key);
        }
    }
    return bindings;
}

const std::string* Bindings::name(std::string_view placeholder) {
    const auto found = names_.find(placeholder);
    if (found == names_.end()) return nullptr;
    unused_names_.erase(found->first);
    return &found->second;
}

const Value* Bindings::value(std::string_view placeholder) {
    const auto found = values_.find(placeholder);
    if (found == values_.end()) return nullptr;
    unused_values_.erase(found->first);
    return &found->second;
}

Result<void> Bindings::check_all_used() const {
    const auto complain = [](std::string_view member_name, const auto& unused) {
        return validation_error(fmt::format("Value provided in {} unused in expressions: keys: {{{}}}", member_name,
                                            fmt::join(unused, ", ")));
    };
    if (!unused_names_.empty()) return complain(kNames, unused_names_);
    if (!unused_values_.empty()) return complain(kValues, unused_values_);
    return {};
}

}  // namespace holdpoint::tables::expression
