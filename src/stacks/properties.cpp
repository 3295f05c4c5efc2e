#include "stacks/properties.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/edit_distance.hpp"
#include "base/text.hpp"

namespace holdpoint::stacks {

namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 20> kFunction = {"FunctionName",     "Role",
                                                        "Policies",         "Description",
                                                        "Timeout",          "MemorySize",
                                                        "Environment",      "PackageType",
                                                        "DurableConfig",    "LoggingConfig",
                                                        "TenancyConfig",    "CodeUri",
                                                        "Runtime",          "Handler",
                                                        "AutoPublishAlias", "AutoPublishAliasAllProperties",
                                                        "Events",           "ReservedConcurrentExecutions",
                                                        "DeadLetterQueue",  "EventInvokeConfig"};
// What a container image, a CPU, a trace or a tag is, only AWS knows.
constexpr std::array<std::string_view, 9> kFunctionAws = {
    "ImageUri",         "ImageConfig",   "Architectures",          "Tags", "Tracing", "KmsKeyArn",
    "EphemeralStorage", "PropagateTags", "RuntimeManagementConfig"};
constexpr std::array<std::string_view, 7> kTable = {"TableName",
                                                    "KeySchema",
                                                    "AttributeDefinitions",
                                                    "GlobalSecondaryIndexes",
                                                    "LocalSecondaryIndexes",
                                                    "TimeToLiveSpecification",
                                                    "DeletionProtectionEnabled"};
constexpr std::array<std::string_view, 9> kTableAws = {"SSESpecification",
                                                       "PointInTimeRecoverySpecification",
                                                       "Tags",
                                                       "BillingMode",
                                                       "ProvisionedThroughput",
                                                       "OnDemandThroughput",
                                                       "WarmThroughput",
                                                       "TableClass",
                                                       "ContributorInsightsSpecification"};
constexpr std::array<std::string_view, 2> kSimple = {"TableName", "PrimaryKey"};
constexpr std::array<std::string_view, 4> kSimpleAws = {"SSESpecification", "PointInTimeRecoverySpecification",
                                                        "ProvisionedThroughput", "Tags"};
constexpr std::array<std::string_view, 3> kTopic = {"TopicName", "DisplayName", "Subscription"};
constexpr std::array<std::string_view, 2> kTopicAws = {"KmsMasterKeyId", "Tags"};
constexpr std::array<std::string_view, 7> kSubscription = {
    "TopicArn", "Protocol", "Endpoint", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "DeliveryPolicy"};
constexpr std::array<std::string_view, 9> kPermissionAws = {"Action",
                                                            "FunctionName",
                                                            "Principal",
                                                            "SourceArn",
                                                            "SourceAccount",
                                                            "EventSourceToken",
                                                            "FunctionUrlAuthType",
                                                            "PrincipalOrgID",
                                                            "InvokedViaFunctionUrl"};
constexpr std::array<std::string_view, 5> kRole = {"RoleName", "AssumeRolePolicyDocument", "Policies",
                                                   "ManagedPolicyArns", "Path"};
constexpr std::array<std::string_view, 3> kRoleAws = {"Description", "Tags", "MaxSessionDuration"};
constexpr std::array<std::string_view, 4> kHttpApi = {"Name", "StageName", "CorsConfiguration", "Auth"};
constexpr std::array<std::string_view, 7> kHttpApiAws = {"Description",          "Tags",          "AccessLogSettings",
                                                         "DefaultRouteSettings", "RouteSettings", "PropagateTags",
                                                         "FailOnWarnings"};
// What a template's Globals may not say. (AWS SAM developer guide, "Globals section of the AWS SAM template")
constexpr std::array<std::string_view, 7> kFunctionOwn = {"FunctionName", "Role",     "Policies",   "Events",
                                                          "PackageType",  "ImageUri", "ImageConfig"};
constexpr std::array<std::string_view, 3> kHttpApiOwn = {"Name", "StageName", "Description"};
constexpr std::array<std::string_view, 2> kLogGroup = {"LogGroupName", "RetentionInDays"};
constexpr std::array<std::string_view, 3> kLogGroupAws = {"KmsKeyId", "Tags", "LogGroupClass"};

struct Type {
    std::string_view name;
    Names used;
    Names aws_only;
};

constexpr std::array<Type, 9> kTypes = {{{"AWS::Serverless::Function", kFunction, kFunctionAws},
                                         {"AWS::Serverless::HttpApi", kHttpApi, kHttpApiAws},
                                         {"AWS::DynamoDB::Table", kTable, kTableAws},
                                         {"AWS::Serverless::SimpleTable", kSimple, kSimpleAws},
                                         {"AWS::SNS::Topic", kTopic, kTopicAws},
                                         {"AWS::SNS::Subscription", kSubscription, {}},
                                         {"AWS::Lambda::Permission", {}, kPermissionAws},
                                         {"AWS::IAM::Role", kRole, kRoleAws},
                                         {"AWS::Logs::LogGroup", kLogGroup, kLogGroupAws}}};

const Type* find(std::string_view name) {
    const auto* found = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) { return type.name == name; });
    return found == kTypes.end() ? nullptr : found;
}

/// Longer names are no misspellings: nothing is compared that somebody made long.
constexpr std::size_t kMisspeltMax = 64;
constexpr std::size_t kShortName = 5;

bool contains(Names names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Support support_of(std::string_view type, std::string_view property) {
    const Type* known = find(type);
    if (known != nullptr && contains(known->used, property)) return Support::used;
    if (known != nullptr && contains(known->aws_only, property)) return Support::aws_only;
    return Support::refused;
}

bool is_global(std::string_view type, std::string_view property) {
    return !contains(type == "AWS::Serverless::HttpApi" ? Names(kHttpApiOwn) : Names(kFunctionOwn), property);
}

std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
    if (name.size() > kMisspeltMax) return {};
    const std::string given = lower_case(name);
    const auto meant = std::ranges::find_if(known, [&](std::string_view candidate) {
        return edit_distance(given, lower_case(candidate)) <= (candidate.size() <= kShortName ? 1U : 2U);
    });
    return meant == known.end() ? std::string() : fmt::format("did you mean {}?", *meant);
}

std::string did_you_mean_property(std::string_view type, std::string_view name) {
    const Type* known = find(type);
    if (known == nullptr) return {};
    const std::string used = did_you_mean(name, known->used);
    return used.empty() ? did_you_mean(name, known->aws_only) : used;
}

std::string supported_types() {
    std::array<std::string_view, kTypes.size()> names;
    std::ranges::transform(kTypes, names.begin(), &Type::name);
    return all_are(names);
}

std::string all_are(std::span<const std::string_view> names) {
    return fmt::format("{} and {} are", fmt::join(names.first(names.size() - 1), ", "), names.back());
}

bool is_supported_type(std::string_view type) {
    return find(type) != nullptr;
}

}  // namespace holdpoint::stacks
