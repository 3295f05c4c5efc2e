#include "api/cloudformation/cloudformation.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/deploy/stack_rows.hpp"
#include "api/query.hpp"
#include "api/respond.hpp"

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

std::string times(const Stack& stack) {
    std::string xml = xml_element("CreationTime", to_iso8601(stack.created_at));
    if (stack.updated_at) xml += xml_element("LastUpdatedTime", to_iso8601(*stack.updated_at));
    return xml;
}

std::string describe(const Stack& stack) {
    std::string parameters;
    for (const auto& [name, value] : stack.parameters) {
        parameters += member(xml_element("ParameterKey", name) + xml_element("ParameterValue", value));
    }
    std::string outputs;
    for (const auto& output : stack.outputs) {
        std::string inner = xml_element("OutputKey", output.key) + xml_element("OutputValue", output.value);
        if (!output.description.empty()) inner += xml_element("Description", output.description);
        outputs += member(inner);
    }
    std::string xml = xml_element("StackName", stack.name) + xml_element("StackId", stack.id) + times(stack) +
                      xml_element("StackStatus", status_of(stack)) + xml_element("DisableRollback", "false") +
                      wrapped("NotificationARNs", "") +
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
                      xml_element("ResourceStatus", status_of(stack));
    if (!in_stack) return xml + xml_element("LastUpdatedTimestamp", at);
    return xml_element("StackName", stack.name) + xml_element("StackId", stack.id) + xml + xml_element("Timestamp", at);
}

class CloudFormation final : public Service {
public:
    CloudFormation(const Context& context, store::LogStore& logs,
                   std::function<void(const std::string&)> on_function_changed)
        : context_(context), logs_(logs), on_function_changed_(std::move(on_function_changed)) {}

    void handle(Call call) override {
        const std::string action = query_parameter(call.request, "Action");
        const std::string name = query_parameter(call.request, "StackName");
        const std::string resource = fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/*", context_.region,
                                                 context_.account, name.empty() ? "*" : name);
        if (auto ok = call.authorize("cloudformation:" + action, resource); !ok) return refuse(call, ok.error());
        if (action == "DeleteStack") return remove(std::move(call), name);
        const auto result = read(action, name);
        if (!result) return refuse(call, result.error());
        call.respond(query_answer(action, *result, call.request_id, kNamespace));
    }

private:
    static void refuse(const Call& call, const Error& error) {
        call.respond(query_error(error, call.request_id, kNamespace));
    }

    static Result<Stack> require(const RowReader& rows, const std::string& name) {
        if (auto stack = find_stack(rows, name)) return *stack;
        return fail("ValidationError", 400, fmt::format("Stack with id {} does not exist", name));
    }

    Result<std::string> read(const std::string& action, const std::string& name) const {
        const auto rows = context_.store.snapshot();
        if (action == "DescribeStacks" && name.empty()) {
            std::string stacks;
            for (const Stack& stack : list_stacks(*rows)) stacks += member(describe(stack));
            return wrapped("Stacks", stacks);
        }
        if (action == "ListStacks") {
            std::string summaries;
            for (const Stack& stack : list_stacks(*rows)) {
                summaries += member(xml_element("StackName", stack.name) + xml_element("StackId", stack.id) +
                                    times(stack) + xml_element("StackStatus", status_of(stack)));
            }
            return wrapped("StackSummaries", summaries);
        }
        const bool known = action == "DescribeStacks" || action == "DescribeStackResources" ||
                           action == "ListStackResources" || action == "GetTemplate";
        if (!known) {
            return fail("InvalidAction", 400,
                        fmt::format("CloudFormation action '{}' is not supported by this server; deploy with "
                                    "`holdpoint deploy`.",
                                    action));
        }
        const auto stack = require(*rows, name);
        if (!stack) return std::unexpected(stack.error());
        if (action == "DescribeStacks") return wrapped("Stacks", member(describe(*stack)));
        if (action == "GetTemplate") return xml_element("TemplateBody", stack->template_text);
        const bool in_stack = action == "DescribeStackResources";
        std::string resources;
        for (const auto& resource : stack->resources) resources += member(describe(*stack, resource, in_stack));
        return wrapped(in_stack ? "StackResources" : "StackResourceSummaries", resources);
    }

    void remove(Call call, const std::string& name) {
        auto shared = std::make_shared<Call>(std::move(call));
        context_.writer.submit([this, shared, name](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
            // Deleting a stack that is not there is success, as on AWS.
            Removal removal;
            if (const auto stack = find_stack(rows, name)) {
                removal = remove_stack(rows, *stack, false);
                rows.apply(removal.writes);
            }
            return [this, shared, removal] {
                for (const auto& group : removal.log_groups) logs_.delete_group(group);
                for (const auto& function : removal.functions) on_function_changed_(function);
                shared->respond(query_empty_answer("DeleteStack", shared->request_id, kNamespace));
            };
        });
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
