#include "api/cloudformation/cloudformation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "api/cloudformation/deletion_rights.hpp"
#include "api/deploy/slices.hpp"
#include "api/deploy/stack_rows.hpp"
#include "api/query.hpp"
#include "api/respond.hpp"
#include "base/violations.hpp"

namespace holdpoint::api {

namespace {

constexpr std::string_view kNamespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

std::string member(const std::string& inner) {
    return "<member>" + inner + "</member>";
}
std::string wrapped(std::string_view name, const std::string& inner) {
    return fmt::format("<{0}>{1}</{0}>", name, inner);
}

std::string status_of(const Stack& stack) {
    return stack.updated_at ? "UPDATE_COMPLETE" : "CREATE_COMPLETE";
}

/// Nobody looks for what was changed by hand. `of` is Stack or StackResource.
std::string drift(std::string_view of) {
    return wrapped("DriftInformation", xml_element(fmt::format("{}DriftStatus", of), "NOT_CHECKED"));
}

std::string times(const Stack& stack) {
    std::string xml = xml_element("CreationTime", to_iso8601(stack.created_at));
    if (stack.updated_at) xml += xml_element("LastUpdatedTime", to_iso8601(*stack.updated_at));
    return xml;
}

std::string describe(const Stack& stack) {
    std::string parameters;
    for (const auto& [name, value] : stack.parameters) {
        parameters += member(xml_element("ParameterKey", name) +
                             xml_element("ParameterValue", stack.hidden.contains(name) ? "****" : value));
    }
    std::string outputs;
    for (const auto& output : stack.outputs) {
        std::string inner = xml_element("OutputKey", output.key) + xml_element("OutputValue", output.value);
        if (!output.description.empty()) inner += xml_element("Description", output.description);
        outputs += member(inner);
    }
    std::string xml = xml_element("StackName", stack.name) + xml_element("StackId", stack.id) + times(stack) +
                      xml_element("StackStatus", status_of(stack)) + xml_element("DisableRollback", "false") +
                      xml_element("EnableTerminationProtection", "false") + drift("Stack") +
                      wrapped("RollbackConfiguration", "") + wrapped("NotificationARNs", "") +
                      wrapped("Capabilities", member("CAPABILITY_IAM") + member("CAPABILITY_NAMED_IAM")) +
                      wrapped("Parameters", parameters) + wrapped("Outputs", outputs) + wrapped("Tags", "");
    if (!stack.description.empty()) xml += xml_element("Description", stack.description);
    return xml;
}

/// CloudFormation's own type for what SAM's function becomes.
std::string cloudformation_type(const std::string& type) {
    return type == "AWS::Serverless::Function" ? "AWS::Lambda::Function" : type;
}

std::string describe(const Stack& stack, const StackResource& resource, bool in_stack) {
    const std::string at = to_iso8601(stack.updated_at.value_or(stack.created_at));
    std::string xml = xml_element("LogicalResourceId", resource.logical_id) +
                      xml_element("PhysicalResourceId", resource.physical_id) +
                      xml_element("ResourceType", cloudformation_type(resource.type)) +
                      xml_element("ResourceStatus", status_of(stack)) + drift("StackResource");
    if (!in_stack) return xml + xml_element("LastUpdatedTimestamp", at);
    return xml_element("StackName", stack.name) + xml_element("StackId", stack.id) + xml + xml_element("Timestamp", at);
}

/// What each action knows, by the name of the parameter without its index.
const std::map<std::string, std::vector<std::string_view>, std::less<>> kMembers = {
    {"DescribeStacks", {"StackName"}},
    {"ListStacks", {"StackStatusFilter"}},
    {"DescribeStackResources", {"StackName", "LogicalResourceId"}},
    {"ListStackResources", {"StackName"}},
    {"GetTemplate", {"StackName", "TemplateStage"}},
    {"DeleteStack", {"StackName", "ClientRequestToken"}}};

struct Wanted {
    std::string action;
    std::string stack;
    std::string logical_id;             // empty: every resource
    std::vector<std::string> statuses;  // empty: every status
};

/// (AWS API, CloudFormation: StackSummary)
constexpr std::string_view kStatuses[] = {"CREATE_IN_PROGRESS",
                                          "CREATE_FAILED",
                                          "CREATE_COMPLETE",
                                          "ROLLBACK_IN_PROGRESS",
                                          "ROLLBACK_FAILED",
                                          "ROLLBACK_COMPLETE",
                                          "DELETE_IN_PROGRESS",
                                          "DELETE_FAILED",
                                          "DELETE_COMPLETE",
                                          "UPDATE_IN_PROGRESS",
                                          "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
                                          "UPDATE_COMPLETE",
                                          "UPDATE_FAILED",
                                          "UPDATE_ROLLBACK_IN_PROGRESS",
                                          "UPDATE_ROLLBACK_FAILED",
                                          "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
                                          "UPDATE_ROLLBACK_COMPLETE",
                                          "REVIEW_IN_PROGRESS",
                                          "IMPORT_IN_PROGRESS",
                                          "IMPORT_COMPLETE",
                                          "IMPORT_ROLLBACK_IN_PROGRESS",
                                          "IMPORT_ROLLBACK_FAILED",
                                          "IMPORT_ROLLBACK_COMPLETE"};

/// ValidationError when one of them is no status of a stack.
Result<void> check_statuses(const std::vector<std::string>& statuses) {
    const bool all_known = std::ranges::all_of(statuses, [](const std::string& status) {
        return std::ranges::find(kStatuses, status) != std::end(kStatuses);
    });
    if (all_known) return {};
    Violations violations;
    violations.add("stackStatusFilter", fmt::format("[{}]", fmt::join(statuses, ", ")),
                   fmt::format("Member must satisfy constraint: [Member must satisfy enum value set: [{}]]",
                               fmt::join(kStatuses, ", ")));
    return fail("ValidationError", 400, violations.result().error().message);
}

/// ValidationError names what is not known and would be ignored.
Result<Wanted> read_wanted(const net::Request& request) {
    Wanted wanted{.action = query_parameter(request, "Action"), .stack = {}, .logical_id = {}, .statuses = {}};
    const auto known = kMembers.find(wanted.action);
    if (known == kMembers.end()) {
        return fail("InvalidAction", 400,
                    fmt::format("CloudFormation action '{}' is not supported by this server; deploy with "
                                "`holdpoint deploy`.",
                                wanted.action));
    }
    for (const auto& [parameter, value] : query_parameters(request)) {
        const std::string_view name = std::string_view(parameter).substr(0, parameter.find('.'));
        if (name == "Action" || name == "Version" || name.starts_with("X-Amz-") || value.empty()) continue;
        if (std::ranges::find(known->second, name) == known->second.end()) {
            return fail("ValidationError", 400,
                        fmt::format("{}: the parameter {} is not supported by this server.", wanted.action, name));
        }
        if (name == "StackName") wanted.stack = value;
        if (name == "LogicalResourceId") wanted.logical_id = value;
        if (name == "StackStatusFilter") wanted.statuses.push_back(value);
        if (name == "TemplateStage" && value != "Original") {
            return fail("ValidationError", 400,
                        fmt::format("GetTemplate: TemplateStage {} is not supported by this server; it keeps the "
                                    "template as it was deployed, Original.",
                                    value));
        }
    }
    if (auto ok = check_statuses(wanted.statuses); !ok) return std::unexpected(ok.error());
    const bool is_of_all = wanted.action == "DescribeStacks" || wanted.action == "ListStacks";
    if (wanted.stack.empty() && !is_of_all) {
        return fail("ValidationError", 400, missing_violation("stackName").error().message);
    }
    return wanted;
}

class CloudFormation final : public Service {
public:
    CloudFormation(const Context& context, store::LogStore& logs,
                   std::function<void(const std::string&)> on_function_changed)
        : context_(context), logs_(logs), on_function_changed_(std::move(on_function_changed)) {}

    void handle(Call call) override {
        const auto wanted = read_wanted(call.request);
        if (!wanted) return refuse(call, wanted.error());
        const auto rows = context_.store.snapshot();
        const auto stack = find_stack(*rows, wanted->stack);
        if (auto ok = call.authorize("cloudformation:" + wanted->action, resource_of(*wanted, stack)); !ok)
            return refuse(call, ok.error());
        if (wanted->action == "DeleteStack") return remove(std::move(call), wanted->stack, stack);
        const auto result = read(*rows, *wanted, stack);
        if (!result) return refuse(call, result.error());
        call.respond(query_answer(wanted->action, *result, call.request_id, kNamespace));
    }

private:
    static void refuse(const Call& call, const Error& error) {
        call.respond(query_error(error, call.request_id, kNamespace));
    }

    /// The id of a stack that is there, however it was named: policies are about that.
    [[nodiscard]] std::string resource_of(const Wanted& wanted, const std::optional<Stack>& stack) const {
        if (stack) return stack->id;
        if (wanted.stack.starts_with("arn:")) return wanted.stack;
        return fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/*", context_.region, context_.account,
                           wanted.stack.empty() ? "*" : wanted.stack);
    }

    static std::string list(const RowReader& rows, const std::vector<std::string>& statuses) {
        std::string summaries;
        for (const Stack& stack : list_stacks(rows)) {
            if (!statuses.empty() && std::ranges::find(statuses, status_of(stack)) == statuses.end()) continue;
            std::string summary = xml_element("StackName", stack.name) + xml_element("StackId", stack.id) +
                                  times(stack) + xml_element("StackStatus", status_of(stack)) + drift("Stack");
            if (!stack.description.empty()) summary += xml_element("TemplateDescription", stack.description);
            summaries += member(summary);
        }
        return wrapped("StackSummaries", summaries);
    }

    static Result<std::string> read(const RowReader& rows, const Wanted& wanted, const std::optional<Stack>& stack) {
        if (wanted.action == "DescribeStacks" && wanted.stack.empty()) {
            std::string stacks;
            for (const Stack& each : list_stacks(rows)) stacks += member(describe(each));
            return wrapped("Stacks", stacks);
        }
        if (wanted.action == "ListStacks") return list(rows, wanted.statuses);
        if (!stack) return fail("ValidationError", 400, fmt::format("Stack with id {} does not exist", wanted.stack));
        if (wanted.action == "DescribeStacks") return wrapped("Stacks", member(describe(*stack)));
        if (wanted.action == "GetTemplate") {
            return xml_element("TemplateBody", stack->template_text) + wrapped("StagesAvailable", member("Original"));
        }
        const bool in_stack = wanted.action == "DescribeStackResources";
        std::string resources;
        for (const auto& resource : stack->resources) {
            if (!wanted.logical_id.empty() && resource.logical_id != wanted.logical_id) continue;
            resources += member(describe(*stack, resource, in_stack));
        }
        if (resources.empty() && !wanted.logical_id.empty()) {
            return fail("ValidationError", 400,
                        fmt::format("Resource {} does not exist for stack {}", wanted.logical_id, stack->name));
        }
        return wrapped(in_stack ? "StackResources" : "StackResourceSummaries", resources);
    }

    /// `asked` is what the caller's policies were asked about.
    void remove(Call call, const std::string& name, const std::optional<Stack>& asked) {
        const bool has_role = !call.caller.role_name.empty();
        if (has_role && asked) {
            for (const auto& [action, resource] : deletion_rights(context_, *asked)) {
                if (auto ok = call.authorize(action, resource); !ok) return refuse(call, ok.error());
            }
        }
        auto shared = std::make_shared<Call>(std::move(call));
        context_.writer.submit([=, this](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
            // Deleting a stack that is not there is success, as on AWS.
            Removal removal;
            std::vector<std::string> tables;
            if (const auto stack = find_stack(rows, name)) {
                if (has_role && !is_same(*stack, asked)) return [shared, name] { refuse_changed(*shared, name); };
                auto removed = remove_stack(rows, *stack, false);
                if (!removed) return [shared, error = removed.error()] { refuse(*shared, error); };
                removal = *std::move(removed);
                rows.apply(removal.writes);
                tables = tables_of(*stack);
            }
            return [this, shared, removal, tables] {
                for (const auto& group : removal.log_groups) logs_.delete_group(group);
                for (const auto& function : removal.functions) on_function_changed_(function);
                finish_jobs(context_.writer, tables, [shared] {
                    shared->respond(query_empty_answer("DeleteStack", shared->request_id, kNamespace));
                });
            };
        });
    }

    static bool is_same(const Stack& stack, const std::optional<Stack>& asked) {
        return asked && put_stack(stack).value == put_stack(*asked).value;
    }

    /// Somebody deployed between the question whether the caller may and the deletion.
    static void refuse_changed(const Call& call, const std::string& name) {
        refuse(call, {.name = "ValidationError",
                      .http_status = 400,
                      .message = fmt::format("Stack {} changed meanwhile and was not deleted; try again.", name),
                      .details_json = {}});
    }

    Context context_;
    store::LogStore& logs_;
    std::function<void(const std::string&)> on_function_changed_;
};

}  // namespace

std::unique_ptr<Service> make_cloudformation_service(const Context& context, store::LogStore& logs,
                                                     std::function<void(const std::string&)> on_function_changed) {
    return std::make_unique<CloudFormation>(context, logs, std::move(on_function_changed));
}

}  // namespace holdpoint::api
