#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <variant>

namespace holdpoint::core {

namespace {

struct NamedLimit {
    std::string_view name;
    std::variant<std::size_t Limits::*, std::int64_t Limits::*, int Limits::*> member;
};

constexpr std::array kNames{NamedLimit{"operation-payload-bytes", &Limits::operation_payload_bytes},
                            NamedLimit{"invoke-payload-bytes", &Limits::invoke_payload_bytes},
                            NamedLimit{"error-bytes", &Limits::error_bytes},
                            NamedLimit{"sync-result-bytes", &Limits::sync_result_bytes},
                            NamedLimit{"async-result-bytes", &Limits::async_result_bytes},
                            NamedLimit{"execution-bytes", &Limits::execution_bytes},
                            NamedLimit{"operations", &Limits::operations},
                            NamedLimit{"delay-seconds", &Limits::delay_seconds},
                            NamedLimit{"callback-timeout-seconds", &Limits::callback_timeout_seconds},
                            NamedLimit{"envelope-bytes", &Limits::envelope_bytes},
                            NamedLimit{"consecutive-failures", &Limits::consecutive_failures}};

}  // namespace

std::vector<std::string_view> limit_names() {
    std::vector<std::string_view> names;
    names.reserve(kNames.size());
    for (const NamedLimit& limit : kNames) names.push_back(limit.name);
    return names;
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
    constexpr int kLargest = 2'000'000'000;
    int value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || value < 1 || value > kLargest) {
        return fail("InvalidLimit", 400,
                    fmt::format("{}: expected a whole number from 1 to {}, got '{}'", name, kLargest, text));
    }
    std::visit(
        [&](auto member) {
            using Value = std::remove_cvref_t<decltype(limits.*member)>;
            limits.*member = static_cast<Value>(value);
        },
        found->member);
    return {};
}

}  // namespace holdpoint::core
