#include "stacks/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "stacks/function_plan.hpp"
#include "stacks/parameters.hpp"
#include "stacks/policy_templates.hpp"
#include "stacks/properties.hpp"
#include "stacks/property_reader.hpp"
#include "stacks/shape.hpp"
#include "stacks/table_plan.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// The policies that AWS keeps for function roles, as far as they concern this server.
constexpr std::string_view kBasicExecution =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream",)"
    R"("logs:PutLogEvents"],"Resource":"*"}]})";
constexpr std::string_view kBasicDurable =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream",)"
    R"("logs:PutLogEvents","lambda:CheckpointDurableExecution","lambda:GetDurableExecutionState"],"Resource":"*"}]})";

const std::string kBasicExecutionName = "AWSLambdaBasicExecutionRole";
const std::string kBasicDurableName = "AWSLambdaBasicDurableExecutionRolePolicy";

json::object merged(const json::object& defaults, const json::object& own) {
    json::object result = defaults;
    for (const auto& [key, value] : own) {
        json::value* known = result.if_contains(key);
        const bool are_maps = known != nullptr && known->is_object() && value.is_object();
        if (are_maps && !is_intrinsic(*known) && !is_intrinsic(value)) {
            *known = merged(known->get_object(), value.get_object());
        } else if (known != nullptr && known->is_array() && value.is_array()) {
            for (const json::value& element : value.get_array()) known->get_array().push_back(element);
        } else {
            result[key] = value;
        }
    }
    return result;
}

/// As it is given on a command line, so that the next deployment can take it from there.
std::string parameter_text(const json::value& value) {
    if (!value.is_array()) return text_of(value);
    std::string text;
    for (const json::value& element : value.get_array()) text += (text.empty() ? "" : ",") + text_of(element);
    return text;
}

class Planner {
public:
    Planner(const Document& document, Resolver& resolver, Problems& problems, Plan& plan,
            const CheckPolicy& check_policy)
        : document_(document), resolver_(resolver), problems_(problems), plan_(plan), check_policy_(check_policy) {}

    void run() {
        check_sections();
        check_shape(document_, problems_);
        resolver_.conditions().check();
        const json::value* resources = section("Resources");
        if (resources == nullptr || !resources->is_object() || resources->get_object().empty()) {
            problems_.add("Resources", "a template needs resources");
            return;
        }
        for (const auto& [id, resource] : resources->get_object()) add_resource(std::string(id), resource);
        attach_routes();
        add_outputs();
    }

private:
    const json::value* section(std::string_view name) const { return document_.root.get_object().if_contains(name); }

    void check_sections() {
        for (const auto& [key, value] : document_.root.get_object()) {
            const std::string name(key);
            if (name == "Description" && value.is_string()) plan_.description = std::string(value.get_string());
            if (name == "Transform") {
                if (value != "AWS::Serverless-2016-10-31" && value != json::array{"AWS::Serverless-2016-10-31"})
                    problems_.add(name, "only AWS::Serverless-2016-10-31 is supported");
                continue;
            }
            if (name == "Globals") {
                check_globals(value);
                continue;
            }
            constexpr std::string_view kKnown[] = {"AWSTemplateFormatVersion",
                                                   "Description",
                                                   "Metadata",
                                                   "Parameters",
                                                   "Mappings",
                                                   "Conditions",
                                                   "Resources",
                                                   "Outputs"};
            if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
                problems_.add(name, "this section is not supported");
            }
        }
    }

    void check_globals(const json::value& globals) {
        if (!globals.is_object()) return problems_.add("Globals", "must be a mapping");
        for (const auto& [key, value] : globals.get_object()) {
            const std::string path = "Globals." + std::string(key);
            if ((key != "Function" && key != "HttpApi") || !value.is_object()) {
                problems_.add(path, "is not supported; Function and HttpApi are");
                continue;
            }
            for (const auto& [name, unused] : value.get_object()) {
                if (!is_global(fmt::format("AWS::Serverless::{}", std::string_view(key)), name))
                    problems_.add(path + "." + std::string(name), "SAM does not take it here; say it in each resource");
            }
        }
    }

    const json::object& global_properties(std::string_view kind) const {
        static const json::object none;
        const json::value* globals = section("Globals");
        const json::value* found =
            globals == nullptr || !globals->is_object() ? nullptr : globals->get_object().if_contains(kind);
        return found != nullptr && found->is_object() ? found->get_object() : none;
    }

    void inherit(std::string_view kind, json::object& properties) {
        properties = merged(global_properties(kind), properties);
        problems_.inherit(path_, fmt::format("Globals.{}", kind));
    }

    /// What the API that SAM makes has of Globals.
    json::object used_http_api_globals() {
        path_ = "Globals.HttpApi";
        return used_properties(std::string(kHttpApi), global_properties("HttpApi"), std::string(kImplicitApi));
    }

    void add_resource(const std::string& id, const json::value& resource) {
        path_ = "Resources." + id;
        if (id.starts_with("Fn::ForEach"))
            return problems_.add(path_, "Fn::ForEach is not supported; write each resource out");
        const json::object* object = resource.if_object();
        if (object == nullptr) return problems_.add(path_, "must be a mapping");
        if (!resolver_.is_made(*object, path_)) return;
        const std::string type = resource_type(*object);
        if (!is_supported_type(type)) {
            return problems_.add(path_ + ".Type", fmt::format("the type '{}' is not supported; {}. A Condition that is "
                                                              "false here leaves it out",
                                                              type, supported_types()));
        }
        for (const auto& [key, value] : *object) {
            constexpr std::string_view kKnown[] = {"Type",           "Properties",          "Metadata", "DependsOn",
                                                   "DeletionPolicy", "UpdateReplacePolicy", "Condition"};
            if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown)) {
                problems_.add(path_ + "." + std::string(key), "is not supported");
            }
        }
        check_deletion_policies(type, *object);
        if (type == kPermission) return plan_.aws_only.push_back(id);
        json::object properties;
        const json::value* own = object->if_contains("Properties");
        if (own != nullptr && own->is_object()) properties = own->get_object();
        path_ += ".Properties";
        if (type == "AWS::Serverless::Function") inherit("Function", properties);
        if (type == kHttpApi) inherit("HttpApi", properties);
        properties_.emplace(problems_, path_, used_properties(type, properties, id));
        const std::string name = resolver_.physical_name(id);
        if (type == "AWS::Serverless::Function") add_function(id, name, *object);
        if (type == kHttpApi) plan_.http_apis.push_back(read_http_api(*properties_, id, resolver_.api_id(id)));
        if (type == kTable) add_table(read_table(*properties_, id, name, plan_.aws_only), *object);
        if (type == kSimpleTable) add_table(read_simple_table(*properties_, id, name), *object);
        if (type == "AWS::SNS::Topic") add_topic(id, name);
        if (type == kSubscription) add_subscription(id);
        if (type == "AWS::IAM::Role") add_role(id, name);
        if (type == "AWS::Logs::LogGroup") add_log_group(id, name);
    }

    void add_log_group(const std::string& id, const std::string& name) {
        plan_.log_groups.push_back({.logical_id = id, .name = name, .retention_days = {}});
        if (properties_->has("RetentionInDays")) {
            plan_.log_groups.back().retention_days = properties_->number("RetentionInDays", 0);
        }
    }

    json::object used_properties(const std::string& type, const json::object& properties, const std::string& id) {
        json::object used;
        for (const auto& [key, value] : properties) {
            const std::string name(key);
            switch (support_of(type, name)) {
                case Support::used:
                    if (auto there = resolver_.resolve_if_there(value, path_ + "." + name))
                        used[name] = *std::move(there);
                    break;
                case Support::aws_only:
                    plan_.aws_only.push_back(fmt::format("{}.{}", id, name));
                    break;
                case Support::refused: {
                    if (resolver_.is_left_out(value, path_ + "." + name)) break;
                    const std::string meant = did_you_mean_property(type, name);
                    problems_.add(
                        path_ + "." + name,
                        fmt::format("this property of {} is not supported; {}", type,
                                    meant.empty() ? "leave it out, or let Fn::If choose AWS::NoValue here" : meant));
                    break;
                }
            }
        }
        return used;
    }

    static bool is_retained(const json::object& resource, std::string_view attribute) {
        const json::value* policy = resource.if_contains(attribute);
        return policy != nullptr && *policy == "Retain";
    }

    void check_deletion_policies(const std::string& type, const json::object& resource) {
        for (const std::string_view attribute : {"DeletionPolicy", "UpdateReplacePolicy"}) {
            const json::value* policy = resource.if_contains(attribute);
            if (policy == nullptr || *policy == "Delete") continue;
            if (*policy == "Retain" && (type == kTable || type == kSimpleTable)) continue;
            problems_.add(fmt::format("{}.{}", path_, attribute), text_of(*policy) + " is not supported for " + type +
                                                                      "; Retain is for tables, Delete for all");
        }
    }

    void add_function(const std::string& id, const std::string& name, const json::object& resource) {
        FunctionPlan function = read_function(*properties_, id, name, resource.if_contains("Metadata"));
        function.role_arn = properties_->text("Role");
        if (function.role_arn.empty()) {
            function.role_arn = add_own_role(id, function);
        } else if (properties_->has("Policies")) {
            properties_->problem("Policies", "means nothing beside Role; write the policies into that role");
        }
        for (RoutePlan& route : read_routes(*properties_, function)) routes_.push_back(std::move(route));
        for (SchedulePlan& schedule : read_schedules(*properties_, function)) add_schedule(std::move(schedule));
        std::ranges::move(read_subscriptions(*properties_, function, resolver_),
                          std::back_inserter(plan_.subscriptions));
        plan_.functions.push_back(std::move(function));
    }

    void add_schedule(SchedulePlan schedule) {
        if (schedule.name.empty()) schedule.name = resolver_.generated_name(schedule.logical_id);
        const auto same = [&](const SchedulePlan& other) { return other.name == schedule.name; };
        if (std::ranges::any_of(plan_.schedules, same)) {
            properties_->problem("Events", fmt::format("the schedule '{}' is there already", schedule.name));
        }
        plan_.schedules.push_back(std::move(schedule));
    }

    /// Once every API is known. Two routes of an API cannot have one key.
    void attach_routes() {
        for (RoutePlan& route : routes_) {
            if (route.api_id.empty()) route.api_id = resolver_.api_id(std::string(kImplicitApi));
            const auto known = [&](const HttpApiPlan& api) { return api.api_id == route.api_id; };
            auto api = std::ranges::find_if(plan_.http_apis, known);
            if (api == plan_.http_apis.end() && route.api_id == resolver_.api_id(std::string(kImplicitApi))) {
                const PropertyReader defaults(problems_, "Globals.HttpApi", used_http_api_globals());
                plan_.http_apis.push_back(read_http_api(defaults, std::string(kImplicitApi), route.api_id));
                api = std::prev(plan_.http_apis.end());
            }
            if (api == plan_.http_apis.end()) {
                problems_.add(route.path_in_template + ".ApiId", "must be !Ref of an AWS::Serverless::HttpApi");
                continue;
            }
            if (!route.iam) route.iam = api->iam;
            if (std::ranges::any_of(api->routes, [&](const RoutePlan& other) { return other.key == route.key; })) {
                problems_.add(route.path_in_template, fmt::format("the route '{}' is there already", route.key));
            }
            api->routes.push_back(std::move(route));
        }
    }

    void add_table(TablePlan table, const json::object& resource) {
        table.retain = is_retained(resource, "DeletionPolicy");
        table.retain_replaced = is_retained(resource, "UpdateReplacePolicy");
        plan_.tables.push_back(std::move(table));
    }

    void add_topic(const std::string& id, const std::string& name) {
        TopicPlan topic;
        topic.logical_id = id;
        topic.name = name;
        if (properties_->has("DisplayName")) topic.attributes["DisplayName"] = properties_->text("DisplayName");
        for (const json::value& value : properties_->list("Subscription")) {
            const json::object* object = value.if_object();
            if (object == nullptr || object->size() != 2 || !object->contains("Protocol") ||
                !object->contains("Endpoint")) {
                problems_.add(path_ + ".Subscription", "each needs Protocol and Endpoint, and nothing else");
            } else {
                topic.subscriptions.emplace_back(text_of(object->at("Protocol")), text_of(object->at("Endpoint")));
            }
        }
        plan_.topics.push_back(std::move(topic));
    }

    void add_subscription(const std::string& id) {
        for (const char* name : {"TopicArn", "Protocol", "Endpoint"}) {
            if (!properties_->has(name)) properties_->problem(name, "is needed");
        }
        plan_.subscriptions.push_back({.logical_id = id,
                                       .topic_arn = properties_->text("TopicArn"),
                                       .protocol = properties_->text("Protocol"),
                                       .endpoint = properties_->text("Endpoint"),
                                       .attributes = read_subscription_attributes(*properties_)});
    }

    void add_role(const std::string& id, const std::string& name) {
        RolePlan role;
        role.logical_id = id;
        role.name = name;
        if (properties_->text("Path", "/") != "/") properties_->problem("Path", "only / is supported");
        const json::array policies = properties_->list("Policies");
        for (std::size_t i = 0; i < policies.size(); ++i) {
            const json::object* policy = policies[i].if_object();
            if (policy == nullptr || !policy->contains("PolicyName") || !policy->contains("PolicyDocument")) {
                problems_.add(path_ + ".Policies", "each needs PolicyName and PolicyDocument");
            } else {
                add_policy(text_of(policy->at("PolicyName")), policy->at("PolicyDocument"),
                           fmt::format("{}.Policies[{}].PolicyDocument", path_, i), role);
            }
        }
        const json::array managed = properties_->list("ManagedPolicyArns");
        for (std::size_t i = 0; i < managed.size(); ++i)
            add_managed(text_of(managed[i]), fmt::format("{}.ManagedPolicyArns[{}]", path_, i), role);
        plan_.roles.push_back(std::move(role));
    }

    /// `path` is the document's, for what is wrong with it.
    void add_policy(std::string name, const json::value& document, const std::string& path, RolePlan& role) {
        role.policies.emplace_back(std::move(name), json::serialize(document));
        if (!check_policy_) return;
        const auto problem = check_policy_(role.policies.back().second);
        if (!problem) return;
        std::string where = problem->first.empty() ? path : path + "." + problem->first;
        // What came out of an intrinsic function stands on the line of what holds that.
        while (!document_.lines.contains(where) && where.size() > path.size()) {
            where.resize(std::max(path.size(), where.find_last_of(".[")));
        }
        problems_.add(where, problem->second);
    }

    void add_managed(const std::string& arn, const std::string& path, RolePlan& role) {
        // A role names its managed policies by ARN, a function's Policies by name or ARN.
        const std::string_view name = std::string_view(arn).substr(arn.rfind('/') + 1);
        if (name == kBasicExecutionName) {
            role.policies.emplace_back(name, kBasicExecution);
        } else if (name == kBasicDurableName) {
            role.policies.emplace_back(name, kBasicDurable);
        } else {
            problems_.add(path, "the managed policy " + arn + " is not known here; write it out in Policies");
        }
    }

    /// What SAM adds for the topics and functions that get what becomes of asynchronous invocations.
    static void add_outcome_policies(const FunctionPlan& function, RolePlan& role) {
        std::vector<std::pair<std::string, std::string>> targets = {
            {"DeadLetterQueuePolicy", function.dead_letter_arn}};
        if (function.event_invoke) {
            targets.emplace_back("OnSuccessPolicy", function.event_invoke->on_success);
            targets.emplace_back("OnFailurePolicy", function.event_invoke->on_failure);
        }
        for (const auto& [name, arn] : targets) {
            const bool is_topic = arn.starts_with("arn:aws:sns:");
            if (!is_topic && !arn.starts_with("arn:aws:lambda:")) continue;
            const json::object statement{
                {"Effect", "Allow"}, {"Action", is_topic ? "sns:Publish" : "lambda:InvokeFunction"}, {"Resource", arn}};
            role.policies.emplace_back(
                name, json::serialize(json::object{{"Version", "2012-10-17"}, {"Statement", json::array{statement}}}));
        }
    }

    /// The role that SAM makes for a function that names none: what every function needs, and its Policies. Answers its
    /// ARN. (AWS SAM, AWS::Serverless::Function, Role and Policies)
    std::string add_own_role(const std::string& id, const FunctionPlan& function) {
        RolePlan role;
        role.logical_id = id + "Role";
        role.name = resolver_.generated_name(role.logical_id);
        if (resolver_.has_resource(role.logical_id)) {
            problems_.add(path_ + ".Role",
                          "is needed: the role that would be made for this function has the name of "
                          "the resource " +
                              role.logical_id);
        }
        add_managed(properties_->has("DurableConfig") ? kBasicDurableName : kBasicExecutionName, path_, role);
        add_policies(role);
        add_outcome_policies(function, role);
        std::string arn = resolver_.role_arn(role.name);
        plan_.roles.push_back(std::move(role));
        return arn;
    }

    /// A function's Policies: one or a list of documents, names of managed policies and SAM's templates.
    void add_policies(RolePlan& role) {
        const json::value* policies = properties_->find("Policies");
        const json::array one = policies == nullptr ? json::array{} : json::array{*policies};
        const json::array& all = policies != nullptr && policies->is_array() ? policies->get_array() : one;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const json::value& policy = all[i];
            const std::string path = path_ + ".Policies" + (&all == &one ? "" : fmt::format("[{}]", i));
            if (policy.is_string()) {
                add_managed(text_of(policy), path, role);
            } else if (policy.is_object() && policy.get_object().contains("Statement")) {
                add_policy(fmt::format("{}Policy{}", role.logical_id, role.policies.size() - 1), policy, path, role);
            } else if (policy.is_object() && policy.get_object().size() == 1) {
                add_policy_template(PropertyReader(problems_, path, policy.get_object()), role);
            } else {
                problems_.add(path,
                              "must be the name of a managed policy, one of SAM's policy templates, or a document with "
                              "a Statement");
            }
        }
    }

    void add_policy_template(const PropertyReader& policy, RolePlan& role) {
        const std::string name(policy.values().begin()->key());
        const auto document = expand_policy_template(name, policy.member(name), resolver_);
        if (document) {
            add_policy(fmt::format("{}Policy{}", role.logical_id, role.policies.size() - 1), *document, policy.path(),
                       role);
        } else {
            problems_.add(policy.path(), fmt::format("SAM's policy template {} is not known here; {}. Write it out, as "
                                                     "a document with a Statement",
                                                     name, known_policy_templates()));
        }
    }

    void add_outputs() {
        const json::value* outputs = section("Outputs");
        if (outputs == nullptr || !outputs->is_object()) return;
        for (const auto& [key, value] : outputs->get_object()) {
            const std::string path = "Outputs." + std::string(key);
            const json::object* object = value.if_object();
            if (object == nullptr || !object->contains("Value")) {
                problems_.add(path, "needs a Value");
            } else if (resolver_.is_made(*object, path)) {
                plan_.outputs.push_back(read_output(std::string(key), *object, path));
            }
        }
    }

    Output read_output(std::string key, const json::object& object, const std::string& path) {
        const json::value value = resolver_.resolve(object.at("Value"), path + ".Value");
        if (value.is_structured()) problems_.add(path + ".Value", "must be text");
        Output output{.key = std::move(key), .value = text_of(value), .description = {}};
        for (const auto& [name, part] : object) {
            if (name == "Description") {
                output.description = text_of(part);
            } else if (name == "Export") {
                plan_.aws_only.push_back(path + ".Export");
            } else if (name != "Value" && name != "Condition") {
                problems_.add(path + "." + std::string(name), "is not supported");
            }
        }
        return output;
    }

    const Document& document_;
    Resolver& resolver_;
    Problems& problems_;
    Plan& plan_;
    const CheckPolicy& check_policy_;
    std::string path_;                          // of the properties being read
    std::optional<PropertyReader> properties_;  // used ones, resolved
    std::vector<RoutePlan> routes_;
};

}  // namespace

Result<Plan> make_plan(std::string_view template_text, const ParameterValues& parameters, const Target& target,
                       const CheckPolicy& check_policy) {
    const auto document = read_document(template_text);
    if (!document) return std::unexpected(document.error());
    Problems problems(*document);
    Plan plan;
    auto values = resolve_parameters(*document, parameters, problems);
    for (const auto& [name, value] : values) plan.parameters[name] = parameter_text(value);
    plan.hidden = hidden_parameters(*document);
    Resolver resolver(*document, std::move(values), target, problems);
    Planner(*document, resolver, problems, plan, check_policy).run();
    if (!problems.empty()) return problems.error();
    return plan;
}

}  // namespace holdpoint::stacks
