#include "stacks/function_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// Lambda's limit is 900 seconds, but an HTTP API waits no longer. (API Gateway, Quotas for HTTP APIs)
constexpr std::int64_t kRouteTimeoutMax = 30000;
constexpr std::int64_t kRouteTimeoutMin = 50;

/// Of minutes, hours or days: many years.
constexpr std::int64_t kRateMax = 100'000;

/// An executable that stands in for an image, or a package with a `bootstrap`.
void read_code(const PropertyReader& properties, const json::value* metadata, FunctionPlan& function) {
    const json::value* executable = metadata == nullptr || !metadata->is_object()
                                        ? nullptr
                                        : metadata->get_object().if_contains("HoldpointExecutable");
    if (executable != nullptr && executable->is_string()) {
        function.executable = std::string(executable->get_string());
        if (properties.has("CodeUri")) {
            properties.problem("CodeUri", "means nothing beside Metadata.HoldpointExecutable; name one of them");
        }
        return;
    }
    if (properties.text("PackageType", "Zip") != "Zip" || !properties.has("CodeUri")) {
        properties.problem("CodeUri",
                           "is needed: a folder or a zip with an executable `bootstrap`, for a function of PackageType "
                           "Zip; or Metadata.HoldpointExecutable, the name of the local executable that stands in for "
                           "an image");
        return;
    }
    function.code_uri = properties.text("CodeUri");
    if (function.code_uri.starts_with("s3://")) {
        properties.problem("CodeUri", "lies in S3, which this server does not have; name a local folder or zip");
    }
    function.runtime = properties.text("Runtime");
    if (function.runtime != "provided.al2023" && function.runtime != "provided.al2") {
        properties.problem(
            "Runtime",
            fmt::format("'{}' is not supported; provided.al2023 and provided.al2 are, and their `bootstrap` may "
                        "start any language's runtime (docs/other-languages.md)",
                        function.runtime));
    }
    function.handler = properties.text("Handler", "bootstrap");
}

void read_environment(const PropertyReader& properties, FunctionPlan& function) {
    if (!properties.has("Environment")) return;
    const PropertyReader environment = properties.member("Environment");
    environment.allow({"Variables"});
    if (!environment.has("Variables")) environment.problem("Variables", "must be a mapping");
    const PropertyReader variables = environment.member("Variables");
    for (const auto& [key, value] : variables.values()) function.environment[std::string(key)] = variables.text(key);
}

void read_durable(const PropertyReader& properties, FunctionPlan& function) {
    if (!properties.has("DurableConfig")) return;
    const PropertyReader durable = properties.member("DurableConfig");
    durable.allow({"ExecutionTimeout", "RetentionPeriodInDays"});
    if (!durable.has("ExecutionTimeout")) properties.problem("DurableConfig", "needs ExecutionTimeout");
    function.execution_timeout_seconds = durable.number("ExecutionTimeout", 0);
    function.retention_days = durable.number("RetentionPeriodInDays", 14);
}

void read_tenancy(const PropertyReader& properties, FunctionPlan& function) {
    if (!properties.has("TenancyConfig")) return;
    const PropertyReader tenancy = properties.member("TenancyConfig");
    tenancy.allow({"TenantIsolationMode"});
    function.tenant_isolation = tenancy.text("TenantIsolationMode") == "PER_TENANT";
    if (!function.tenant_isolation) {
        properties.problem("TenancyConfig", "needs TenantIsolationMode, which is PER_TENANT");
    }
    if (properties.has("Events")) properties.problem("Events", "name no tenant, which TenancyConfig asks for");
}

std::string read_destination(const PropertyReader& config, std::string_view name) {
    const PropertyReader destination = config.member(name);
    destination.allow({"Type", "Destination"});
    const std::string type = destination.text("Type");
    if (!type.empty() && type != "SNS" && type != "Lambda") {
        destination.problem("Type", fmt::format("'{}' is not supported; SNS and Lambda are", type));
    } else if (destination.has("Type") && !destination.has("Destination")) {
        destination.problem("Destination", "is needed: the ARN of a topic or a function");
    }
    return destination.text("Destination");
}

void read_asynchronous(const PropertyReader& properties, FunctionPlan& function) {
    if (properties.has("ReservedConcurrentExecutions")) {
        function.reserved_concurrency = properties.number("ReservedConcurrentExecutions", 0);
    }
    const PropertyReader dead_letters = properties.member("DeadLetterQueue");
    dead_letters.allow({"Type", "TargetArn"});
    if (dead_letters.text("Type", "SNS") != "SNS") dead_letters.problem("Type", "only SNS is supported");
    function.dead_letter_arn = dead_letters.text("TargetArn");
    if (!properties.has("EventInvokeConfig")) return;
    const PropertyReader config = properties.member("EventInvokeConfig");
    config.allow({"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"});
    EventInvokePlan plan;
    if (config.has("MaximumRetryAttempts")) plan.retries = config.number("MaximumRetryAttempts", 0);
    if (config.has("MaximumEventAgeInSeconds")) plan.age_seconds = config.number("MaximumEventAgeInSeconds", 0);
    const PropertyReader destinations = config.member("DestinationConfig");
    destinations.allow({"OnSuccess", "OnFailure"});
    plan.on_success = read_destination(destinations, "OnSuccess");
    plan.on_failure = read_destination(destinations, "OnFailure");
    function.event_invoke = std::move(plan);
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

/// "GET /items/{id}", "ANY /{proxy+}" or "$default".
std::string route_key(const PropertyReader& event) {
    if (!event.has("Path") && !event.has("Method")) return "$default";
    std::string path = event.text("Path");
    const std::string method = upper(event.text("Method", "ANY"));
    if (path == "$default") return path;
    if (!path.starts_with('/')) event.problem("Path", "must start with /");
    constexpr std::string_view kMethods[] = {
        "ANY", "X-AMAZON-APIGATEWAY-ANY", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods)) {
        event.problem("Method", "must be an HTTP method or ANY");
    }
    if (const auto plus = path.find("+}"); plus != std::string::npos && plus + 2 != path.size()) {
        event.problem("Path", "a greedy {parameter+} must stand at the end");
    }
    return fmt::format("{} {}", method.starts_with("X-") ? "ANY" : method, path);
}

/// The seconds of "rate(2 hours)"; nothing for what is no such rate. One is said in the singular, more in the plural.
/// (EventBridge user guide, "Rate expressions")
std::optional<std::int64_t> read_rate(std::string_view expression) {
    constexpr std::string_view kBegin = "rate(";
    if (!expression.starts_with(kBegin) || !expression.ends_with(')')) return std::nullopt;
    expression.remove_prefix(kBegin.size());
    expression.remove_suffix(1);
    const std::size_t space = expression.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const auto count = read_number<std::int64_t>(expression.substr(0, space));
    std::string_view unit = expression.substr(space + 1);
    if (!count || *count < 1 || *count > kRateMax || unit.ends_with('s') != (*count > 1)) return std::nullopt;
    if (*count > 1) unit.remove_suffix(1);
    if (unit == "minute") return *count * 60;
    if (unit == "hour") return *count * 60 * 60;
    if (unit == "day") return *count * 24 * 60 * 60;
    return std::nullopt;
}

RoutePlan read_route(const PropertyReader& event, const FunctionPlan& function) {
    event.allow({"Path", "Method", "ApiId", "TimeoutInMillis", "PayloadFormatVersion", "Auth"});
    RoutePlan route;
    route.path_in_template = event.path();
    route.api_id = event.text("ApiId");
    route.key = route_key(event);
    route.function = function.name;
    route.qualifier = function.alias;
    route.timeout_ms = event.number("TimeoutInMillis", kRouteTimeoutMax);
    if (route.timeout_ms < kRouteTimeoutMin || route.timeout_ms > kRouteTimeoutMax) {
        event.problem("TimeoutInMillis", fmt::format("must be from {} to {}", kRouteTimeoutMin, kRouteTimeoutMax));
    }
    if (event.text("PayloadFormatVersion", "2.0") != "2.0") {
        event.problem("PayloadFormatVersion", "only 2.0 is supported");
    }
    const PropertyReader auth = event.member("Auth");
    auth.allow({"Authorizer"});
    const std::string authorizer = auth.text("Authorizer");
    if (authorizer == "AWS_IAM") route.iam = true;
    if (authorizer == "NONE") route.iam = false;
    if (!authorizer.empty() && !route.iam.has_value())
        auth.problem("Authorizer", "only AWS_IAM and NONE are supported");
    return route;
}

SchedulePlan read_schedule(const PropertyReader& event, const FunctionPlan& function) {
    event.allow({"Schedule", "Name", "Description", "State", "Enabled", "Input"});
    SchedulePlan schedule;
    schedule.name = event.text("Name");
    schedule.function = function.name;
    schedule.qualifier = function.alias;
    const std::string expression = event.text("Schedule");
    if (const auto every = read_rate(expression)) {
        schedule.every_seconds = *every;
    } else if (expression.starts_with("cron(")) {
        event.problem("Schedule", fmt::format("'{}' is a time of the calendar, and those are not supported; rate(...) "
                                              "is, such as rate(1 hour)",
                                              expression));
    } else {
        event.problem("Schedule",
                      fmt::format("expected rate(1 minute), rate(1 hour), rate(1 day), or rate(N minutes), rate(N "
                                  "hours), rate(N days) with N from 2; found '{}'",
                                  expression));
    }
    const std::string state = event.text("State", "ENABLED");
    if (state != "ENABLED" && state != "DISABLED") event.problem("State", "must be ENABLED or DISABLED");
    if (event.has("State") && event.has("Enabled")) event.problem("Enabled", "says what State says; name one of them");
    schedule.is_enabled = state == "ENABLED" && event.flag("Enabled", true);
    schedule.input = event.text("Input");
    boost::system::error_code problem;
    if (event.has("Input")) (void)json::parse(schedule.input, problem);
    if (problem) event.problem("Input", "must be JSON");
    return schedule;
}

CorsPlan read_cors(const PropertyReader& api) {
    CorsPlan cors;
    const json::value* value = api.find("CorsConfiguration");
    if (value != nullptr && value->is_bool()) {  // SAM: true allows every origin
        if (value->get_bool()) cors.origins = {"*"};
        return cors;
    }
    const PropertyReader members = api.member("CorsConfiguration");
    members.allow({"AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge"});
    cors.credentials = members.flag("AllowCredentials", false);
    cors.headers = members.texts("AllowHeaders");
    cors.methods = members.texts("AllowMethods");
    cors.origins = members.texts("AllowOrigins");
    cors.exposed = members.texts("ExposeHeaders");
    if (members.has("MaxAge")) cors.max_age_seconds = members.number("MaxAge", 0);
    const bool every = std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end();
    if (cors.credentials && every) {
        members.problem("AllowCredentials", "is not possible with AllowOrigins '*': name the origins");
    }
    return cors;
}

}  // namespace

FunctionPlan read_function(const PropertyReader& properties, const std::string& logical_id, const std::string& name,
                           const json::value* metadata) {
    FunctionPlan function;
    function.logical_id = logical_id;
    function.name = name;
    function.description = properties.text("Description");
    function.timeout_seconds = properties.number("Timeout", 3);
    function.memory_mb = properties.number("MemorySize", 128);
    read_code(properties, metadata, function);
    read_environment(properties, function);
    read_durable(properties, function);
    read_tenancy(properties, function);
    const PropertyReader logging = properties.member("LoggingConfig");
    logging.allow({"LogGroup", "LogFormat"});
    if (const std::string format = logging.text("LogFormat", "Text"); format != "Text")
        logging.problem("LogFormat", fmt::format("'{}' is not supported; Text is", format));
    function.log_group = logging.text("LogGroup", "/aws/lambda/" + name);
    read_asynchronous(properties, function);
    function.alias = properties.text("AutoPublishAlias");
    function.publishes_all = properties.flag("AutoPublishAliasAllProperties", false);
    return function;
}

std::vector<RoutePlan> read_routes(const PropertyReader& properties, const FunctionPlan& function) {
    std::vector<RoutePlan> routes;
    const PropertyReader events = properties.member("Events");
    for (const auto& [name, value] : events.values()) {
        const PropertyReader event = events.member(name);
        event.allow({"Type", "Properties"});
        const std::string type = event.text("Type");
        if (type == "HttpApi") {
            routes.push_back(read_route(event.member("Properties"), function));
        } else if (type != "Schedule" && type != "SNS") {
            event.problem(
                "Type", fmt::format("events of the type '{}' are not supported; HttpApi, Schedule and SNS are", type));
        }
    }
    return routes;
}

std::map<std::string, std::string> read_subscription_attributes(const PropertyReader& properties) {
    std::map<std::string, std::string> attributes;
    for (const char* name : {"FilterPolicy", "DeliveryPolicy"}) {
        const json::value* value = properties.find(name);
        if (value != nullptr) attributes[name] = text_of(*value);  // a mapping, or its JSON
    }
    if (properties.has("FilterPolicyScope")) attributes["FilterPolicyScope"] = properties.text("FilterPolicyScope");
    if (properties.has("RawMessageDelivery"))
        attributes["RawMessageDelivery"] = properties.flag("RawMessageDelivery", false) ? "true" : "false";
    return attributes;
}

std::vector<SubscriptionPlan> read_subscriptions(const PropertyReader& properties, const FunctionPlan& function,
                                                 const Resolver& resolver) {
    std::vector<SubscriptionPlan> subscriptions;
    const PropertyReader events = properties.member("Events");
    for (const auto& [name, value] : events.values()) {
        const PropertyReader event = events.member(name);
        if (event.text("Type") != "SNS") continue;
        const PropertyReader source = event.member("Properties");
        source.allow({"Topic", "FilterPolicy", "FilterPolicyScope"});
        if (!source.has("Topic")) source.problem("Topic", "is needed: the ARN of a topic");
        const std::string alias = function.alias.empty() ? "" : ":" + function.alias;
        subscriptions.push_back({.logical_id = function.logical_id + std::string(name),  // as SAM names it
                                 .topic_arn = source.text("Topic"),
                                 .protocol = "lambda",
                                 .endpoint = resolver.arn("lambda", "function:" + function.name + alias),
                                 .attributes = read_subscription_attributes(source)});
    }
    return subscriptions;
}

std::vector<SchedulePlan> read_schedules(const PropertyReader& properties, const FunctionPlan& function) {
    std::vector<SchedulePlan> schedules;
    const PropertyReader events = properties.member("Events");
    for (const auto& [name, value] : events.values()) {
        const PropertyReader event = events.member(name);
        if (event.text("Type") != "Schedule") continue;
        if (function.execution_timeout_seconds) {
            event.problem("Type", "a schedule of a durable function is not supported; let a plain function start it");
        }
        schedules.push_back(read_schedule(event.member("Properties"), function));
        schedules.back().logical_id = function.logical_id + std::string(name);  // as SAM names the rule
    }
    return schedules;
}

HttpApiPlan read_http_api(const PropertyReader& properties, const std::string& logical_id, const std::string& api_id) {
    HttpApiPlan api;
    api.logical_id = logical_id;
    api.api_id = api_id;
    api.name = properties.text("Name", logical_id);
    api.stage = properties.text("StageName", "$default");
    api.cors = read_cors(properties);
    const PropertyReader auth = properties.member("Auth");
    auth.allow({"DefaultAuthorizer", "EnableIamAuthorizer"});
    (void)auth.flag("EnableIamAuthorizer", false);
    api.iam = auth.text("DefaultAuthorizer") == "AWS_IAM";
    if (auth.has("DefaultAuthorizer") && !api.iam) auth.problem("DefaultAuthorizer", "only AWS_IAM is supported");
    return api;
}

}  // namespace holdpoint::stacks
