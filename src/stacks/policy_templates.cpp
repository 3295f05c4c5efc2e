#include "stacks/policy_templates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "stacks/properties.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

using Texts = std::span<const std::string_view>;

constexpr std::array<std::string_view, 10> kCrud = {
    "dynamodb:GetItem",       "dynamodb:DeleteItem",        "dynamodb:PutItem",        "dynamodb:Scan",
    "dynamodb:Query",         "dynamodb:UpdateItem",        "dynamodb:BatchWriteItem", "dynamodb:BatchGetItem",
    "dynamodb:DescribeTable", "dynamodb:ConditionCheckItem"};
constexpr std::array<std::string_view, 5> kRead = {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query",
                                                   "dynamodb:BatchGetItem", "dynamodb:DescribeTable"};
constexpr std::array<std::string_view, 3> kWrite = {"dynamodb:PutItem", "dynamodb:UpdateItem",
                                                    "dynamodb:BatchWriteItem"};
constexpr std::array<std::string_view, 1> kPublish = {"sns:Publish"};
constexpr std::array<std::string_view, 1> kInvoke = {"lambda:InvokeFunction"};

// What stands in an ARN behind the account, and behind the name.
constexpr std::array<std::string_view, 2> kTableAndIndexes = {"", "/index/*"};
constexpr std::array<std::string_view, 1> kItself = {""};
constexpr std::array<std::string_view, 1> kVersions = {"*"};

struct Template {
    std::string_view name;
    std::string_view parameter;
    std::string_view service;
    std::string_view before;
    Texts after;
    Texts actions;
};

constexpr std::array<Template, 5> kTemplates = {
    {{"DynamoDBCrudPolicy", "TableName", "dynamodb", "table/", kTableAndIndexes, kCrud},
     {"DynamoDBReadPolicy", "TableName", "dynamodb", "table/", kTableAndIndexes, kRead},
     {"DynamoDBWritePolicy", "TableName", "dynamodb", "table/", kTableAndIndexes, kWrite},
     {"SNSPublishMessagePolicy", "TopicName", "sns", "", kItself, kPublish},
     {"LambdaInvokePolicy", "FunctionName", "lambda", "function:", kVersions, kInvoke}}};

}  // namespace

std::string known_policy_templates() {
    std::array<std::string_view, kTemplates.size()> names;
    std::ranges::transform(kTemplates, names.begin(), &Template::name);
    return all_are(names);
}

std::optional<json::object> expand_policy_template(std::string_view name, const PropertyReader& parameters,
                                                   const Resolver& resolver) {
    const auto* found =
        std::find_if(kTemplates.begin(), kTemplates.end(), [&](const Template& each) { return each.name == name; });
    if (found == kTemplates.end()) return std::nullopt;
    parameters.allow({found->parameter});
    const std::string target = parameters.text(found->parameter);
    if (!parameters.has(found->parameter)) {
        parameters.problem(found->parameter, "is needed");
    } else if (target.starts_with("arn:")) {
        parameters.problem(found->parameter, "must be a name, not an ARN");
    }
    json::array resources;
    for (const std::string_view after : found->after)
        resources.emplace_back(resolver.arn(found->service, fmt::format("{}{}{}", found->before, target, after)));
    return json::object{
        {"Version", "2012-10-17"},
        {"Statement", json::array{json::object{{"Effect", "Allow"},
                                               {"Action", json::array(found->actions.begin(), found->actions.end())},
                                               {"Resource", std::move(resources)}}}}};
}

}  // namespace holdpoint::stacks
