#include "sdk/durable_service.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

using holdpoint::Result;
namespace wire = holdpoint::wire;

namespace {

std::string path_of(const std::string& execution_arn, std::string_view action) {
    return "/2025-12-01/durable-executions/" + holdpoint::percent_encode(execution_arn) + "/" + std::string(action);
}

/// An answer that cannot be read is no verdict on the execution: nobody knows what the service did, so it is the
/// invocation that fails.
std::unexpected<holdpoint::Error> unreadable(std::string_view why) {
    return holdpoint::fail("InvalidResponse", 502, fmt::format("The service's answer cannot be read: {}", why));
}

using ReadAnswer = Result<wire::CheckpointResponse> (*)(const boost::json::value& json);

Result<wire::CheckpointResponse> parse(const holdpoint::net::Response& response, ReadAnswer read) {
    boost::system::error_code problem;
    std::array<unsigned char, 4096> first;  // more comes from the heap
    boost::json::monotonic_resource memory(first.data(), first.size());
    const boost::json::value json = boost::json::parse(response.body, problem, &memory);
    if (problem) return unreadable(problem.message());
    auto answer = read(json);
    if (!answer) return unreadable(answer.error().message);
    return answer;
}

}  // namespace

std::optional<std::chrono::milliseconds> DurableService::pause_before_poll(std::optional<holdpoint::TimePoint> due,
                                                                           bool unknown, int polls) const {
    using std::chrono::milliseconds;
    constexpr milliseconds kLongest{10'000};
    if (!due && !unknown) return std::nullopt;
    milliseconds pause = kLongest;
    if (unknown) pause = std::min(pause, milliseconds(1000) * (polls + 1));
    if (due) {
        const auto left = std::chrono::ceil<milliseconds>(*due - holdpoint::SystemClock().now());
        // The service's clock may be behind.
        const milliseconds soonest = milliseconds(polls == 0 ? 1 : 100) * (polls + 1);
        pause = unknown ? std::min(pause, std::max(left, soonest)) : std::max(left, soonest);
    }
    return pause;
}

Result<wire::CheckpointResponse> LambdaDurableService::checkpoint(const std::string& execution_arn,
                                                                  const wire::CheckpointRequest& request) {
    std::array<unsigned char, 4096> first;  // more comes from the heap
    boost::json::monotonic_resource memory(first.data(), first.size());
    boost::json::value body = wire::to_json(request, &memory);
    body.get_object()["ClientToken"] = random_.uuid();
    const auto response = client_.rest("lambda", {.method = "POST",
                                                  .path = path_of(execution_arn, "checkpoint"),
                                                  .query = {},
                                                  .headers = {{"Content-Type", "application/json"}},
                                                  .body = boost::json::serialize(body)});
    if (!response) return std::unexpected(response.error());
    return parse(*response, wire::read_checkpoint_response);
}

Result<wire::CheckpointResponse> LambdaDurableService::get_state(const std::string& execution_arn,
                                                                 const std::string& checkpoint_token,
                                                                 const std::string& marker) {
    const auto response = client_.rest(
        "lambda", {.method = "GET",
                   .path = path_of(execution_arn, "state"),
                   .query = {{"CheckpointToken", checkpoint_token}, {"Marker", marker}, {"MaxItems", "1000"}},
                   .headers = {},
                   .body = {}});
    if (!response) return std::unexpected(response.error());
    return parse(*response, wire::read_state_page);
}

}  // namespace durable::detail
