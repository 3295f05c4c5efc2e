#include "api/cloudformation/answers.hpp"

#include <fmt/format.h>

#include "api/respond.hpp"

namespace holdpoint::api::cloudformation {
namespace {

using stacks::Stack;
using stacks::StackResource;

constexpr std::string_view kNoDrift =
    "<DriftInformation><StackDriftStatus>NOT_CHECKED</StackDriftStatus></DriftInformation>";
constexpr std::string_view kNoResourceDrift =
    "<DriftInformation><StackResourceDriftStatus>NOT_CHECKED</StackResourceDriftStatus></DriftInformation>";

std::string element_unless_empty(std::string_view name, std::string_view text) {
    return text.empty() ? std::string() : xml_element(name, text);
}

std::string times_xml(const Stack& stack) {
    std::string xml = xml_element("CreationTime", to_iso8601(stack.created_at));
    if (stack.updated_at) xml += xml_element("LastUpdatedTime", to_iso8601(*stack.updated_at));
    return xml;
}

std::string stack_xml(const Stack& stack) {
    std::string xml = xml_element("StackId", stack.id) + xml_element("StackName", stack.name) +
                      element_unless_empty("Description", stack.description) + "<Parameters>";
    for (const auto& [name, parameter] : stack.parameters) {
        xml += "<member>" + xml_element("ParameterKey", name) +
               xml_element("ParameterValue", parameter.hidden ? "****" : parameter.value) + "</member>";
    }
    xml += "</Parameters>" + times_xml(stack) + "<RollbackConfiguration/>" +
           xml_element("StackStatus", stack.status()) +
           "<DisableRollback>false</DisableRollback><NotificationARNs/>"
           "<Capabilities><member>CAPABILITY_NAMED_IAM</member><member>CAPABILITY_AUTO_EXPAND</member></Capabilities>"
           "<Outputs>";
    for (const stacks::Output& output : stack.outputs) {
        xml += "<member>" + xml_element("OutputKey", output.key) + xml_element("OutputValue", output.value) +
               element_unless_empty("Description", output.description) + "</member>";
    }
    return fmt::format(
        "<member>{}</Outputs><Tags/><EnableTerminationProtection>false</EnableTerminationProtection>{}</member>", xml,
        kNoDrift);
}

std::string summary_xml(const Stack& stack) {
    return "<member>" + xml_element("StackId", stack.id) + xml_element("StackName", stack.name) +
           element_unless_empty("TemplateDescription", stack.description) + times_xml(stack) +
           xml_element("StackStatus", stack.status()) + std::string(kNoDrift) + "</member>";
}

template <class Print>
std::string page_xml(std::string_view list, const std::vector<Stack>& page, std::string_view next_token,
                     Print&& print) {
    std::string members;
    for (const Stack& stack : page) members += print(stack);
    return fmt::format("<{0}>{1}</{0}>{2}", list, members, element_unless_empty("NextToken", next_token));
}

/// The members that both shapes of a resource share; they differ in the name of the time.
std::string resource_xml(const StackResource& item, std::string_view time_name) {
    return xml_element("LogicalResourceId", item.resource.logical_id) +
           xml_element("PhysicalResourceId", item.resource.physical_id) +
           // What SAM's transform makes of it on AWS.
           xml_element("ResourceType", item.resource.type == "AWS::Serverless::Function" ? "AWS::Lambda::Function"
                                                                                         : item.resource.type) +
           xml_element(time_name, to_iso8601(item.updated_at)) +
           xml_element("ResourceStatus", item.was_updated ? "UPDATE_COMPLETE" : "CREATE_COMPLETE") +
           std::string(kNoResourceDrift);
}

}  // namespace

std::string stacks_xml(const std::vector<Stack>& page, std::string_view next_token) {
    return page_xml("Stacks", page, next_token, stack_xml);
}

std::string stack_summaries_xml(const std::vector<Stack>& page, std::string_view next_token) {
    return page_xml("StackSummaries", page, next_token, summary_xml);
}

std::string resources_xml(const Stack& stack, const std::vector<StackResource>& resources) {
    std::string members;
    for (const StackResource& item : resources) {
        members += "<member>" + xml_element("StackName", stack.name) + xml_element("StackId", stack.id) +
                   resource_xml(item, "Timestamp") + "</member>";
    }
    return fmt::format("<StackResources>{}</StackResources>", members);
}

std::string resource_summaries_xml(const std::vector<StackResource>& resources) {
    std::string members;
    for (const StackResource& item : resources)
        members += "<member>" + resource_xml(item, "LastUpdatedTimestamp") + "</member>";
    return fmt::format("<StackResourceSummaries>{}</StackResourceSummaries>", members);
}

std::string template_xml(const Stack& stack) {
    return xml_element("TemplateBody", stack.template_text) +
           "<StagesAvailable><member>Original</member></StagesAvailable>";
}

}  // namespace holdpoint::api::cloudformation
