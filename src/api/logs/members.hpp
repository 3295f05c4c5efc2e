// Members of a request, and what its names may be. (CloudWatch Logs API, "Parameters" of each action)
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::api::logs {

/// InvalidParameterException.
[[nodiscard]] std::unexpected<Error> invalid(std::string message);

/// Reads members; the first wrong one is what the request is refused with.
class Members {
public:
    explicit Members(const boost::json::object& object) : object_(object) {}

    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
    [[nodiscard]] bool flag(std::string_view name);
    [[nodiscard]] std::vector<std::string> texts(std::string_view name);
    [[nodiscard]] std::size_t limit(std::size_t fallback, std::size_t max);
    /// logGroupName, or logGroupIdentifier, which may be an ARN.
    [[nodiscard]] std::string group();
    /// The name of a group that is created.
    [[nodiscard]] std::string new_group();
    /// logStreamName.
    [[nodiscard]] std::string stream();
    /// What is not known would be ignored: refused by name, unless it asks for nothing.
    void refuse_others(const std::vector<std::string_view>& known);
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    [[nodiscard]] const boost::json::value* find(std::string_view name) const;
    void problem(std::string_view name, std::string_view expected);

    const boost::json::object& object_;
    std::optional<Error> error_;
};

}  // namespace holdpoint::api::logs
