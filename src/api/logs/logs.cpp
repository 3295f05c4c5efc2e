#include "api/logs/logs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

#include "api/logs/filter_pattern.hpp"
#include "api/logs/members.hpp"
#include "api/logs/put_batch.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "base/text.hpp"

namespace holdpoint::api {

namespace json = boost::json;
using logs::invalid;
using logs::Members;

namespace {

constexpr std::size_t kEventsMax = 10000;
constexpr std::size_t kListMax = 50;
constexpr std::size_t kStreamsMax = 100;                    // that one request may name
constexpr std::size_t kPageBytes = std::size_t{1} << 20;    // of messages; AWS ends a page there, too
constexpr std::string_view kServersGroups = "/holdpoint/";  // what is in them would be believed to be the server's

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
            {"DescribeLogGroups",
             {&Logs::describe_groups, About::every_group, Right::reads, {"logGroupNamePrefix", "nextToken", "limit"}}},
            {"DescribeLogStreams",
             {&Logs::describe_streams,
              About::group,
              Right::reads,
              {"logGroupName", "logGroupIdentifier", "logStreamNamePrefix", "orderBy", "descending", "nextToken",
               "limit"}}},
            {"FilterLogEvents",
             {&Logs::filter_events,
              About::group,
              Right::reads,
              {"logGroupName", "logGroupIdentifier", "logStreamNames", "logStreamNamePrefix", "startTime", "endTime",
               "filterPattern", "nextToken", "limit", "interleaved"}}},
            {"GetLogEvents",
             {&Logs::get_events,
              About::stream,
              Right::reads,
              {"logGroupName", "logGroupIdentifier", "logStreamName", "startTime", "endTime", "nextToken", "limit",
               "startFromHead"}}},
            {"CreateLogGroup", {&Logs::create_group, About::new_group, Right::writes, {"logGroupName"}}},
            {"DeleteLogGroup", {&Logs::delete_group, About::group, Right::writes, {"logGroupName"}}},
            {"CreateLogStream",
             {&Logs::create_stream, About::stream, Right::writes, {"logGroupName", "logStreamName"}}},
            {"PutLogEvents",
             {&Logs::put_events,
              About::stream,
              Right::writes,
              {"logGroupName", "logStreamName", "logEvents", "sequenceToken"}}},
            {"PutRetentionPolicy",
             {&Logs::put_retention, About::group, Right::writes, {"logGroupName", "retentionInDays"}}},
            {"DeleteRetentionPolicy", {&Logs::delete_retention, About::group, Right::writes, {"logGroupName"}}}};
    }

    void handle(Call call) override {
        const auto result = answer(call);
        call.respond(result ? json_answer(JsonVersion::v1_1, *result, call.request_id)
                            : json_error(JsonVersion::v1_1, result.error(), call.request_id));
    }

private:
    /// What policies are asked about. (Service authorization reference, "Resource types defined by CloudWatch Logs")
    enum class About { every_group, new_group, group, stream };
    enum class Right { reads, writes };
    struct Action {
        Result<json::object> (Logs::*run)(Members& members, const json::object& request);
        About about;
        Right right;
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
        const std::string arn = resource_of(action->second.about, members);
        if (members.error()) return std::unexpected(*members.error());
        if (auto ok = call.authorize("logs:" + name, arn); !ok) return std::unexpected(ok.error());
        const bool has_role = !call.caller.role_name.empty();
        if (has_role && action->second.right == Right::writes && arn.starts_with(group_arn(kServersGroups))) {
            return fail("AccessDeniedException", 400,
                        fmt::format("User: {} is not authorized to perform: logs:{} on resource: {} because the log "
                                    "groups of {} are the server's own",
                                    call.caller.arn, name, arn, kServersGroups));
        }
        return (this->*action->second.run)(members, body.get_object());
    }

    std::string resource_of(About about, Members& members) const {
        switch (about) {
            case About::every_group:
                return group_arn("*") + ":*";
            case About::new_group:
                return group_arn(members.new_group()) + ":*";
            case About::group:
                return group_arn(members.group()) + ":*";
            case About::stream:
                return group_arn(members.group()) + ":log-stream:" + members.stream();
        }
        std::unreachable();
    }

    [[nodiscard]] std::string group_arn(std::string_view name) const {
        return fmt::format("arn:aws:logs:{}:{}:log-group:{}", context_.region, context_.account, name);
    }

    Result<std::string> existing_group(Members& members) const {
        std::string group = members.group();
        if (members.error()) return std::unexpected(*members.error());
        if (logs_.has_group(group)) return group;
        return fail("ResourceNotFoundException", 400, "The specified log group does not exist.");
    }

    Result<void> check_stream(const std::string& group, const std::string& stream) const {
        if (logs_.has_stream(group, stream)) return {};
        return fail("ResourceNotFoundException", 400, "The specified log stream does not exist.");
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
        const bool by_last_event = order == "LastEventTime";
        if (by_last_event && !after->empty() && !logs_.has_stream(*group, *after)) return invalid_token();
        const auto streams = logs_.streams({.group = *group,
                                            .prefix = prefix,
                                            .by_last_event = by_last_event,
                                            .descending = descending,
                                            .after = *after,
                                            .limit = limit});
        json::array found;
        for (const auto& stream : streams) found.emplace_back(stream_json(*group, stream));
        json::object result;
        if (found.size() == limit) result["nextToken"] = make_page_token(list, streams.back().name);
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
        query.bytes_max = kPageBytes;
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
        if (query->streams.size() > kStreamsMax) {
            return invalid(fmt::format("logStreamNames must be at most {} names.", kStreamsMax));
        }
        for (const std::string& stream : query->streams) {
            if (auto ok = check_stream(query->group, stream); !ok) return std::unexpected(ok.error());
        }
        const std::string list = "events/" + query->group;
        if (auto ok = read_token(list, token, *query); !ok) return std::unexpected(ok.error());
        if (query->to && *query->to < TimePoint::max()) *query->to += Milliseconds(1);  // endTime is inclusive here
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
        const bool is_cut = !events.empty() && events.back().ends_page;
        if (is_cut || events.size() == query->limit) result["nextToken"] = token_of(list, events.back());
        return result;
    }

    Result<json::object> get_events(Members& members, const json::object&) {
        auto query = read_query(members);
        if (!query) return std::unexpected(query.error());
        const std::string stream = members.stream();
        const std::string token = members.text("nextToken");
        const bool backward = token.starts_with(kBackward);
        const bool from_head = members.flag("startFromHead");
        if (members.error()) return std::unexpected(*members.error());
        if (auto ok = check_stream(query->group, stream); !ok) return std::unexpected(ok.error());
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
        store::LogEvent first;
        first.at = query->after_at.value_or(from_epoch_ms(0));
        first.id = query->after_id;
        store::LogEvent last = first;
        if (!events.empty()) {
            first = events.front();
            last = events.back();
        } else if (!token.empty()) {
            // At either end the token stays what it was: that is how clients know. The other one leads back to the
            // event there, which is none of this page's.
            if (query->reverse)
                --last.id;
            else
                ++first.id;
        }
        return json::object{{"events", std::move(found)},
                            {"nextForwardToken", fmt::format("{}{}", kForward, token_of(list, last))},
                            {"nextBackwardToken", fmt::format("{}{}", kBackward, token_of(list, first))}};
    }

    Result<json::object> create_group(Members& members, const json::object&) {
        const std::string group = members.new_group();
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
        const std::string stream = members.stream();
        if (members.error()) return std::unexpected(*members.error());
        if (logs_.has_stream(*group, stream)) {
            return fail("ResourceAlreadyExistsException", 400, "The specified log stream already exists");
        }
        logs_.create_stream(*group, stream, context_.clock.now());
        return json::object{};
    }

    Result<json::object> put_events(Members& members, const json::object& request) {
        const auto group = existing_group(members);
        if (!group) return std::unexpected(group.error());
        const std::string stream = members.stream();
        if (auto ok = check_stream(*group, stream); !ok) return std::unexpected(ok.error());
        const auto known = logs_.groups(*group, {}, 1);
        auto batch = logs::read_batch(request, stream, context_.clock.now(),
                                      known.empty() ? std::nullopt : known.front().retention_days);
        if (!batch) return std::unexpected(batch.error());
        if (!batch->events.empty()) logs_.append(*group, stream, std::move(batch->events));
        json::object result{{"nextSequenceToken", "1"}};
        if (!batch->rejected.empty()) result["rejectedLogEventsInfo"] = std::move(batch->rejected);
        return result;
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
