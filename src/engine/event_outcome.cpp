#include "engine/event_outcome.hpp"

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "topics/publish.hpp"

namespace holdpoint::engine {

namespace json = boost::json;

namespace {

constexpr std::size_t kErrorMessageMax = 1024;

std::string_view condition_name(EventCondition condition) {
    switch (condition) {
        case EventCondition::success:
            return "Success";
        case EventCondition::retries_exhausted:
            return "RetriesExhausted";
        case EventCondition::event_age_exceeded:
            return "EventAgeExceeded";
    }
    std::unreachable();
}

/// JSON where it is; otherwise text, whatever bytes a function answered: the record is kept as JSON.
json::value as_json(const std::string& text) {
    boost::system::error_code problem;
    json::value value = json::parse(text, problem);
    return problem ? json::value(as_utf8(text)) : value;
}

json::value response_payload(const InvocationResult& result) {
    if (!result.error || !result.body.empty()) return as_json(result.body);
    json::object error;
    if (result.error->message) error["errorMessage"] = *result.error->message;
    if (result.error->type) error["errorType"] = *result.error->type;
    if (result.error->stack_trace) error["stackTrace"] = json::value_from(*result.error->stack_trace);
    return error;
}

Result<std::vector<RowWrite>> publish_to(const RowReader& rows, std::string_view topic_arn,
                                         const topics::Message& message, TimePoint now, std::string_view nonce) {
    if (auto ok = topics::check_message(message); !ok) return std::unexpected(ok.error());
    auto decided = topics::publish(rows, topic_arn, message, now, nonce);
    if (!decided) return std::unexpected(decided.error());
    return std::move(decided->writes);
}

}  // namespace

std::string destination_record(const EventOutcome& outcome) {
    json::object record{{"version", "1.0"},
                        {"timestamp", to_iso8601(outcome.at)},
                        {"requestContext",
                         {{"requestId", outcome.request_id},
                          {"functionArn", outcome.function_arn},
                          {"condition", condition_name(outcome.condition)},
                          {"approximateInvokeCount", outcome.tries}}},
                        {"requestPayload", as_json(outcome.payload)}};
    if (outcome.tries > 0) {  // it was invoked at all
        json::object context{{"statusCode", 200}, {"executedVersion", outcome.version}};
        if (outcome.result.error) context["functionError"] = "Unhandled";
        record["responseContext"] = std::move(context);
        record["responsePayload"] = response_payload(outcome.result);
    }
    return json::serialize(record);
}

Result<std::vector<RowWrite>> publish_record(const RowReader& rows, std::string_view topic_arn,
                                             const EventOutcome& outcome, std::string_view nonce) {
    topics::Message message;
    message.message = destination_record(outcome);
    return publish_to(rows, topic_arn, message, outcome.at, nonce);
}

Result<std::vector<RowWrite>> publish_dead_letter(const RowReader& rows, std::string_view topic_arn,
                                                  const EventOutcome& outcome, std::string_view nonce) {
    topics::Message message;
    message.message = outcome.payload;
    message.attributes["RequestID"] = {.type = "String", .value = outcome.request_id};
    message.attributes["ErrorCode"] = {.type = "Number", .value = "200"};
    std::string why = outcome.result.error ? outcome.result.error->message.value_or("") : std::string();
    why.resize(std::min(why.size(), kErrorMessageMax));
    while (!is_utf8(why)) why.pop_back();
    if (!why.empty()) message.attributes["ErrorMessage"] = {.type = "String", .value = std::move(why)};
    return publish_to(rows, topic_arn, message, outcome.at, nonce);
}

}  // namespace holdpoint::engine
