// Properties: which properties of which resource type this server uses, accepts because they mean something on AWS
// alone, or refuses. docs/template.md shows the same lists.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace holdpoint::stacks {

enum class Support { used, aws_only, refused };

/// `property` of a resource type, such as ("AWS::DynamoDB::Table", "BillingMode").
[[nodiscard]] Support support_of(std::string_view type, std::string_view property);
/// Whether SAM lets the template's Globals say it for all resources of the type.
[[nodiscard]] bool is_global(std::string_view type, std::string_view property);
[[nodiscard]] bool is_supported_type(std::string_view type);

/// "A, B and C are": the types that are supported.
[[nodiscard]] std::string supported_types();

/// "did you mean Timeout?": that one of `known` which `name` is perhaps a misspelling of; empty: none.
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);
/// The same of a resource type's properties.
[[nodiscard]] std::string did_you_mean_property(std::string_view type, std::string_view name);

/// "A, B and C are", for a message that says what is not.
[[nodiscard]] std::string all_are(std::span<const std::string_view> names);

}  // namespace holdpoint::stacks
