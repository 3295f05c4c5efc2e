// CloudFormation's answers as XML: what stands inside `<ActionResult>`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stacks/stack.hpp"

namespace holdpoint::api::cloudformation {

/// A page of stacks; `next_token` is empty when nothing is left.
[[nodiscard]] std::string stacks_xml(const std::vector<stacks::Stack>& page, std::string_view next_token);
[[nodiscard]] std::string stack_summaries_xml(const std::vector<stacks::Stack>& page, std::string_view next_token);
[[nodiscard]] std::string resources_xml(const stacks::Stack& stack,
                                        const std::vector<stacks::StackResource>& resources);
[[nodiscard]] std::string resource_summaries_xml(const std::vector<stacks::StackResource>& resources);
[[nodiscard]] std::string template_xml(const stacks::Stack& stack);

}  // namespace holdpoint::api::cloudformation
