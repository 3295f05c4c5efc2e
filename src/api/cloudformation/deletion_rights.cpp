#include "api/cloudformation/deletion_rights.hpp"

#include <fmt/format.h>

#include "functions/function.hpp"
#include "identity/roles.hpp"

namespace holdpoint::api {

namespace {

std::string arn(const Context& context, std::string_view service, std::string_view resource) {
    return fmt::format("arn:aws:{}:{}:{}:{}", service, context.region, context.account, resource);
}

DeletionRight lines_right(const Context& context, const std::string& group) {
    return {"logs:DeleteLogGroup", arn(context, "logs", fmt::format("log-group:{}:*", group))};
}

void add_rights(const Context& context, const StackResource& resource, std::vector<DeletionRight>& rights) {
    const std::string& id = resource.physical_id;
    if (resource.type == "AWS::Serverless::Function") {
        rights.push_back({"lambda:DeleteFunction", arn(context, "lambda", "function:" + id)});
        rights.push_back(lines_right(context, "/aws/lambda/" + id));
    } else if (resource.type == kAliasType) {
        const auto reference = functions::read_reference(id);
        if (reference) rights.push_back({"lambda:DeleteAlias", arn(context, "lambda", "function:" + reference->name)});
    } else if (resource.type == stacks::kHttpApi) {
        rights.push_back({"apigateway:DELETE", fmt::format("arn:aws:apigateway:{}::/apis/{}", context.region, id)});
    } else if (resource.type == kRuleType) {
        rights.push_back({"events:DeleteRule", arn(context, "events", "rule/" + id)});
    } else if (resource.type == "AWS::DynamoDB::Table") {
        rights.push_back({"dynamodb:DeleteTable", arn(context, "dynamodb", "table/" + id)});
    } else if (resource.type == "AWS::SNS::Topic") {
        rights.push_back({"sns:DeleteTopic", id});
    } else if (resource.type == stacks::kSubscription) {
        rights.push_back({"sns:Unsubscribe", "*"});  // as the action itself asks
    } else if (resource.type == "AWS::IAM::Role") {
        rights.push_back({"iam:DeleteRole", identity::role_arn(context.account, id)});
    } else if (resource.type == "AWS::Logs::LogGroup") {
        rights.push_back(lines_right(context, id));
    }
}

}  // namespace

std::vector<DeletionRight> deletion_rights(const Context& context, const Stack& stack) {
    std::vector<DeletionRight> rights;
    for (const StackResource& resource : stack.resources) {
        if (!resource.retain) add_rights(context, resource, rights);
    }
    return rights;
}

}  // namespace holdpoint::api
