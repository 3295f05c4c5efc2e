#include "stacks/resource_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdpoint::stacks {
namespace {

using enum Shape;
using Words = std::string_view;

// AWS::Serverless::Function. (AWS SAM template reference)
constexpr std::array<Words, 1> kPackageTypes = {"Image"};
constexpr std::array kEnvironment = {Property{.name = "Variables", .shape = text_map}};
constexpr std::array kDurableConfig = {
    Property{.name = "ExecutionTimeout", .shape = integer, .required = true, .least = 1, .most = 31'622'400},
    Property{.name = "RetentionPeriodInDays", .shape = integer, .least = 1, .most = 90},
};
constexpr std::array kLoggingConfig = {
    Property{.name = "LogGroup"},
    aws_only("LogFormat"),
    aws_only("ApplicationLogLevel"),
    aws_only("SystemLogLevel"),
};
constexpr std::array kFunctionProperties = {
    Property{.name = "FunctionName"},
    Property{.name = "Description"},
    Property{.name = "PackageType", .required = true, .allowed = kPackageTypes},
    Property{.name = "Role", .required = true},
    Property{.name = "Timeout", .shape = integer, .least = 1, .most = 900},
    Property{.name = "MemorySize", .shape = integer, .least = 128, .most = 10'240},
    Property{.name = "Environment", .shape = object, .members = kEnvironment},
    Property{.name = "DurableConfig", .shape = object, .members = kDurableConfig},
    Property{.name = "LoggingConfig", .shape = object, .members = kLoggingConfig},
    Property{.name = "AutoPublishAlias"},
    aws_only("ImageUri"),
    aws_only("ImageConfig"),
    aws_only("Architectures"),
    aws_only("EphemeralStorage"),
    aws_only("KmsKeyArn"),
    aws_only("PropagateTags"),
    aws_only("Tags"),
    aws_only("Tracing"),
};
constexpr std::array<Words, 5> kFunctionMetadata = {"Dockerfile", "DockerContext", "DockerTag", "DockerBuildArgs",
                                                    "DockerBuildTarget"};

// AWS::DynamoDB::Table. (AWS CloudFormation template reference)
constexpr std::array<Words, 2> kKeyTypes = {"HASH", "RANGE"};
constexpr std::array<Words, 3> kAttributeTypes = {"S", "N", "B"};
constexpr std::array<Words, 3> kProjections = {"ALL", "KEYS_ONLY", "INCLUDE"};
constexpr std::array kKeyElement = {
    Property{.name = "AttributeName", .required = true},
    Property{.name = "KeyType", .required = true, .allowed = kKeyTypes},
};
constexpr std::array kAttributeDefinition = {
    Property{.name = "AttributeName", .required = true},
    Property{.name = "AttributeType", .required = true, .allowed = kAttributeTypes},
};
constexpr std::array kProjection = {
    Property{.name = "ProjectionType", .allowed = kProjections},
    Property{.name = "NonKeyAttributes", .shape = texts},
};
constexpr std::array kLocalIndex = {
    Property{.name = "IndexName", .required = true},
    Property{.name = "KeySchema", .shape = objects, .required = true, .members = kKeyElement},
    Property{.name = "Projection", .shape = object, .required = true, .members = kProjection},
};
constexpr std::array kGlobalIndex = {
    kLocalIndex[0],
    kLocalIndex[1],
    kLocalIndex[2],
    aws_only("ContributorInsightsSpecification"),
    aws_only("OnDemandThroughput"),
    aws_only("ProvisionedThroughput"),
    aws_only("WarmThroughput"),
};
constexpr std::array kTimeToLive = {
    Property{.name = "AttributeName"},
    Property{.name = "Enabled", .shape = boolean, .required = true},
};
constexpr std::array kTableProperties = {
    Property{.name = "TableName"},
    Property{.name = "KeySchema", .shape = objects, .required = true, .members = kKeyElement},
    Property{.name = "AttributeDefinitions", .shape = objects, .required = true, .members = kAttributeDefinition},
    Property{.name = "GlobalSecondaryIndexes", .shape = objects, .members = kGlobalIndex},
    Property{.name = "LocalSecondaryIndexes", .shape = objects, .members = kLocalIndex},
    Property{.name = "TimeToLiveSpecification", .shape = object, .members = kTimeToLive},
    Property{.name = "DeletionProtectionEnabled", .shape = boolean},
    aws_only("BillingMode"),
    aws_only("ContributorInsightsSpecification"),
    aws_only("OnDemandThroughput"),
    aws_only("PointInTimeRecoverySpecification"),
    aws_only("ProvisionedThroughput"),
    aws_only("SSESpecification"),
    aws_only("TableClass"),
    aws_only("Tags"),
    aws_only("WarmThroughput"),
};

// AWS::SNS::Topic. (AWS CloudFormation template reference)
constexpr std::array kSubscription = {
    Property{.name = "Protocol", .required = true},
    Property{.name = "Endpoint", .required = true},
};
constexpr std::array kTopicProperties = {
    Property{.name = "TopicName"},
    Property{.name = "DisplayName"},
    Property{.name = "SignatureVersion"},
    Property{.name = "Subscription", .shape = objects, .members = kSubscription},
    aws_only("DeliveryStatusLogging"),
    aws_only("KmsMasterKeyId"),
    aws_only("Tags"),
    aws_only("TracingConfig"),
};

// AWS::IAM::Role. (AWS CloudFormation template reference)
constexpr std::array kInlinePolicy = {
    Property{.name = "PolicyName", .required = true},
    Property{.name = "PolicyDocument", .shape = document, .required = true},
};
constexpr std::array<Words, 2> kManagedPolicies = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy",
};
constexpr std::array kRoleProperties = {
    Property{.name = "RoleName"},
    Property{.name = "AssumeRolePolicyDocument", .shape = document, .required = true},
    Property{.name = "Policies", .shape = objects, .members = kInlinePolicy},
    Property{.name = "ManagedPolicyArns", .shape = texts},
    aws_only("Description"),
    aws_only("MaxSessionDuration"),
    aws_only("Tags"),
};

// AWS::Logs::LogGroup. (AWS CloudFormation template reference)
constexpr std::array kLogGroupProperties = {
    Property{.name = "LogGroupName"}, aws_only("KmsKeyId"), aws_only("LogGroupClass"),
    aws_only("RetentionInDays"),      aws_only("Tags"),
};

constexpr std::array kTypes = {
    ResourceType{.name = kFunction,
                 .name_property = "FunctionName",
                 .name_length_max = 64,
                 .name_characters = "",
                 .properties = kFunctionProperties},
    ResourceType{.name = kTable,
                 .name_property = "TableName",
                 .name_length_min = 3,
                 .name_length_max = 255,
                 .name_characters = ".",
                 .properties = kTableProperties},
    ResourceType{.name = kTopic,
                 .name_property = "TopicName",
                 .name_length_max = 256,
                 .name_characters = "",
                 .properties = kTopicProperties},
    ResourceType{.name = kRole,
                 .name_property = "RoleName",
                 .name_length_max = 64,
                 .name_characters = "+=,.@",
                 .properties = kRoleProperties},
    ResourceType{.name = kLogGroup,
                 .name_property = "LogGroupName",
                 .name_length_max = 512,
                 .name_characters = "./#",
                 .properties = kLogGroupProperties},
};

void collect_aws_only(const std::string& path, std::span<const Property> properties, std::vector<std::string>& list) {
    for (const Property& property : properties) {
        const std::string inner = fmt::format("{}.{}", path, property.name);
        if (property.aws_only) list.push_back(inner);
        collect_aws_only(inner, property.members, list);
    }
}

}  // namespace

std::span<const ResourceType> resource_types() {
    return kTypes;
}

const ResourceType* find_type(std::string_view name) {
    const auto found = std::ranges::find(kTypes, name, &ResourceType::name);
    return found == kTypes.end() ? nullptr : &*found;
}

Attributes attributes_of(std::string_view type, std::string_view name, const Target& target) {
    const auto arn = [&](std::string_view service, std::string_view rest) {
        return fmt::format("arn:aws:{}:{}:{}:{}{}", service, target.region, target.account, rest, name);
    };
    const std::string own_name(name);
    if (type == kFunction) return {.reference = own_name, .named = {{"Arn", arn("lambda", "function:")}}};
    if (type == kTable) return {.reference = own_name, .named = {{"Arn", arn("dynamodb", "table/")}}};
    if (type == kTopic)
        return {.reference = arn("sns", ""), .named = {{"TopicArn", arn("sns", "")}, {"TopicName", own_name}}};
    if (type == kRole) {
        return {.reference = own_name,
                .named = {{"Arn", fmt::format("arn:aws:iam::{}:role/{}", target.account, name)}}};
    }
    // The ARN of a log group ends with the pattern of its streams. (CloudFormation, AWS::Logs::LogGroup)
    return {.reference = own_name, .named = {{"Arn", arn("logs", "log-group:") + ":*"}}};
}

std::vector<std::string> aws_only_properties() {
    std::vector<std::string> list;
    for (const ResourceType& type : kTypes) collect_aws_only(std::string(type.name), type.properties, list);
    for (const std::string_view name : kFunctionMetadata)
        list.push_back(fmt::format("{}.Metadata.{}", kFunction, name));
    return list;
}

std::span<const std::string_view> aws_only_metadata() {
    return kFunctionMetadata;
}

std::span<const std::string_view> managed_policies() {
    return kManagedPolicies;
}

std::optional<std::string_view> managed_policy(std::string_view arn) {
    if (arn == kManagedPolicies[0]) {
        return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":)"
               R"(["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]})";
    }
    if (arn == kManagedPolicies[1]) {
        return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":)"
               R"(["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents",)"
               R"("lambda:CheckpointDurableExecution","lambda:GetDurableExecutionState"],"Resource":"*"}]})";
    }
    return std::nullopt;
}

}  // namespace holdpoint::stacks
