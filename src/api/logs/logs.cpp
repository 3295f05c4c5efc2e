#include "api/logs/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "api/logs/filter_pattern.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "base/text.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kEventsMax = 10000;
constexpr std::size_t kListMax = 50;

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterException", 400, std::move(message));
}

/// Reads members; the first wrong one is what the request is refused with.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const json::value* value = find(name);
        if (value == nullptr) return {};
        if (value->is_string()) return std::string(value->get_string());
        problem(name, "a text");
        return {};
    }
    std::optional<std::int64_t> number(std::string_view name) {
        const json::value* value = find(name);
        if (value == nullptr) return std::nullopt;
        if (value->is_int64()) return value->get_int64();
        problem(name, "a whole number");
        return std::nullopt;
    }
    bool flag(std::string_view name) {
        const json::value* value = find(name);
        if (value != nullptr && !value->is_bool()) problem(name, "true or false");
        return value != nullptr && value->is_bool() && value->get_bool();
    }
    std::vector<std::string> texts(std::string_view name) {
        std::vector<std::string> result;
        const json::value* value = find(name);
        if (value == nullptr) return result;
        if (!value->is_array()) problem(name, "a list of texts");
        if (!value->is_array()) return result;
        for (const json::value& element : value->get_array()) {
            if (element.is_string()) result.emplace_back(element.get_string());
        }
        return result;
    }
    std::size_t limit(std::size_t fallback, std::size_t max) {
        const auto value = number("limit");
        if (value && (*value < 1 || static_cast<std::size_t>(*value) > max)) {
            problem("limit", fmt::format("a number from 1 to {}", max));
        }
        return value ? static_cast<std::size_t>(std::max<std::int64_t>(1, *value)) : fallback;
    }
    /// logGroupName, or logGroupIdentifier, which may be an ARN.
    std::string group() {
        std::string name = text("logGroupName");
        if (name.empty()) name = text("logGroupIdentifier");
        constexpr std::string_view kMark = ":log-group:";
        if (const auto at = name.find(kMark); at != std::string::npos) name = name.substr(at + kMark.size());
        if (name.ends_with(":*")) name.resize(name.size() - 2);
        if (name.empty()) problem("logGroupName", "a log group's name");
        return name;
    }
    /// What is not known would be ignored: refused by name, unless it asks for nothing.
    void refuse_others(const std::vector<std::string_view>& known) {
        for (const auto& [name, value] : object_) {
            if (std::ranges::find(known, std::string_view(name)) == known.end() && !asks_nothing(value))
                problem(name, "left out: this server does not have it");
        }
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    const json::value* find(std::string_view name) const {
        const json::value* value = object_.if_contains(name);
        return value == nullptr || value->is_null() ? nullptr : value;
    }
    static bool asks_nothing(const json::value& value) {
        return value.is_null() || value == json::value(false) || value == json::value(json::object()) ||
               value == json::value(json::array());
    }
    void problem(std::string_view name, std::string_view expected) {
        if (error_) return;
        error_ = Error{.name = "InvalidParameterException",
                       .http_status = 400,
                       .message = fmt::format("{} must be {}.", name, expected),
                       .details_json = {}};
    }

    const json::object& object_;
    std::optional<Error> error_;
};

std::unexpected<Error> invalid_token() {
    return invalid("The specified nextToken is invalid.");
}

/// What the last page's token was made of; empty for no token.
Result<std::string> read_token(std::string_view list, std::string_view token) {
    if (token.empty()) return std::string{};
    auto last = read_page_token(list, token);
    if (!last) return invalid_token();
    return *std::move(last);
}

/// A page's end as a token: time and id of its last event.
std::string token_of(std::string_view list, const store::LogEvent& event) {
    return make_page_token(list, fmt::format("{}/{}", to_epoch_ms(event.at), event.id));
}

Result<void> read_token(std::string_view list, std::string_view token, store::LogQuery& query) {
    const auto place = read_token(list, token);
    if (!place) return std::unexpected(place.error());
    if (place->empty()) return {};
    const std::string_view text = *place;
    const auto at = read_number<std::int64_t>(text.substr(0, text.find('/')));
    const auto id = read_number<std::int64_t>(text.substr(text.find('/') + 1));
    if (!at || !id) return invalid_token();
    query.after_at = from_epoch_ms(*at);
    query.after_id = *id;
    return {};
}

/// Tokens of GetLogEvents say in which direction they lead.
constexpr std::string_view kForward = "f/";
constexpr std::string_view kBackward = "b/";

class Logs final : public Service {
public:
    Logs(const Context& context, store::LogStore& logs) : context_(context), logs_(logs) {
        actions_ = {
            {"DescribeLogGroups", {&Logs::describe_groups, {"logGroupNamePrefix", "nextToken", "limit"}}},
            {"DescribeLogStreams",
             {&Logs::describe_streams,
              {"logGroupName", "logGroupIdentifier", "logStreamNamePrefix", "orderBy", "descending", "nextToken",
               "limit"}}},
            {"FilterLogEvents",
             {&Logs::filter_events,
              {"logGroupName", "logGroupIdentifier", "logStreamNames", "logStreamNamePrefix", "startTime", "endTime",
               "filterPattern", "nextToken", "limit", "interleaved"}}},
            {"GetLogEvents",
             {&Logs::get_events,
              {"logGroupName", "logGroupIdentifier", "logStreamName", "startTime", "endTime", "nextToken", "limit",
               "startFromHead"}}},
            {"CreateLogGroup", {&Logs::create_group, {"logGroupName"}}},
            {"DeleteLogGroup", {&Logs::delete_group, {"logGroupName"}}},
            {"CreateLogStream", {&Logs::create_stream, {"logGroupName", "logStreamName"}}},
            {"PutLogEvents", {&Logs::put_events, {"logGroupName", "logStreamName", "logEvents", "sequenceToken"}}},
            {"PutRetentionPolicy", {&Logs::put_retention, {"logGroupName", "retentionInDays"}}},
            {"DeleteRetentionPolicy", {&Logs::delete_retention, {"logGroupName"}}}};
    }

    void handle(Call call) override {
        const auto result = answer(call);
        call.respond(result ? json_answer(JsonVersion::v1_1, *result, call.request_id)
                            : json_error(JsonVersion::v1_1, result.error(), call.request_id));
    }

private:
    struct Action {
        Result<json::object> (Logs::*run)(Members& members, const json::object& request);
        std::vector<std::string_view> members;  // all that it knows
    };

    Result<json::object> answer(const Call& call) {
        const std::string_view target = call.request.header("X-Amz-Target");
        const std::string name(target.substr(target.find('.') + 1));
        const auto action = actions_.find(name);
        if (action == actions_.end()) {
            return fail("UnknownOperationException", 400,
                        fmt::format("CloudWatch Logs operation {} is not supported by this server.", name));
        }
        boost::system::error_code problem;
        const json::value body = json::parse(call.request.body, problem);
        if (problem || !body.is_object())
            return fail("SerializationException", 400, "The request is not a JSON object.");
        Members members(body.get_object());
        members.refuse_others(action->second.members);
        const bool all = name == "DescribeLogGroups";
        const std::string group = all ? "*" : members.group();
        if (members.error()) return std::unexpected(*members.error());
        const std::string arn =
            fmt::format("arn:aws:logs:{}:{}:log-group:{}:*", context_.region, context_.account, group);
        if (auto ok = call.authorize("logs:" + name, arn); !ok) return std::unexpected(ok.error());
        return (this->*action->second.run)(members, body.get_object());
    }

    [[nodiscard]] std::string group_arn(const std::string& name) const {
        return fmt::format("arn:aws:logs:{}:{}:log-group:{}", context_.region, context_.account, name);
    }

    Result<std::string> existing_group(Members& members) const {
        std::string group = members.group();
        if (members.error()) return std::unexpected(*members.error());
        if (logs_.has_group(group)) return group;
        return fail("ResourceNotFoundException", 400, "The specified log group does not exist.");
    }

    Result<json::object> describe_groups(Members& members, const json::object&) {
        const std::string prefix = members.text("logGroupNamePrefix");
        const std::string list = "groups/" + prefix;
        const auto after = read_token(list, members.text("nextToken"));
        const std::size_t limit = members.limit(kListMax, kListMax);
        if (members.error()) return std::unexpected(*members.error());
        if (!after) return std::unexpected(after.error());
        json::array found;
        for (const auto& group : logs_.groups(prefix, *after, limit)) {
            found.push_back({{"logGroupName", group.name},
                             {"creationTime", to_epoch_ms(group.created_at)},
                             {"metricFilterCount", 0},
                             {"arn", group_arn(group.name) + ":*"},
                             {"logGroupArn", group_arn(group.name)},
                             {"storedBytes", group.stored_bytes}});
            if (group.retention_days) found.back().as_object()["retentionInDays"] = *group.retention_days;
        }
        json::object result;
        if (found.size() == limit)
            result["nextToken"] = make_page_token(list, found.back().at("logGroupName").as_string());
        result["logGroups"] = std::move(found);
        return result;
    }

    Result<json::object> describe_streams(Members& members, const json::object&) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        const std::string order = members.text("orderBy");
        const std::string prefix = members.text("logStreamNamePrefix");
        const std::string list = fmt::format("streams/{}/{}/{}", *group, order, prefix);
        const auto after = read_token(list, members.text("nextToken"));
        const bool descending = members.flag("descending");
        const std::size_t limit = members.limit(kListMax, kListMax);
        if (members.error()) return std::unexpected(*members.error());
        if (!after) return std::unexpected(after.error());
        if (!order.empty() && order != "LogStreamName" && order != "LastEventTime") {
            return invalid("orderBy must be LogStreamName or LastEventTime.");
        }
        if (order == "LastEventTime" && !prefix.empty()) {
            return invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
        }
        auto streams = logs_.streams(*group, prefix);
        if (order == "LastEventTime") {
            std::sort(streams.begin(), streams.end(), [](const auto& a, const auto& b) {
                return std::tie(a.last_event_at, a.name) < std::tie(b.last_event_at, b.name);
            });
        }
        if (descending) std::reverse(streams.begin(), streams.end());
        auto from = streams.begin();
        if (!after->empty()) {
            from = std::ranges::find(streams, *after, &store::LogStream::name);
            if (from == streams.end()) return invalid_token();
            ++from;
        }
        json::array found;
        for (; from != streams.end() && found.size() < limit; ++from) found.emplace_back(stream_json(*group, *from));
        json::object result;
        if (from != streams.end())
            result["nextToken"] = make_page_token(list, found.back().at("logStreamName").as_string());
        result["logStreams"] = std::move(found);
        return result;
    }

    json::object stream_json(const std::string& group, const store::LogStream& stream) const {
        json::object object{{"logStreamName", stream.name},
                            {"creationTime", to_epoch_ms(stream.created_at)},
                            {"arn", group_arn(group) + ":log-stream:" + stream.name},
                            {"storedBytes", 0}};
        if (stream.first_event_at) object["firstEventTimestamp"] = to_epoch_ms(*stream.first_event_at);
        if (stream.last_event_at) object["lastEventTimestamp"] = to_epoch_ms(*stream.last_event_at);
        if (stream.last_ingested_at) object["lastIngestionTime"] = to_epoch_ms(*stream.last_ingested_at);
        return object;
    }

    Result<store::LogQuery> read_query(Members& members) const {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        store::LogQuery query;
        query.group = *group;
        if (const auto start = members.number("startTime")) query.from = from_epoch_ms(*start);
        if (const auto end = members.number("endTime")) query.to = from_epoch_ms(*end);
        query.limit = members.limit(kEventsMax, kEventsMax);
        if (members.error()) return std::unexpected(*members.error());
        return query;
    }

    Result<json::object> filter_events(Members& members, const json::object&) {
        auto query = read_query(members);
        if (!query) return std::unexpected(query.error());
        query->streams = members.texts("logStreamNames");
        query->stream_prefix = members.text("logStreamNamePrefix");
        const std::string token = members.text("nextToken");
        const auto pattern = logs::FilterPattern::parse(members.text("filterPattern"));
        if (members.error()) return std::unexpected(*members.error());
        if (!pattern) return std::unexpected(pattern.error());
        if (!query->streams.empty() && !query->stream_prefix.empty()) {
            return invalid("logStreamNames and logStreamNamePrefix cannot both be given.");
        }
        const std::string list = "events/" + query->group;
        if (auto ok = read_token(list, token, *query); !ok) return std::unexpected(ok.error());
        if (query->to) *query->to += Milliseconds(1);  // endTime is inclusive here
        const auto events = logs_.events(*query);
        json::array found;
        for (const auto& event : events) {
            if (!pattern->matches(event.message)) continue;
            found.push_back({{"logStreamName", event.stream},
                             {"timestamp", to_epoch_ms(event.at)},
                             {"message", event.message},
                             {"ingestionTime", to_epoch_ms(event.ingested_at)},
                             {"eventId", fmt::format("{:056}", event.id)}});
        }
        json::object result{{"events", std::move(found)}, {"searchedLogStreams", json::array()}};
        if (events.size() == query->limit) result["nextToken"] = token_of(list, events.back());
        return result;
    }

    Result<json::object> get_events(Members& members, const json::object&) {
        auto query = read_query(members);
        if (!query) return std::unexpected(query.error());
        const std::string stream = members.text("logStreamName");
        const std::string token = members.text("nextToken");
        const bool backward = token.starts_with(kBackward);
        const bool from_head = members.flag("startFromHead");
        if (members.error()) return std::unexpected(*members.error());
        const auto streams = logs_.streams(query->group, stream);
        if (std::none_of(streams.begin(), streams.end(), [&](const auto& one) { return one.name == stream; })) {
            return fail("ResourceNotFoundException", 400, "The specified log stream does not exist.");
        }
        query->streams = {stream};
        const std::string list = fmt::format("events/{}/{}", query->group, stream);
        if (!token.empty()) {
            if (!backward && !token.starts_with(kForward)) return invalid_token();
            const auto ok = read_token(list, std::string_view(token).substr(kForward.size()), *query);
            if (!ok) return std::unexpected(ok.error());
        }
        query->reverse = token.empty() ? !from_head : backward;
        auto events = logs_.events(*query);
        if (query->reverse) std::reverse(events.begin(), events.end());
        json::array found;
        for (const auto& event : events) {
            found.push_back({{"timestamp", to_epoch_ms(event.at)},
                             {"message", event.message},
                             {"ingestionTime", to_epoch_ms(event.ingested_at)}});
        }
        // At either end the token stays what it was: that is how clients know.
        store::LogEvent edge;
        edge.at = query->after_at.value_or(from_epoch_ms(0));
        edge.id = query->after_id;
        const auto& last = events.empty() ? edge : events.back();
        const auto& first = events.empty() ? edge : events.front();
        return json::object{{"events", std::move(found)},
                            {"nextForwardToken", fmt::format("{}{}", kForward, token_of(list, last))},
                            {"nextBackwardToken", fmt::format("{}{}", kBackward, token_of(list, first))}};
    }

    Result<json::object> create_group(Members& members, const json::object&) {
        const std::string group = members.group();
        if (logs_.has_group(group)) {
            return fail("ResourceAlreadyExistsException", 400, "The specified log group already exists");
        }
        logs_.create_group(group, context_.clock.now());
        return json::object{};
    }

    Result<json::object> delete_group(Members& members, const json::object&) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        logs_.delete_group(*group);
        return json::object{};
    }

    Result<json::object> put_retention(Members& members, const json::object&) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        const auto days = members.number("retentionInDays");
        if (members.error()) return std::unexpected(*members.error());
        if (auto ok = check_retention(days.value_or(0)); !ok) return std::unexpected(ok.error());
        logs_.set_retention(*group, days);
        return json::object{};
    }

    Result<json::object> delete_retention(Members& members, const json::object&) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        logs_.set_retention(*group, std::nullopt);
        return json::object{};
    }

    Result<json::object> create_stream(Members& members, const json::object&) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        const std::string stream = members.text("logStreamName");
        if (stream.empty()) return invalid("logStreamName must be a log stream's name.");
        for (const auto& known : logs_.streams(*group, stream)) {
            if (known.name == stream) {
                return fail("ResourceAlreadyExistsException", 400, "The specified log stream already exists");
            }
        }
        logs_.create_stream(*group, stream, context_.clock.now());
        return json::object{};
    }

    Result<json::object> put_events(Members& members, const json::object& request) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        const std::string stream = members.text("logStreamName");
        const json::value* list = request.if_contains("logEvents");
        if (stream.empty() || list == nullptr || !list->is_array() || list->get_array().empty()) {
            return invalid("logStreamName and logEvents (a list of at least one event) must be given.");
        }
        std::vector<store::LogEvent> events;
        for (const json::value& value : list->get_array()) {
            const json::object* event = value.if_object();
            const json::value* at = event == nullptr ? nullptr : event->if_contains("timestamp");
            const json::value* message = event == nullptr ? nullptr : event->if_contains("message");
            if (at == nullptr || !at->is_int64() || message == nullptr || !message->is_string()) {
                return invalid("Each of logEvents must have a timestamp (milliseconds) and a message (text).");
            }
            events.push_back({.id = 0,
                              .stream = stream,
                              .at = from_epoch_ms(at->get_int64()),
                              .ingested_at = context_.clock.now(),
                              .message = std::string(message->get_string())});
        }
        logs_.append(*group, stream, std::move(events));
        return json::object{{"nextSequenceToken", "1"}};
    }

    Context context_;
    store::LogStore& logs_;
    std::map<std::string, Action> actions_;
};

}  // namespace

Result<void> check_retention(std::int64_t days) {
    constexpr std::array<std::int64_t, 22> kDays{1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                                 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
    if (std::ranges::find(kDays, days) != kDays.end()) return {};
    return invalid(fmt::format("retentionInDays must be one of {}.", fmt::join(kDays, ", ")));
}

std::unique_ptr<Service> make_logs_service(const Context& context, store::LogStore& logs) {
    return std::make_unique<Logs>(context, logs);
}

}  // namespace holdpoint::api
