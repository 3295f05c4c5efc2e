// Shape: what holds of every template, whatever it means.
#pragma once

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// Sections and properties are mappings, nothing is null but in Metadata, and what DependsOn names is there.
/// (CloudFormation user guide, "Template sections")
void check_shape(const Document& document, Problems& problems);

}  // namespace holdpoint::stacks
