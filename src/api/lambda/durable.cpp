// The nine durable execution operations over HTTP. (AWS API, Lambda 2025-12-01)
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/lambda/model.hpp"
#include "api/lambda/parts.hpp"
#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "base/text.hpp"
#include "core/callbacks.hpp"
#include "core/rows.hpp"
#include "functions/registry.hpp"
#include "wire/durable_json.hpp"
#include "wire/parse_json.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kExecutions = "/2025-12-01/durable-executions/";
constexpr std::string_view kCallbacks = "/2025-12-01/durable-execution-callbacks/";
constexpr std::string_view kFunctions = "/2025-12-01/functions/";
constexpr std::size_t kPageDefault = 100;
constexpr std::size_t kPageMax = 1000;
/// Executions that one page of a list looks at, so that a filter which few of a million pass holds no thread for long.
constexpr std::size_t kLookedAtMax = 10000;
/// The end of the year 9999, in seconds since the epoch.
constexpr double kSecondsMax = 253402300800.0;

void answer(const Call& call, const json::value& body) {
    call.respond(rest_json_answer(200, body, call.request_id));
}

Result<json::value> parse_body(const net::Request& request, json::storage_ptr memory = {}) {
    if (request.body.empty()) return json::object{};
    boost::system::error_code problem;
    json::value value = wire::parse_json(request.body, problem, std::move(memory));
    if (problem) return fail("SerializationException", 400, "The request body is not JSON: " + problem.message());
    return value;
}

Result<std::size_t> page_size(const net::Request& request) {
    const auto size = query_max_items(request, kPageDefault, 0, kPageMax);
    return size && *size == 0 ? kPageDefault : size;
}

/// Which of the functions that a checkpoint invokes the caller may not invoke. Those of other accounts and regions are
/// refused altogether.
Result<engine::RefusedInvokes> refused_invokes(const Context& context, const Call& call,
                                               const std::vector<wire::OperationUpdate>& updates) {
    engine::RefusedInvokes refused;
    for (const wire::OperationUpdate& update : updates) {
        if (!update.function_name) continue;
        const auto reference = functions::read_reference(*update.function_name);
        if (!reference) return std::unexpected(reference.error());
        const bool other_account = !reference->account.empty() && reference->account != context.account;
        if (other_account || (!reference->region.empty() && reference->region != context.region)) {
            return fail("InvalidParameterValueException", 400,
                        fmt::format("Cannot start a CHAINED_INVOKE on a function in another {}.",
                                    other_account ? "account" : "region"));
        }
        const std::string target =
            functions::function_arn(context.region, context.account, reference->name, reference->qualifier);
        if (auto ok = call.authorize("lambda:InvokeFunction", target); !ok) refused.emplace(update.id, ok.error());
    }
    return refused;
}

void checkpoint(const Context& context, const LambdaEngine& engine, Call call, const std::string& arn) {
    std::array<unsigned char, 4096> first;  // more comes from the heap
    json::monotonic_resource memory(first.data(), first.size());
    const auto body = parse_body(call.request, &memory);
    if (!body) return respond_error(call, body.error());
    auto request = wire::read_checkpoint_request(*body);
    if (!request) return respond_error(call, request.error());
    auto refused = refused_invokes(context, call, request->updates);
    if (!refused) return respond_error(call, refused.error());
    const auto shared = std::make_shared<Call>(std::move(call));
    const auto answered = [shared](const Result<std::string>& result) {
        if (!result) return respond_error(*shared, result.error());
        shared->respond({.status = 200,
                         .headers = {{"Content-Type", "application/json"}, {"x-amzn-RequestId", shared->request_id}},
                         .body = *result});
    };
    engine.executions.checkpoint(arn, std::move(*request), std::move(*refused), answered);
}

void state(const LambdaEngine& engine, Call call, const std::string& arn) {
    const auto size = page_size(call.request);
    if (!size) return respond_error(call, size.error());
    const std::string token = query_value(call.request, "CheckpointToken");
    const std::string marker = query_value(call.request, "Marker");
    const auto shared = std::make_shared<Call>(std::move(call));
    engine.executions.state(arn, token, marker, *size, [shared](const Result<engine::StatePage>& page) {
        if (!page) return respond_error(*shared, page.error());
        json::array operations;
        for (const auto& operation : page->operations) {
            operations.push_back(wire::to_json(operation, wire::TimeFormat::api_seconds));
        }
        json::object body{{"Operations", std::move(operations)}};
        if (!page->next_marker.empty()) body["NextMarker"] = page->next_marker;
        answer(*shared, body);
    });
}

void stop(const LambdaEngine& engine, Call call, const std::string& arn) {
    const auto body = parse_body(call.request);
    if (!body) return respond_error(call, body.error());
    auto error = wire::read_error_object(*body);
    if (!error) return respond_error(call, error.error());
    const auto shared = std::make_shared<Call>(std::move(call));
    engine.executions.stop(arn, std::move(*error), [shared](const Result<TimePoint>& ended) {
        if (!ended) return respond_error(*shared, ended.error());
        answer(*shared, json::object{{"StopTimestamp", to_epoch_seconds(*ended)}});
    });
}

/// DeleteDurableExecution. Its data is gone when this is answered: there is no status DELETING here.
void erase(const LambdaEngine& engine, Call call, const std::string& arn) {
    const auto shared = std::make_shared<Call>(std::move(call));
    engine.executions.erase(arn, [shared](const Result<TimePoint>& asked) {
        if (!asked) return respond_error(*shared, asked.error());
        const json::object body{{"DeletionRequestTimestamp", to_epoch_seconds(*asked)}};
        shared->respond(rest_json_answer(202, body, shared->request_id));
    });
}

json::object summary(const Context& context, const core::Head& head) {
    json::object object{
        {"DurableExecutionArn", head.arn},
        {"DurableExecutionName", head.name},
        {"FunctionArn", functions::function_arn(context.region, context.account, head.function, head.version)},
        {"Status", wire::to_string(head.status)},
        {"StartTimestamp", to_epoch_seconds(head.started_at)}};
    if (head.ended_at) object["EndTimestamp"] = to_epoch_seconds(*head.ended_at);
    return object;
}

void get(const Context& context, const Call& call, const std::string& arn) {
    const auto with_data = query_flag(call.request, "IncludeExecutionData", true);
    if (!with_data) return respond_error(call, with_data.error());
    const auto rows = context.store.snapshot();
    const auto head = core::find_execution(*rows, arn);
    if (!head) return respond_error(call, head.error());
    json::object body = summary(context, *head);
    body["Version"] = head->version;
    body["ExecutionDataIncluded"] = *with_data;
    body["DurableConfig"] = {{"ExecutionTimeout", head->timeout_seconds},
                             {"RetentionPeriodInDays", head->retention_days}};
    if (!head->trace_header.empty()) body["TraceHeader"] = {{"XAmznTraceId", head->trace_header}};
    if (*with_data) {
        const core::Outcome outcome = core::read_outcome(*rows, *head);
        if (outcome.input) body["InputPayload"] = *outcome.input;
        if (outcome.result) body["Result"] = *outcome.result;
        if (outcome.error) body["Error"] = wire::to_json(*outcome.error);
    }
    answer(call, body);
}

/// The id of the page's first event; nothing when it is not said.
Result<std::optional<std::uint64_t>> history_marker(const net::Request& request) {
    const std::string text = query_value(request, "Marker");
    if (text.empty()) return std::nullopt;
    const auto id = read_number<std::uint64_t>(text);
    if (!id) return invalid_marker();
    return *id;
}

void history(const Context& context, Histories& histories, const Call& call, const std::string& arn) {
    const auto with_data = query_flag(call.request, "IncludeExecutionData", true);
    const auto reverse = query_flag(call.request, "ReverseOrder", false);
    const auto size = page_size(call.request);
    const auto first = history_marker(call.request);
    if (!with_data) return respond_error(call, with_data.error());
    if (!reverse) return respond_error(call, reverse.error());
    if (!size) return respond_error(call, size.error());
    // The index first: what it knows of is in a snapshot that is younger.
    core::HistoryIndex index = histories.take(core::number_of_arn(arn).value_or(0));
    const auto rows = context.store.snapshot();
    const auto head = core::find_execution(*rows, arn);
    if (!head) return respond_error(call, head.error());
    if (!first) return respond_error(call, first.error());
    auto page = core::history_page(*rows, *head, index,
                                   {.first = *first, .count = *size, .reverse = *reverse, .with_data = *with_data});
    histories.keep(std::move(index));
    if (!page) return respond_error(call, invalid_marker().error());
    const std::string marker = page->next ? fmt::format(R"(,"NextMarker":"{}")", *page->next) : "";
    call.respond(rest_json_text(200, fmt::format(R"({{"Events":[{}]{}}})", fmt::join(page->events, ","), marker),
                                call.request_id));
}

struct ListFilter {
    std::string qualifier;
    std::string name;
    bool by_status = false;
    std::vector<wire::ExecutionStatus> statuses;
    std::optional<TimePoint> after;
    std::optional<TimePoint> before;

    [[nodiscard]] bool matches(const core::Head& head) const {
        if (!qualifier.empty() && head.version != qualifier) return false;
        if (!name.empty() && head.name != name) return false;
        if (after && head.started_at <= *after) return false;
        if (before && head.started_at >= *before) return false;
        return !by_status || std::find(statuses.begin(), statuses.end(), head.status) != statuses.end();
    }
};

Result<std::optional<TimePoint>> query_time(const net::Request& request, std::string_view name) {
    const std::string text = query_value(request, name);
    if (text.empty()) return std::nullopt;
    const auto seconds = read_number<double>(text, std::chars_format::fixed);
    if (seconds && *seconds >= 0 && *seconds < kSecondsMax) {
        return from_epoch_ms(static_cast<long long>(*seconds * 1000));
    }
    auto time = parse_iso8601(text);
    if (!time) return fail("SerializationException", 400, fmt::format("{}: {}", name, time.error().message));
    return *time;
}

Result<ListFilter> read_filter(const Context& context, const net::Request& request,
                               const functions::Reference& reference) {
    ListFilter filter;
    filter.name = query_value(request, "DurableExecutionName");
    if (auto ok = check_execution_name(filter.name); !ok) return std::unexpected(ok.error());
    std::vector<std::string> names;
    for (auto& [name, value] : request.query()) {
        if (name == "Statuses") names.push_back(std::move(value));
    }
    auto statuses = read_statuses(names);
    if (!statuses) return std::unexpected(statuses.error());
    filter.by_status = !names.empty();
    filter.statuses = std::move(*statuses);
    auto after = query_time(request, "StartedAfter");
    auto before = query_time(request, "StartedBefore");
    if (!after) return std::unexpected(after.error());
    if (!before) return std::unexpected(before.error());
    filter.after = *after;
    filter.before = *before;
    auto function = functions::resolve(*context.store.snapshot(), reference, context.region, context.account);
    if (!function) return std::unexpected(function.error());
    if (!reference.qualifier.empty()) filter.qualifier = function->version;
    return filter;
}

/// The execution of that name, when it is one of those that are looked for. A function has one of each name.
json::array named(const Context& context, const RowReader& rows, std::string_view function, const ListFilter& filter) {
    json::array found;
    const auto number = rows.get(Space::execution_names, core::name_key(function, filter.name));
    const auto head = number ? core::read_head(rows, *read_number<std::uint64_t>(*number)) : std::nullopt;
    if (head && filter.matches(*head)) found.emplace_back(summary(context, *head));
    return found;
}

struct ListPage {
    std::string from;
    std::string to;
    bool oldest_first = false;
    std::size_t size = kPageDefault;
};

/// Looks until the page is full, but not at more than kLookedAtMax; answers the key to go on behind, when there is
/// more.
std::string list_page(const Context& context, const RowReader& rows, const ListFilter& filter, ListPage page,
                      json::array& found) {
    std::string last_key;
    std::size_t looked_at = 0;
    while (true) {
        const auto keys = rows.scan(Space::executions_by_function, page.from, page.to, kPageMax, !page.oldest_first);
        for (const Row& row : keys) {
            if (found.size() == page.size || looked_at == kLookedAtMax) return last_key;
            ++looked_at;
            last_key = row.key;
            std::string_view rest(row.key);
            rest.remove_prefix(rest.size() - sizeof(std::uint64_t));
            const auto head = core::read_head(rows, *take_key_number(rest));
            if (head && filter.matches(*head)) found.emplace_back(summary(context, *head));
        }
        if (keys.size() < kPageMax) return {};
        (page.oldest_first ? page.from : page.to) = page.oldest_first ? last_key + '\0' : last_key;
    }
}

void list(const Context& context, const Call& call, const std::string& function_name) {
    const auto reference = functions::read_reference(function_name, query_value(call.request, "Qualifier"));
    if (!reference) return respond_error(call, reference.error());
    const std::string arn =
        functions::function_arn(context.region, context.account, reference->name, reference->qualifier);
    if (auto ok = call.authorize("lambda:ListDurableExecutionsByFunction", arn); !ok) {
        return respond_error(call, ok.error());
    }
    const auto filter = read_filter(context, call.request, *reference);
    const auto oldest_first = query_flag(call.request, "ReverseOrder", false);
    const auto size = page_size(call.request);
    if (!filter) return respond_error(call, filter.error());
    if (!oldest_first) return respond_error(call, oldest_first.error());
    if (!size) return respond_error(call, size.error());
    ListPage page{.from = {}, .to = {}, .oldest_first = *oldest_first, .size = *size};
    append_key_part(page.from, reference->name);
    page.to = prefix_end(page.from);
    const std::string name = "durable-executions/" + reference->name;
    const auto last = query_marker(call.request, name);
    if (!last) return respond_error(call, last.error());
    // Only a key of this function: others would list what the caller may not see.
    if (!last->empty() && !last->starts_with(page.from)) return respond_error(call, invalid_marker().error());
    if (!last->empty()) (*oldest_first ? page.from : page.to) = *oldest_first ? *last + '\0' : *last;
    const auto rows = context.store.snapshot();
    json::object body;
    if (!filter->name.empty()) {
        body["DurableExecutions"] = named(context, *rows, reference->name, *filter);
        return answer(call, body);
    }
    json::array found;
    const std::string more_behind = list_page(context, *rows, *filter, std::move(page), found);
    body["DurableExecutions"] = std::move(found);
    if (!more_behind.empty()) body["NextMarker"] = make_page_token(name, more_behind);
    answer(call, body);
}

void callback(const Context& context, const LambdaEngine& engine, Call call, const std::string& id,
              std::string_view what) {
    if (auto ok = check_callback_id(id); !ok) return respond_error(call, ok.error());
    const auto number = core::execution_of_callback(id);
    if (!number) return respond_error(call, number.error());
    const auto head = core::read_head(*context.store.snapshot(), *number);
    const std::string action = what == "succeed" ? "lambda:SendDurableExecutionCallbackSuccess"
                               : what == "fail"  ? "lambda:SendDurableExecutionCallbackFailure"
                                                 : "lambda:SendDurableExecutionCallbackHeartbeat";
    const std::string resource = head ? head->arn : functions::function_arn(context.region, context.account, "unknown");
    if (auto ok = call.authorize(action, resource); !ok) return respond_error(call, ok.error());
    std::string body = std::move(call.request.body);
    const auto shared = std::make_shared<Call>(std::move(call));
    const auto done = [shared](const Result<std::monostate>& result) {
        if (!result) return respond_error(*shared, result.error());
        answer(*shared, json::object{});
    };
    if (what == "succeed") return engine.executions.succeed_callback(id, std::move(body), done);
    if (what == "heartbeat") return engine.executions.heartbeat_callback(id, done);
    shared->request.body = std::move(body);
    const auto json = parse_body(shared->request);
    if (!json) return respond_error(*shared, json.error());
    auto error = wire::read_error_object(*json);
    if (!error) return respond_error(*shared, error.error());
    engine.executions.fail_callback(id, std::move(*error), done);
}

/// The last part of a path, when it is one of `names`; taken off.
std::string_view take_suffix(std::string_view& path, std::initializer_list<std::string_view> names) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    for (const std::string_view name : names) {
        if (path.substr(slash + 1) != name) continue;
        path = path.substr(0, slash);
        return name;
    }
    return {};
}

bool handle_execution(const Context& context, const LambdaEngine& engine, Histories& histories, Call& call,
                      std::string_view path) {
    const std::string_view what = take_suffix(path, {"checkpoint", "state", "history", "stop"});
    const bool posts = what == "checkpoint" || what == "stop";
    const bool erases = what.empty() && call.request.method == "DELETE";
    if (!erases && call.request.method != (posts ? "POST" : "GET")) return false;
    const std::string arn = percent_decode(path);
    const std::string action = what == "checkpoint" ? "lambda:CheckpointDurableExecution"
                               : what == "state"    ? "lambda:GetDurableExecutionState"
                               : erases             ? "lambda:DeleteDurableExecution"
                               : what == "history"  ? "lambda:GetDurableExecutionHistory"
                               : what == "stop"     ? "lambda:StopDurableExecution"
                                                    : "lambda:GetDurableExecution";
    if (auto ok = call.authorize(action, arn); !ok) {
        respond_error(call, ok.error());
    } else if (auto fits = check_execution_arn(arn); !fits) {
        respond_error(call, fits.error());
    } else if (what == "checkpoint") {
        checkpoint(context, engine, std::move(call), arn);
    } else if (what == "state") {
        state(engine, std::move(call), arn);
    } else if (erases) {
        erase(engine, std::move(call), arn);
    } else if (what == "stop") {
        stop(engine, std::move(call), arn);
    } else if (what == "history") {
        history(context, histories, call, arn);
    } else {
        get(context, call, arn);
    }
    return true;
}

}  // namespace

bool handle_durable(const Context& context, const LambdaEngine& engine, Histories& histories, Call& call) {
    // The path's views must outlive the call, which moves on.
    const std::string whole(call.request.path());
    std::string_view path = whole;
    if (path.starts_with(kExecutions)) {
        return handle_execution(context, engine, histories, call, path.substr(kExecutions.size()));
    }
    if (path.starts_with(kCallbacks) && call.request.method == "POST") {
        path.remove_prefix(kCallbacks.size());
        const std::string_view what = take_suffix(path, {"succeed", "fail", "heartbeat"});
        if (what.empty()) return false;
        callback(context, engine, std::move(call), percent_decode(path), what);
        return true;
    }
    if (path.starts_with(kFunctions) && call.request.method == "GET") {
        path.remove_prefix(kFunctions.size());
        if (take_suffix(path, {"durable-executions"}).empty()) return false;
        list(context, call, percent_decode(path));
        return true;
    }
    return false;
}

}  // namespace holdpoint::api
