#include "server/operation_names.hpp"

#include <algorithm>

#include "api/query.hpp"

namespace holdpoint::server {

namespace {

constexpr std::string_view kOther = "other";

struct Route {
    std::string_view method;
    std::string_view prefix;
    std::string_view suffix;  // the last part of the path; empty: any
    std::string_view name;
};

constexpr std::string_view kExecutions = "/2025-12-01/durable-executions/";
constexpr std::string_view kCallbacks = "/2025-12-01/durable-execution-callbacks/";
constexpr std::string_view kFunctions = "/2015-03-31/functions/";
constexpr std::string_view kEventInvokes = "/2019-09-25/functions/";
constexpr std::string_view kConcurrencies = "/2017-10-31/functions/";

/// The first that fits counts.
constexpr std::array kRoutes{
    Route{"POST", kExecutions, "checkpoint", "CheckpointDurableExecution"},
    Route{"GET", kExecutions, "state", "GetDurableExecutionState"},
    Route{"GET", kExecutions, "history", "GetDurableExecutionHistory"},
    Route{"POST", kExecutions, "stop", "StopDurableExecution"},
    Route{"GET", kExecutions, "", "GetDurableExecution"},
    Route{"DELETE", kExecutions, "", "DeleteDurableExecution"},
    Route{"POST", kCallbacks, "succeed", "SendDurableExecutionCallbackSuccess"},
    Route{"POST", kCallbacks, "fail", "SendDurableExecutionCallbackFailure"},
    Route{"POST", kCallbacks, "heartbeat", "SendDurableExecutionCallbackHeartbeat"},
    Route{"GET", "/2025-12-01/functions/", "durable-executions", "ListDurableExecutionsByFunction"},
    Route{"POST", kFunctions, "invocations", "Invoke"},
    Route{"GET", kFunctions, "configuration", "GetFunctionConfiguration"},
    Route{"PUT", kFunctions, "configuration", "UpdateFunctionConfiguration"},
    Route{"GET", kFunctions, "versions", "ListVersionsByFunction"},
    Route{"POST", kFunctions, "versions", "PublishVersion"},
    Route{"GET", kFunctions, "aliases", "ListAliases"},
    Route{"POST", kFunctions, "aliases", "CreateAlias"},
    Route{"PUT", kFunctions, "code", "UpdateFunctionCode"},
    Route{"GET", kEventInvokes, "list", "ListFunctionEventInvokeConfigs"},
    Route{"GET", kEventInvokes, "event-invoke-config", "GetFunctionEventInvokeConfig"},
    Route{"PUT", kEventInvokes, "event-invoke-config", "PutFunctionEventInvokeConfig"},
    Route{"POST", kEventInvokes, "event-invoke-config", "UpdateFunctionEventInvokeConfig"},
    Route{"DELETE", kEventInvokes, "event-invoke-config", "DeleteFunctionEventInvokeConfig"},
    Route{"GET", "/2019-09-30/functions/", "concurrency", "GetFunctionConcurrency"},
    Route{"PUT", kConcurrencies, "concurrency", "PutFunctionConcurrency"},
    Route{"DELETE", kConcurrencies, "concurrency", "DeleteFunctionConcurrency"},
};

constexpr std::array kDynamodb{"BatchGetItem",
                               "BatchWriteItem",
                               "CreateTable",
                               "DeleteItem",
                               "DeleteTable",
                               "DescribeLimits",
                               "DescribeTable",
                               "DescribeTimeToLive",
                               "GetItem",
                               "ListTables",
                               "ListTagsOfResource",
                               "PutItem",
                               "Query",
                               "Scan",
                               "TagResource",
                               "TransactGetItems",
                               "TransactWriteItems",
                               "UntagResource",
                               "UpdateItem",
                               "UpdateTable",
                               "UpdateTimeToLive"};
constexpr std::array kLogs{"CreateLogGroup",    "CreateLogStream",    "DeleteLogGroup",  "DeleteRetentionPolicy",
                           "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents",
                           "PutLogEvents",      "PutRetentionPolicy"};
constexpr std::array kSns{"ConfirmSubscription",
                          "CreateTopic",
                          "DeleteTopic",
                          "GetSubscriptionAttributes",
                          "GetTopicAttributes",
                          "HoldpointListDeadLetters",
                          "ListSubscriptions",
                          "ListSubscriptionsByTopic",
                          "ListTagsForResource",
                          "ListTopics",
                          "Publish",
                          "PublishBatch",
                          "SetSubscriptionAttributes",
                          "SetTopicAttributes",
                          "Subscribe",
                          "TagResource",
                          "Unsubscribe",
                          "UntagResource"};
constexpr std::array kCloudformation{"DeleteStack", "DescribeStacks",     "DescribeStackResources",
                                     "GetTemplate", "ListStackResources", "ListStacks"};
constexpr std::array kAliases{"GetAlias", "UpdateAlias", "DeleteAlias"};
constexpr std::array kWholeFunctions{"GetFunction", "CreateFunction", "DeleteFunction", "ListFunctions"};

std::string_view lambda_name(const net::Request& request) {
    const std::string_view path = request.path();
    const std::string_view last = path.substr(path.rfind('/') + 1);
    for (const Route& route : kRoutes) {
        if (request.method == route.method && path.starts_with(route.prefix) && path.size() > route.prefix.size() &&
            (route.suffix.empty() || last == route.suffix)) {
            return route.name;
        }
    }
    constexpr std::string_view kAll = "/2015-03-31/functions";
    if (!path.starts_with(kAll)) return kOther;
    const bool reads = request.method == "GET";
    const bool removes = request.method == "DELETE";
    if (path.find("/aliases/") != std::string_view::npos) {
        return reads ? "GetAlias" : removes ? "DeleteAlias" : request.method == "PUT" ? "UpdateAlias" : kOther;
    }
    const std::string_view rest = path.substr(kAll.size());
    if (rest.empty() || rest == "/") {
        return reads ? "ListFunctions" : request.method == "POST" ? "CreateFunction" : kOther;
    }
    if (rest.find('/', 1) != std::string_view::npos) return kOther;
    return reads ? "GetFunction" : removes ? "DeleteFunction" : kOther;
}

template <std::size_t size>
void add(std::vector<OperationName>& names, ServiceId service, const std::array<const char*, size>& of_service) {
    for (const char* name : of_service) names.push_back({service, name});
}

std::vector<OperationName> make_names() {
    std::vector<OperationName> names;
    constexpr std::size_t kAbout = 100;
    names.reserve(kAbout);
    for (const Route& route : kRoutes) names.push_back({ServiceId::lambda, route.name});
    add(names, ServiceId::lambda, kAliases);
    add(names, ServiceId::lambda, kWholeFunctions);
    add(names, ServiceId::dynamodb, kDynamodb);
    add(names, ServiceId::logs, kLogs);
    add(names, ServiceId::sns, kSns);
    add(names, ServiceId::cloudformation, kCloudformation);
    names.push_back({ServiceId::sts, "GetCallerIdentity"});
    names.push_back({ServiceId::http_api, "Invoke"});
    names.push_back({ServiceId::stacks, "deploy"});
    names.push_back({ServiceId::stacks, "delete"});
    for (const ServiceId service :
         {ServiceId::lambda, ServiceId::dynamodb, ServiceId::logs, ServiceId::sns, ServiceId::cloudformation,
          ServiceId::sts, ServiceId::stacks, ServiceId::http_api}) {
        names.push_back({service, kOther});
    }
    return names;
}

std::string requested_name(ServiceId service, const net::Request& request) {
    switch (service) {
        case ServiceId::lambda:
            return std::string(lambda_name(request));
        case ServiceId::dynamodb:
        case ServiceId::logs: {
            const std::string_view target = request.header("X-Amz-Target");
            return std::string(target.substr(target.find('.') + 1));
        }
        case ServiceId::stacks:
            return std::string(request.path().substr(request.path().rfind('/') + 1));
        case ServiceId::sns:
        case ServiceId::cloudformation:
        case ServiceId::sts:
            return api::query_parameter(request, "Action");
        case ServiceId::http_api:
            return "Invoke";
        case ServiceId::runtime:
            break;
    }
    return std::string(kOther);
}

}  // namespace

const std::vector<OperationName>& operation_names() {
    static const std::vector<OperationName> names = make_names();
    return names;
}

std::size_t operation_of(ServiceId service, const net::Request& request) {
    const auto& names = operation_names();
    const std::string wanted = requested_name(service, request);
    const auto is = [&](std::string_view name) {
        return std::ranges::find_if(
            names, [&](const OperationName& one) { return one.service == service && one.name == name; });
    };
    const auto found = is(wanted);
    return static_cast<std::size_t>((found == names.end() ? is(kOther) : found) - names.begin());
}

}  // namespace holdpoint::server
