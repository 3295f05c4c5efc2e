#include "stacks/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "stacks/parameters.hpp"
#include "stacks/properties.hpp"

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
        if (known != nullptr && known->is_object() && value.is_object()) {
            *known = merged(known->get_object(), value.get_object());
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
    Planner(const Document& document, Resolver& resolver, Problems& problems, Plan& plan)
        : document_(document), resolver_(resolver), problems_(problems), plan_(plan) {}

    void run() {
        check_sections();
        const json::value* resources = section("Resources");
        if (resources == nullptr || !resources->is_object() || resources->get_object().empty()) {
            problems_.add("Resources", "a template needs resources");
            return;
        }
        for (const auto& [id, resource] : resources->get_object()) add_resource(std::string(id), resource);
        add_outputs();
    }

private:
    const json::value* section(std::string_view name) const { return document_.root.get_object().if_contains(name); }

    void check_sections() {
        for (const auto& [key, value] : document_.root.get_object()) {
            const std::string name(key);
            if (name == "Description" && value.is_string()) plan_.description = std::string(value.get_string());
            if (name == "Transform") {
                if (value != "AWS::Serverless-2016-10-31")
                    problems_.add(name, "only AWS::Serverless-2016-10-31 is supported");
                continue;
            }
            if (name == "Globals") {
                check_globals(value);
                continue;
            }
            constexpr std::string_view kKnown[] = {
                "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"};
            if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
                problems_.add(name, "this section is not supported");
            }
        }
    }

    void check_globals(const json::value& globals) {
        if (!globals.is_object()) return problems_.add("Globals", "must be a mapping");
        for (const auto& [key, value] : globals.get_object()) {
            if (key != "Function" || !value.is_object())
                problems_.add("Globals." + std::string(key), "is not supported; Function is");
        }
    }

    const json::object& global_properties() const {
        static const json::object none;
        const json::value* globals = section("Globals");
        const json::value* function =
            globals == nullptr || !globals->is_object() ? nullptr : globals->get_object().if_contains("Function");
        return function != nullptr && function->is_object() ? function->get_object() : none;
    }

    void add_resource(const std::string& id, const json::value& resource) {
        path_ = "Resources." + id;
        const json::object* object = resource.if_object();
        if (object == nullptr) return problems_.add(path_, "must be a mapping");
        const std::string type = resource_type(*object);
        if (!is_supported_type(type)) return problems_.add(path_ + ".Type", "the type '" + type + "' is not supported");
        for (const auto& [key, value] : *object) {
            constexpr std::string_view kKnown[] = {"Type",      "Properties",     "Metadata",
                                                   "DependsOn", "DeletionPolicy", "UpdateReplacePolicy"};
            if (std::find(std::begin(kKnown), std::end(kKnown), key) == std::end(kKnown)) {
                problems_.add(path_ + "." + std::string(key), "is not supported");
            }
        }
        check_deletion_policy(type, *object);
        json::object properties;
        const json::value* own = object->if_contains("Properties");
        if (own != nullptr && own->is_object()) properties = own->get_object();
        if (type == "AWS::Serverless::Function") properties = merged(global_properties(), properties);
        path_ += ".Properties";
        properties_ = used_properties(type, properties, id);
        const std::string name = resolver_.physical_name(id);
        if (type == "AWS::Serverless::Function") add_function(id, name, *object);
        if (type == "AWS::DynamoDB::Table") add_table(id, name, *object);
        if (type == "AWS::SNS::Topic") add_topic(id, name);
        if (type == "AWS::IAM::Role") add_role(id, name);
        if (type == "AWS::Logs::LogGroup") plan_.log_groups.push_back({.logical_id = id, .name = name});
    }

    json::object used_properties(const std::string& type, const json::object& properties, const std::string& id) {
        json::object used;
        for (const auto& [key, value] : properties) {
            const std::string name(key);
            switch (support_of(type, name)) {
                case Support::used:
                    used[name] = resolver_.resolve(value, path_ + "." + name);
                    break;
                case Support::aws_only:
                    plan_.aws_only.push_back(fmt::format("{}.{}", id, name));
                    break;
                case Support::refused:
                    problems_.add(path_ + "." + name, "this property of " + type + " is not supported");
                    break;
            }
        }
        return used;
    }

    std::string text(std::string_view name, std::string_view fallback = {}) {
        const json::value* value = properties_.if_contains(name);
        if (value == nullptr) return std::string(fallback);
        if (value->is_object() || value->is_array()) problems_.add(path_ + "." + std::string(name), "must be text");
        return text_of(*value);
    }

    std::int64_t number(const json::object& object, const std::string& path, std::string_view name,
                        std::int64_t fallback) {
        const json::value* value = object.if_contains(name);
        if (value == nullptr) return fallback;
        const std::string text = text_of(*value);
        std::int64_t result = fallback;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
        if (error != std::errc{} || end != text.data() + text.size() || value->is_structured()) {
            problems_.add(path + "." + std::string(name), "must be a whole number");
        }
        return result;
    }

    static bool is_retained(const json::object& resource) {
        const json::value* policy = resource.if_contains("DeletionPolicy");
        return policy != nullptr && *policy == "Retain";
    }

    void check_deletion_policy(const std::string& type, const json::object& resource) {
        const json::value* policy = resource.if_contains("DeletionPolicy");
        if (policy == nullptr || *policy == "Delete") return;
        if (*policy == "Retain" && type == "AWS::DynamoDB::Table") return;
        problems_.add(path_ + ".DeletionPolicy",
                      text_of(*policy) + " is not supported for " + type + "; Retain is for tables, Delete for all");
    }

    void add_function(const std::string& id, const std::string& name, const json::object& resource) {
        FunctionPlan function;
        function.logical_id = id;
        function.name = name;
        function.role_arn = text("Role");
        if (function.role_arn.empty()) {
            function.role_arn = add_own_role(id);
        } else if (properties_.contains("Policies")) {
            problems_.add(path_ + ".Policies", "means nothing beside Role; write the policies into that role");
        }
        function.description = text("Description");
        function.timeout_seconds = number(properties_, path_, "Timeout", 3);
        function.memory_mb = number(properties_, path_, "MemorySize", 128);
        if (text("PackageType", "Image") != "Image") problems_.add(path_ + ".PackageType", "only Image is supported");
        const json::value* metadata = resource.if_contains("Metadata");
        const json::value* executable = metadata == nullptr || !metadata->is_object()
                                            ? nullptr
                                            : metadata->get_object().if_contains("HoldpointExecutable");
        if (executable == nullptr || !executable->is_string()) {
            problems_.add("Resources." + id + ".Metadata",
                          "HoldpointExecutable is needed: the name of the local executable");
        } else {
            function.executable = std::string(executable->get_string());
        }
        if (const json::object* environment = member("Environment")) {
            check_members(*environment, "Environment", {"Variables"});
            const json::value* variables = environment->if_contains("Variables");
            if (variables == nullptr || !variables->is_object()) {
                problems_.add(path_ + ".Environment.Variables", "must be a mapping");
            } else {
                for (const auto& [key, value] : variables->get_object()) {
                    if (value.is_structured())
                        problems_.add(path_ + ".Environment.Variables." + std::string(key), "must be text");
                    function.environment[std::string(key)] = text_of(value);
                }
            }
        }
        if (const json::object* durable = member("DurableConfig")) {
            check_members(*durable, "DurableConfig", {"ExecutionTimeout", "RetentionPeriodInDays"});
            const std::string path = path_ + ".DurableConfig";
            if (!durable->contains("ExecutionTimeout")) problems_.add(path, "needs ExecutionTimeout");
            function.execution_timeout_seconds = number(*durable, path, "ExecutionTimeout", 0);
            function.retention_days = number(*durable, path, "RetentionPeriodInDays", 14);
        }
        if (const json::object* tenancy = member("TenancyConfig")) {
            check_members(*tenancy, "TenancyConfig", {"TenantIsolationMode"});
            const json::value* mode = tenancy->if_contains("TenantIsolationMode");
            function.tenant_isolation = mode != nullptr && *mode == "PER_TENANT";
            if (!function.tenant_isolation) {
                problems_.add(path_ + ".TenancyConfig", "needs TenantIsolationMode, which is PER_TENANT");
            }
        }
        if (const json::object* logging = member("LoggingConfig")) {
            check_members(*logging, "LoggingConfig", {"LogGroup", "LogFormat"});
            if (const json::value* group = logging->if_contains("LogGroup")) function.log_group = text_of(*group);
        }
        if (function.log_group.empty()) function.log_group = "/aws/lambda/" + name;
        plan_.functions.push_back(std::move(function));
    }

    const json::object* member(std::string_view name) {
        const json::value* value = properties_.if_contains(name);
        if (value == nullptr) return nullptr;
        if (!value->is_object()) problems_.add(path_ + "." + std::string(name), "must be a mapping");
        return value->if_object();
    }

    /// The elements of a list; none when there is no such property.
    const json::array& list(std::string_view name) {
        static const json::array none;
        const json::value* value = properties_.if_contains(name);
        if (value == nullptr) return none;
        if (!value->is_array()) problems_.add(path_ + "." + std::string(name), "must be a list");
        return value->is_array() ? value->get_array() : none;
    }

    void check_members(const json::object& object, const std::string& name,
                       std::initializer_list<std::string_view> known) {
        for (const auto& [key, value] : object) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                problems_.add(path_ + "." + name + "." + std::string(key), "is not supported");
            }
        }
    }

    void add_table(const std::string& id, const std::string& name, const json::object& resource) {
        TablePlan table;
        table.logical_id = id;
        table.name = name;
        table.retain = is_retained(resource);
        table.create_table["TableName"] = name;
        table.create_table["BillingMode"] = "PAY_PER_REQUEST";
        for (const std::string_view part :
             {"KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
            if (const json::value* value = properties_.if_contains(part)) table.create_table[part] = *value;
        }
        if (const json::object* ttl = member("TimeToLiveSpecification")) {
            check_members(*ttl, "TimeToLiveSpecification", {"AttributeName", "Enabled"});
            const json::value* enabled = ttl->if_contains("Enabled");
            const json::value* attribute = ttl->if_contains("AttributeName");
            if (enabled == nullptr || !enabled->is_bool() || attribute == nullptr || !attribute->is_string()) {
                problems_.add(path_ + ".TimeToLiveSpecification",
                              "needs AttributeName (text) and Enabled (true or false)");
            } else if (enabled->get_bool()) {
                table.ttl_attribute = std::string(attribute->get_string());
            }
        }
        plan_.tables.push_back(std::move(table));
    }

    void add_topic(const std::string& id, const std::string& name) {
        TopicPlan topic;
        topic.logical_id = id;
        topic.name = name;
        if (properties_.contains("DisplayName")) topic.attributes["DisplayName"] = text("DisplayName");
        for (const json::value& value : list("Subscription")) {
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

    void add_role(const std::string& id, const std::string& name) {
        RolePlan role;
        role.logical_id = id;
        role.name = name;
        for (const json::value& value : list("Policies")) {
            const json::object* policy = value.if_object();
            if (policy == nullptr || !policy->contains("PolicyName") || !policy->contains("PolicyDocument")) {
                problems_.add(path_ + ".Policies", "each needs PolicyName and PolicyDocument");
            } else {
                role.policies.emplace_back(text_of(policy->at("PolicyName")),
                                           json::serialize(policy->at("PolicyDocument")));
            }
        }
        for (const json::value& value : list("ManagedPolicyArns")) add_managed(text_of(value), role);
        plan_.roles.push_back(std::move(role));
    }

    void add_managed(const std::string& arn, RolePlan& role) {
        // A role names its managed policies by ARN, a function's Policies by name or ARN.
        const std::string_view name = std::string_view(arn).substr(arn.rfind('/') + 1);
        if (name == kBasicExecutionName) {
            role.policies.emplace_back(name, kBasicExecution);
        } else if (name == kBasicDurableName) {
            role.policies.emplace_back(name, kBasicDurable);
        } else {
            problems_.add(path_, "the managed policy " + arn + " is not known here; write it out in Policies");
        }
    }

    /// The role that SAM makes for a function that names none: what every function needs, and its Policies. Answers its
    /// ARN. (AWS SAM, AWS::Serverless::Function, Role and Policies)
    std::string add_own_role(const std::string& id) {
        RolePlan role;
        role.logical_id = id + "Role";
        role.name = resolver_.generated_name(role.logical_id);
        if (resolver_.has_resource(role.logical_id)) {
            problems_.add(path_ + ".Role",
                          "is needed: the role that would be made for this function has the name of "
                          "the resource " +
                              role.logical_id);
        }
        add_managed(properties_.contains("DurableConfig") ? kBasicDurableName : kBasicExecutionName, role);
        const json::value* policies = properties_.if_contains("Policies");
        const json::array one = policies == nullptr ? json::array{} : json::array{*policies};
        const json::array& all = policies != nullptr && policies->is_array() ? policies->get_array() : one;
        for (const json::value& policy : all) {
            if (policy.is_string()) {
                add_managed(text_of(policy), role);
            } else if (policy.is_object() && policy.get_object().contains("Statement")) {
                role.policies.emplace_back(fmt::format("{}Policy{}", role.logical_id, role.policies.size() - 1),
                                           json::serialize(policy));
            } else {
                problems_.add(path_ + ".Policies",
                              "each is the name of a managed policy or a document with a "
                              "Statement; SAM's policy templates are not supported");
            }
        }
        std::string arn = resolver_.role_arn(role.name);
        plan_.roles.push_back(std::move(role));
        return arn;
    }

    void add_outputs() {
        const json::value* outputs = section("Outputs");
        if (outputs == nullptr || !outputs->is_object()) return;
        for (const auto& [key, value] : outputs->get_object()) {
            const std::string path = "Outputs." + std::string(key);
            const json::object* object = value.if_object();
            if (object == nullptr || !object->contains("Value")) {
                problems_.add(path, "needs a Value");
                continue;
            }
            Output output;
            output.key = std::string(key);
            for (const auto& [name, part] : *object) {
                if (name == "Value") {
                    output.value = text_of(resolver_.resolve(part, path + ".Value"));
                } else if (name == "Description") {
                    output.description = text_of(part);
                } else if (name == "Export") {
                    plan_.aws_only.push_back(path + ".Export");
                } else {
                    problems_.add(path + "." + std::string(name), "is not supported");
                }
            }
            plan_.outputs.push_back(std::move(output));
        }
    }

    const Document& document_;
    Resolver& resolver_;
    Problems& problems_;
    Plan& plan_;
    std::string path_;         // of the properties being read
    json::object properties_;  // used ones, resolved
};

}  // namespace

Result<Plan> make_plan(std::string_view template_text, const ParameterValues& parameters, const Target& target) {
    const auto document = read_document(template_text);
    if (!document) return std::unexpected(document.error());
    Problems problems(*document);
    Plan plan;
    auto values = resolve_parameters(*document, parameters, problems);
    for (const auto& [name, value] : values) plan.parameters[name] = parameter_text(value);
    Resolver resolver(*document, std::move(values), target, problems);
    Planner(*document, resolver, problems, plan).run();
    if (!problems.empty()) return problems.error();
    return plan;
}

}  // namespace holdpoint::stacks
