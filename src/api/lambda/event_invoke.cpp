// Event invoke configs: Put, Update, Get, Delete and List. (AWS API, PutFunctionEventInvokeConfig)
#include <fmt/format.h>

#include "api/lambda/operation.hpp"
#include "api/lambda/parts.hpp"
#include "base/encoding.hpp"
#include "base/page_token.hpp"
#include "functions/event_invoke_config.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kPrefix = "/2019-09-25/functions/";
constexpr std::string_view kSuffix = "/event-invoke-config";
constexpr std::string_view kListSuffix = "/event-invoke-config/list";
constexpr std::size_t kPageMax = 50;

json::object config_json(const Operation& operation, const functions::EventInvokeConfig& config) {
    constexpr double kMillisecondsOfSecond = 1000.0;
    json::object destinations{{"OnSuccess", json::object()}, {"OnFailure", json::object()}};
    if (!config.on_success.empty()) destinations["OnSuccess"] = {{"Destination", config.on_success}};
    if (!config.on_failure.empty()) destinations["OnFailure"] = {{"Destination", config.on_failure}};
    json::object object{
        {"LastModified", static_cast<double>(to_epoch_ms(config.last_modified)) / kMillisecondsOfSecond},
        {"FunctionArn", operation.arn(config.qualifier)},
        {"DestinationConfig", std::move(destinations)}};
    if (config.retries) object["MaximumRetryAttempts"] = *config.retries;
    if (config.age_seconds) object["MaximumEventAgeInSeconds"] = *config.age_seconds;
    return object;
}

Result<void> read_number(const Operation& operation, std::string_view name, std::optional<std::int64_t>& number) {
    const json::value* value = operation.body.if_contains(name);
    if (value == nullptr) return {};
    if (!value->is_int64()) return fail("SerializationException", 400, fmt::format("{} must be a whole number.", name));
    number = value->get_int64();
    return {};
}

Result<void> read_destinations(const Operation& operation, functions::EventInvokeConfig& config) {
    const json::value* destinations = operation.body.if_contains("DestinationConfig");
    if (destinations == nullptr) return {};
    if (!destinations->is_object()) return fail("SerializationException", 400, "DestinationConfig must be an object.");
    for (const auto& [name, value] : destinations->get_object()) {
        if (name != "OnSuccess" && name != "OnFailure") {
            return invalid_parameter(
                fmt::format("DestinationConfig.{} is not supported by this server.", std::string_view(name)));
        }
        const json::value* arn = value.is_object() ? value.get_object().if_contains("Destination") : nullptr;
        if (!value.is_object() || (arn != nullptr && !arn->is_string())) {
            return fail("SerializationException", 400,
                        fmt::format("{} must be an object with Destination.", std::string_view(name)));
        }
        (name == "OnSuccess" ? config.on_success : config.on_failure) =
            arn == nullptr ? std::string() : std::string(arn->get_string());
    }
    return {};
}

Result<Answer> write_config(Operation& operation, store::Transaction& rows, TimePoint now,
                            functions::EventInvokeConfig config) {
    constexpr std::string_view kMembers[] = {"FunctionName", "MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                             "DestinationConfig"};
    if (auto ok = operation.check_members("FunctionEventInvokeConfig", kMembers); !ok) {
        return std::unexpected(ok.error());
    }
    const auto function = operation.resolve(rows);
    if (!function) return std::unexpected(function.error());
    if (function->durable) {
        return invalid_parameter(
            "The function is durable: its executions are started once, and keep their outcome themselves, so that they "
            "have no EventInvokeConfig.");
    }
    if (auto ok = read_number(operation, "MaximumRetryAttempts", config.retries); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto ok = read_number(operation, "MaximumEventAgeInSeconds", config.age_seconds); !ok) {
        return std::unexpected(ok.error());
    }
    if (auto ok = read_destinations(operation, config); !ok) return std::unexpected(ok.error());
    auto decided = functions::put_event_invoke_config(rows, operation.reference, std::move(config), now);
    if (!decided) return std::unexpected(decided.error());
    for (const std::string& destination : {decided->answer.on_success, decided->answer.on_failure}) {
        if (auto ok = check_permission(operation.context, rows, *function, destination); !ok) {
            return std::unexpected(ok.error());
        }
    }
    rows.apply(decided->writes);
    return Answer{200, config_json(operation, decided->answer)};
}

Result<Answer> put(Operation& operation, store::Transaction& rows, TimePoint now) {
    return write_config(operation, rows, now, {});
}

Result<Answer> update(Operation& operation, store::Transaction& rows, TimePoint now) {
    const auto known = functions::find_event_invoke_config(rows, operation.reference);
    if (!known) return std::unexpected(known.error());
    return write_config(operation, rows, now, *known);
}

Result<Answer> get(Operation& operation) {
    const auto known = functions::find_event_invoke_config(*operation.context.store.snapshot(), operation.reference);
    if (!known) return std::unexpected(known.error());
    return Answer{200, config_json(operation, *known)};
}

Result<Answer> remove(Operation& operation, store::Transaction& rows, TimePoint) {
    auto writes = functions::delete_event_invoke_config(rows, operation.reference);
    if (!writes) return std::unexpected(writes.error());
    rows.apply(*writes);
    return Answer{204, {}};
}

Result<Answer> list(Operation& operation) {
    if (auto ok = operation.require_unqualified(); !ok) return std::unexpected(ok.error());
    const auto& request = operation.call.request;
    const auto size = query_max_items(request, kPageMax, 1, kPageMax);
    if (!size) return std::unexpected(size.error());
    const auto rows = operation.context.store.snapshot();
    if (const auto function = operation.resolve(*rows); !function) return std::unexpected(function.error());
    const std::string name = "event-invoke-configs/" + operation.reference.name;
    const auto after = query_marker(request, name);
    if (!after) return std::unexpected(after.error());
    const auto found = functions::list_event_invoke_configs(*rows, operation.reference.name, *after, *size);
    json::array list;
    for (const auto& config : found) list.emplace_back(config_json(operation, config));
    json::object body{{"FunctionEventInvokeConfigs", std::move(list)}};
    if (found.size() == *size) body["NextMarker"] = make_page_token(name, found.back().qualifier);
    return Answer{200, body};
}

}  // namespace

bool handle_event_invoke(const Context& context, const LambdaEngine& engine, Call& call) {
    const std::string path(call.request.path());
    const std::string method = call.request.method;
    const bool lists = path.ends_with(kListSuffix);
    if (!path.starts_with(kPrefix) || !(lists || path.ends_with(kSuffix))) return false;
    const std::size_t tail = lists ? kListSuffix.size() : kSuffix.size();
    if (path.size() <= kPrefix.size() + tail) return false;
    const std::string name =
        percent_decode(std::string_view(path).substr(kPrefix.size(), path.size() - kPrefix.size() - tail));
    const auto run = [&](std::string_view action, Result<Answer> (*read)(Operation&), Write write) {
        const auto operation = std::make_shared<Operation>(context, engine, std::move(call));
        Result<void> ready = operation->prepare(action, name);
        if (ready && write != nullptr) ready = operation->read_body();
        if (!ready) {
            respond_error(operation->call, ready.error());
        } else if (write != nullptr) {
            submit(operation, write);
        } else {
            respond(*operation, read(*operation));
        }
        return true;
    };
    if (lists) return method == "GET" && run("ListFunctionEventInvokeConfigs", &list, nullptr);
    if (method == "GET") return run("GetFunctionEventInvokeConfig", &get, nullptr);
    if (method == "PUT") return run("PutFunctionEventInvokeConfig", nullptr, &put);
    if (method == "POST") return run("UpdateFunctionEventInvokeConfig", nullptr, &update);
    if (method == "DELETE") return run("DeleteFunctionEventInvokeConfig", nullptr, &remove);
    return false;
}

}  // namespace holdpoint::api
