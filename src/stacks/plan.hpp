// Plan: what a template means on this server: the resources to have, with every property resolved. (AWS SAM and
// CloudFormation template reference)
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "stacks/parameters.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

struct RolePlan {
    std::string logical_id;
    std::string name;
    std::vector<std::pair<std::string, std::string>> policies;  // name, document (JSON text)
};

struct TablePlan {
    std::string logical_id;
    std::string name;
    boost::json::object create_table;              // a CreateTable request
    std::string ttl_attribute;                     // empty: items do not expire
    bool retain = false;                           // DeletionPolicy: Retain
    bool retain_replaced = false;                  // UpdateReplacePolicy: Retain
    std::optional<bool> deletion_protection = {};  // nothing: as it is
};

struct TopicPlan {
    std::string logical_id;
    std::string name;
    std::map<std::string, std::string> attributes;
    std::vector<std::pair<std::string, std::string>> subscriptions;  // protocol, endpoint
};

/// A subscription with a name in the template: of its own, or an event of the type SNS.
struct SubscriptionPlan {
    std::string logical_id;
    std::string topic_arn;
    std::string protocol;
    std::string endpoint;
    std::map<std::string, std::string> attributes;
};

struct LogGroupPlan {
    std::string logical_id;
    std::string name;
    std::optional<std::int64_t> retention_days;  // nothing: as it is
    bool retention_differs = false;              // from what the template said before
};

struct EventInvokePlan {
    std::optional<std::int64_t> retries;
    std::optional<std::int64_t> age_seconds;
    std::string on_success;  // ARN; empty: nowhere
    std::string on_failure;
};

struct FunctionPlan {
    std::string logical_id;
    std::string name;
    std::string role_arn;
    std::string description;
    std::string executable;  // Metadata.HoldpointExecutable; empty with CodeUri
    std::string code_uri;    // a folder or an archive, relative to the template
    std::string runtime;
    std::string handler;
    std::string alias;  // AutoPublishAlias
    std::optional<std::int64_t> reserved_concurrency;
    bool frees_concurrency = false;                  // the template reserved some before
    std::string dead_letter_arn;                     // DeadLetterQueue
    std::optional<EventInvokePlan> event_invoke;     // EventInvokeConfig
    std::optional<std::string> leaves_event_invoke;  // the alias (or none) that the template gave one before
    bool publishes_all = false;                      // a version for every change, not only for new code
    std::int64_t timeout_seconds = 3;
    std::int64_t memory_mb = 128;
    std::map<std::string, std::string> environment;
    std::optional<std::int64_t> execution_timeout_seconds;  // with DurableConfig
    std::int64_t retention_days = 14;
    bool tenant_isolation = false;  // with TenancyConfig
    std::string log_group;
};

/// A route of an HTTP API to a function.
struct RoutePlan {
    std::string path_in_template;
    std::string api_id;  // empty: the API that SAM makes for events that name none
    std::string key;     // "GET /items/{id}", "ANY /{proxy+}", "$default"
    std::string function;
    std::string qualifier;
    std::int64_t timeout_ms = 30000;
    std::optional<bool> iam;  // nothing: as the API says
};

/// (API Gateway developer guide, "Configure CORS for HTTP APIs")
struct CorsPlan {
    bool credentials = false;
    std::vector<std::string> headers;
    std::vector<std::string> methods;
    std::vector<std::string> origins;
    std::vector<std::string> exposed;
    std::optional<std::int64_t> max_age_seconds;
};

struct HttpApiPlan {
    std::string logical_id;
    std::string api_id;
    std::string name;
    std::string stage = "$default";
    CorsPlan cors;
    bool iam = false;
    std::vector<RoutePlan> routes;
};

/// A function that is invoked again and again: the rule that SAM makes of an event of the type Schedule.
struct SchedulePlan {
    std::string logical_id;
    std::string name;
    std::string function;
    std::string qualifier;
    std::int64_t every_seconds = 0;
    std::string input;  // JSON; empty: what EventBridge says of a scheduled event
    bool is_enabled = true;
};

struct Output {
    std::string key;
    std::string value;
    std::string description;
};

struct Plan {
    std::string description;
    std::map<std::string, std::string> parameters;
    std::set<std::string> hidden;  // of these, those with NoEcho
    std::vector<RolePlan> roles;
    std::vector<TablePlan> tables;
    std::vector<TopicPlan> topics;
    std::vector<SubscriptionPlan> subscriptions;
    std::vector<LogGroupPlan> log_groups;
    std::vector<FunctionPlan> functions;
    std::vector<HttpApiPlan> http_apis;
    std::vector<SchedulePlan> schedules;
    std::vector<Output> outputs;
    std::vector<std::string> aws_only;  // "Resource.Property": means nothing on one machine
};

/// What is wrong with a policy document (JSON text), and where in it, such as "Statement[0].Action"; nothing when it is
/// right.
using CheckPolicy = std::function<std::optional<std::pair<std::string, std::string>>(const std::string& document)>;

/// TemplateError with everything that is wrong or not supported, each with its path and line.
[[nodiscard]] Result<Plan> make_plan(std::string_view template_text, const ParameterValues& parameters,
                                     const Target& target, const CheckPolicy& check_policy = {});

/// What `before`, the stack's last plan, said of a topic, a log group or a table's protection, or of how a function is
/// invoked, and `plan` leaves out goes back to its default. What neither says stays as somebody set it.
void reset_left_out(Plan& plan, const Plan& before);

}  // namespace holdpoint::stacks
