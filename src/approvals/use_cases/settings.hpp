// Settings: what the environment of a use case's function says. The first thing that is wrong is told, with the
// variable's name, so look for the problem at the end, as with a Reader.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "approvals/domain/policy.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

/// Unless it is there already, in whatever spelling: no policy names somebody twice.
void add_once(std::vector<std::string>& names, std::string_view name);

/// "ann@example.com, group:finance": people, and groups whose members prove it when they sign in. Nothing for a list
/// without anybody, or with an empty place.
[[nodiscard]] std::optional<Approvers> parse_approvers(std::string_view list);

class Settings {
public:
    /// What std::getenv does: the value of a variable, or nullptr.
    using Lookup = std::function<const char*(const char* name)>;
    explicit Settings(Lookup lookup) : lookup_(std::move(lookup)) {}

    [[nodiscard]] std::string text(const char* name);
    [[nodiscard]] Approvers approvers(const char* name);
    /// In cents.
    [[nodiscard]] std::int64_t amount(const char* name);
    [[nodiscard]] std::string currency(const char* name);
    [[nodiscard]] std::int64_t number(const char* name, std::int64_t min, std::int64_t max);

    /// ConfigurationError, unless something was wrong before.
    void refuse(std::string_view name, std::string_view expected);
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

private:
    Lookup lookup_;
    std::optional<Error> problem_;
};

/// The settings as they were read, or what was wrong with them.
template <class T>
[[nodiscard]] Result<T> unless_wrong(T value, const Settings& settings) {
    if (settings.problem()) return std::unexpected(*settings.problem());
    return value;
}

}  // namespace holdpoint::approvals
