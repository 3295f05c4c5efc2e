#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <variant>

#include "base/text.hpp"

namespace holdpoint::core {

namespace {

struct NamedLimit {
    std::string_view name;
    std::variant<std::size_t Limits::*, std::int64_t Limits::*, int Limits::*> member;
    std::string_view meaning;
};

constexpr std::array kNames{
    NamedLimit{"operation-payload-bytes", &Limits::operation_payload_bytes,
               "payload of a step, a context or a callback"},
    NamedLimit{"invoke-payload-bytes", &Limits::invoke_payload_bytes, "input and result of an invoke"},
    NamedLimit{"error-bytes", &Limits::error_bytes, "all fields of an error object together"},
    NamedLimit{"sync-result-bytes", &Limits::sync_result_bytes, "result of an execution that a caller waits for"},
    NamedLimit{"async-result-bytes", &Limits::async_result_bytes, "result of an execution started as an event"},
    NamedLimit{"execution-bytes", &Limits::execution_bytes, "everything written by one execution"},
    NamedLimit{"operations", &Limits::operations, "operations of one execution, counted as AWS bills them"},
    NamedLimit{"delay-seconds", &Limits::delay_seconds, "waits and retry delays"},
    NamedLimit{"callback-timeout-seconds", &Limits::callback_timeout_seconds, "how long a callback may wait"},
    NamedLimit{"envelope-bytes", &Limits::envelope_bytes, "operations handed over with an invocation"},
    NamedLimit{"consecutive-failures", &Limits::consecutive_failures,
               "failed invocations in a row that end the execution"}};

}  // namespace

std::vector<std::string_view> limit_names() {
    std::vector<std::string_view> names;
    names.reserve(kNames.size());
    for (const NamedLimit& limit : kNames) names.push_back(limit.name);
    return names;
}

std::string_view limit_meaning(std::string_view name) {
    return std::ranges::find(kNames, name, &NamedLimit::name)->meaning;
}

std::int64_t limit_value(const Limits& limits, std::string_view name) {
    return std::visit([&](auto member) { return static_cast<std::int64_t>(limits.*member); },
                      std::ranges::find(kNames, name, &NamedLimit::name)->member);
}

Result<void> set_limit(Limits& limits, std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    const std::string_view name = assignment.substr(0, equals);
    const auto* const found = std::ranges::find(kNames, name, &NamedLimit::name);
    if (equals == std::string_view::npos || found == kNames.end()) {
        return fail(
            "InvalidLimit", 400,
            fmt::format("expected NAME=NUMBER, got '{}'; names are {}", assignment, fmt::join(limit_names(), ", ")));
    }
    const std::string_view text = assignment.substr(equals + 1);
    const auto value = read_number<int>(text);
    if (!value || *value < 1 || *value > kLimitMax) {
        return fail("InvalidLimit", 400,
                    fmt::format("{}: expected a whole number from 1 to {}, got '{}'", name, kLimitMax, text));
    }
    std::visit(
        [&](auto member) {
            using Value = std::remove_cvref_t<decltype(limits.*member)>;
            limits.*member = static_cast<Value>(*value);
        },
        found->member);
    return {};
}

}  // namespace holdpoint::core
