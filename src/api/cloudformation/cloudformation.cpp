#include "api/cloudformation/cloudformation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "api/cloudformation/answers.hpp"
#include "api/respond.hpp"
#include "api/sns/parameters.hpp"

namespace holdpoint::api {
namespace {

using sns::Parameters;
using stacks::Stack;
using stacks::StackResource;

constexpr std::string_view kNamespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/";
/// (AWS API, ListStacks: up to 100 stacks a page)
constexpr std::size_t kPageSize = 100;

using Read = Result<std::string> (*)(const Parameters&, const RowReader&);

std::unexpected<Error> invalid(std::string message) {
    return fail("ValidationError", 400, std::move(message));
}

struct Page {
    std::vector<Stack> stacks;
    std::string next_token;
};

/// A token is the name of the last stack that was shown.
Page read_page(const RowReader& rows, const std::string& token) {
    Page page{.stacks = stacks::list_stacks(rows, token, kPageSize + 1), .next_token = {}};
    if (page.stacks.size() > kPageSize) {
        page.stacks.pop_back();
        page.next_token = page.stacks.back().name;
    }
    return page;
}

Result<Stack> required_stack(const Parameters& in, const RowReader& rows) {
    const std::string name = in.get("StackName");
    if (!name.empty()) return stacks::load_stack(rows, name);
    return invalid(
        "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null");
}

Result<std::string> describe_stacks(const Parameters& in, const RowReader& rows) {
    if (in.find("StackName")) {
        auto stack = required_stack(in, rows);
        if (!stack) return std::unexpected(stack.error());
        return cloudformation::stacks_xml({std::move(*stack)}, {});
    }
    const Page page = read_page(rows, in.get("NextToken"));
    return cloudformation::stacks_xml(page.stacks, page.next_token);
}

Result<std::string> list_stacks(const Parameters& in, const RowReader& rows) {
    Page page = read_page(rows, in.get("NextToken"));
    std::set<std::string, std::less<>> statuses;
    for (int i = 1; const auto status = in.find(fmt::format("StackStatusFilter.member.{}", i)); ++i)
        statuses.insert(*status);
    if (!statuses.empty())
        std::erase_if(page.stacks, [&](const Stack& stack) { return !statuses.contains(stack.status()); });
    return cloudformation::stack_summaries_xml(page.stacks, page.next_token);
}

/// The stack that has the physical resource.
Result<Stack> stack_of_resource(const RowReader& rows, const std::string& physical_id) {
    for (Stack& stack : stacks::list_stacks(rows, {}, SIZE_MAX)) {
        const bool has = std::ranges::any_of(
            stack.resources, [&](const StackResource& item) { return item.resource.physical_id == physical_id; });
        if (has) return std::move(stack);
    }
    return invalid(fmt::format("Stack for {} does not exist", physical_id));
}

Result<std::string> describe_stack_resources(const Parameters& in, const RowReader& rows) {
    const auto physical_id = in.find("PhysicalResourceId");
    if (physical_id && in.find("StackName"))
        return invalid("Only one of StackName and PhysicalResourceId may be specified");
    const auto stack = physical_id ? stack_of_resource(rows, *physical_id) : required_stack(in, rows);
    if (!stack) return std::unexpected(stack.error());
    std::vector<StackResource> resources = stack->resources;
    if (const auto logical_id = in.find("LogicalResourceId")) {
        std::erase_if(resources, [&](const StackResource& item) { return item.resource.logical_id != *logical_id; });
        if (resources.empty())
            return invalid(fmt::format("Resource {} does not exist for stack {}", *logical_id, stack->name));
    }
    return cloudformation::resources_xml(*stack, resources);
}

Result<std::string> list_stack_resources(const Parameters& in, const RowReader& rows) {
    const auto stack = required_stack(in, rows);
    if (!stack) return std::unexpected(stack.error());
    return cloudformation::resource_summaries_xml(stack->resources);
}

Result<std::string> get_template(const Parameters& in, const RowReader& rows) {
    const auto stack = required_stack(in, rows);
    if (!stack) return std::unexpected(stack.error());
    if (const std::string stage = in.get("TemplateStage"); !stage.empty() && stage != "Original")
        return invalid(fmt::format("TemplateStage {} is not supported by this server; Original is", stage));
    if (in.find("ChangeSetName")) return invalid("ChangeSetName is not supported by this server");
    return cloudformation::template_xml(*stack);
}

struct Action {
    std::string_view name;
    Read read = nullptr;
};

constexpr std::array<Action, 5> kReads = {Action{"DescribeStacks", describe_stacks},
                                          Action{"DescribeStackResources", describe_stack_resources},
                                          Action{"ListStackResources", list_stack_resources},
                                          Action{"ListStacks", list_stacks}, Action{"GetTemplate", get_template}};

class CloudFormationService final : public Service {
public:
    CloudFormationService(const Context& context, DeployOptions options)
        : context_(context), options_(std::move(options)) {}

    void handle(Call call) override {
        const auto in = Parameters::read(call.request);
        const std::string name = in.get("Action");
        const auto read = std::ranges::find(kReads, name, &Action::name);
        if (read == kReads.end() && name != "DeleteStack") {
            return refuse(call, fail("InvalidAction", 400,
                                     fmt::format("Could not find operation {} for version 2010-05-15", name))
                                    .error());
        }
        if (!in.is_text()) return refuse(call, invalid("Parameters must be UTF-8 text").error());
        if (auto allowed = call.authorize("cloudformation:" + name, resource(in)); !allowed)
            return refuse(call, allowed.error());
        if (name == "DeleteStack") return remove(std::move(call), in);
        const auto xml = read->read(in, *context_.store.snapshot());
        if (!xml) return refuse(call, xml.error());
        call.respond(query_answer(name, *xml, call.request_id, kNamespace));
    }

private:
    /// The ARN that policies are about: the stack's own, or what it could be.
    [[nodiscard]] std::string resource(const Parameters& in) const {
        const std::string name = in.get("StackName");
        if (name.empty()) return "*";
        if (const auto stack = stacks::load_stack(*context_.store.snapshot(), name)) return stack->id;
        return name.starts_with("arn:") ? name : stacks::stack_arn(context_.region, context_.account, name, "*");
    }

    static void refuse(const Call& call, const Error& error) {
        call.respond(query_error(error, call.request_id, kNamespace));
    }

    /// Deleting what is not there is success, as on AWS.
    void remove(Call call, const Parameters& in) {
        const auto stack = required_stack(in, *context_.store.snapshot());
        if (!stack && in.get("StackName").empty()) return refuse(call, stack.error());
        if (in.any("RetainResources.member.")) {
            return refuse(call, invalid("RetainResources is only for stacks in the state DELETE_FAILED").error());
        }
        if (!stack) return call.respond(query_empty_answer("DeleteStack", call.request_id, kNamespace));
        const auto shared = std::make_shared<Call>(std::move(call));  // std::function copies what it holds
        submit_delete(context_, options_, stack->id, false, [shared](const Result<StackChange>& change) {
            if (!change) return refuse(*shared, change.error());
            shared->respond(query_empty_answer("DeleteStack", shared->request_id, kNamespace));
        });
    }

    const Context context_;
    const DeployOptions options_;
};

}  // namespace

std::unique_ptr<Service> make_cloudformation_service(const Context& context, DeployOptions options) {
    return std::make_unique<CloudFormationService>(context, std::move(options));
}

}  // namespace holdpoint::api
