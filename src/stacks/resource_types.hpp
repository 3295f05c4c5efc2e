// Resource types: which resources and properties a template may have here, and what others may refer to in them.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stacks/resolver.hpp"
#include "stacks/schema.hpp"

namespace holdpoint::stacks {

inline constexpr std::string_view kFunction = "AWS::Serverless::Function";
inline constexpr std::string_view kTable = "AWS::DynamoDB::Table";
inline constexpr std::string_view kTopic = "AWS::SNS::Topic";
inline constexpr std::string_view kRole = "AWS::IAM::Role";
inline constexpr std::string_view kLogGroup = "AWS::Logs::LogGroup";

struct ResourceType {
    std::string_view name;
    std::string_view name_property;  // FunctionName
    std::size_t name_length_min = 1;
    std::size_t name_length_max = 64;
    std::string_view name_characters;  // besides letters, digits, `-` and `_`
    std::span<const Property> properties;
};

/// Nothing: not supported.
[[nodiscard]] const ResourceType* find_type(std::string_view name);
[[nodiscard]] std::span<const ResourceType> resource_types();

/// What Ref and Fn::GetAtt answer for a resource of this name.
[[nodiscard]] Attributes attributes_of(std::string_view type, std::string_view name, const Target& target);

/// The written list of what is accepted but means something on AWS only: "AWS::SNS::Topic.Tags", ….
[[nodiscard]] std::vector<std::string> aws_only_properties();

/// The metadata of a function's resource that means something on AWS only (how `sam build` makes the image).
[[nodiscard]] std::span<const std::string_view> aws_only_metadata();

/// The document (JSON text) of a managed policy whose meaning is built in; nothing for others. (AWS managed policy
/// reference)
[[nodiscard]] std::optional<std::string_view> managed_policy(std::string_view arn);
[[nodiscard]] std::span<const std::string_view> managed_policies();

}  // namespace holdpoint::stacks
