#include "api/lambda/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "base/violations.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::api {

namespace {

constexpr std::size_t kArnBytesMax = 1024;
constexpr std::size_t kCallbackIdBytesMax = 1024;
constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kStatusesMax = 10;
constexpr std::string_view kArnPattern =
    R"(arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\d{12}):function:([a-zA-Z0-9_-]+):(\$LATEST(?:\.PUBLISHED)?|[0-9]+))"
    R"(/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+))";
constexpr std::array<std::string_view, 3> kInvocationTypes = {"Event", "RequestResponse", "DryRun"};
constexpr std::array<std::string_view, 2> kLogTypes = {"None", "Tail"};
constexpr std::array<std::string_view, 8> kStatuses = {"RUNNING", "SUCCEEDED", "FAILED",  "TIMED_OUT",
                                                       "STOPPED", "DELETING",  "PAUSING", "PAUSED"};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    parts.reserve(8);
    for (const auto part : std::views::split(text, separator)) parts.emplace_back(part.begin(), part.end());
    return parts;
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool fits_arn(std::string_view arn) {
    const auto parts = split(arn, ':');
    if (parts.size() != 8 || parts[0] != "arn" || parts[2] != "lambda" || parts[5] != "function") return false;
    const auto path = split(parts[7], '/');
    if (path.size() != 4 || path[1] != "durable-execution") return false;
    const auto given = [](std::string_view word) { return !word.empty() && is_word(word); };
    return given(parts[1]) && given(parts[3]) && parts[4].size() == 12 && is_number(parts[4]) && given(parts[6]) &&
           (path[0] == "$LATEST" || path[0] == "$LATEST.PUBLISHED" || is_number(path[0])) && given(path[2]) &&
           given(path[3]);
}

}  // namespace

Result<void> check_execution_arn(std::string_view arn) {
    Violations violations;
    violations.length("durableExecutionArn", arn, 1, kArnBytesMax);
    violations.pattern("durableExecutionArn", arn, fits_arn(arn), kArnPattern);
    return violations.result();
}

Result<void> check_callback_id(std::string_view id) {
    Violations violations;
    violations.length("callbackId", id, 1, kCallbackIdBytesMax);
    violations.pattern("callbackId", id, is_base64(id), kBase64Pattern);
    return violations.result();
}

Result<void> check_execution_name(std::string_view name) {
    Violations violations;
    violations.length("durableExecutionName", name, 0, kNameBytesMax);
    violations.pattern("durableExecutionName", name, is_word(name), kWordPattern);
    return violations.result();
}

Result<void> check_log_type(std::string_view type) {
    Violations violations;
    if (!type.empty()) violations.one_of("logType", type, kLogTypes);
    return violations.result();
}

Result<InvocationType> read_invocation_type(std::string_view type) {
    if (type.empty() || type == "RequestResponse") return InvocationType::request_response;
    if (type == "Event") return InvocationType::event;
    if (type == "DryRun") return InvocationType::dry_run;
    Violations violations;
    violations.one_of("invocationType", type, kInvocationTypes);
    return std::unexpected(violations.result().error());
}

Result<std::vector<wire::ExecutionStatus>> read_statuses(const std::vector<std::string>& names) {
    std::vector<wire::ExecutionStatus> found;
    Violations violations;
    if (names.size() > kStatusesMax) {
        violations.add("statuses", fmt::format("[{}]", fmt::join(names, ", ")),
                       fmt::format("Member must have length less than or equal to {}", kStatusesMax));
    }
    for (const std::string& name : names) {
        if (const auto status = wire::read_execution_status(name)) {
            found.push_back(*status);
        } else if (std::ranges::find(kStatuses, name) == kStatuses.end()) {
            violations.add("statuses", fmt::format("[{}]", fmt::join(names, ", ")),
                           fmt::format("Member must satisfy constraint: [Member must satisfy enum value set: [{}]]",
                                       fmt::join(kStatuses, ", ")));
            break;
        }
    }
    if (auto ok = violations.result(); !ok) return std::unexpected(ok.error());
    return found;
}

}  // namespace holdpoint::api
