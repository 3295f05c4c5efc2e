// Tables of a template: what AWS::DynamoDB::Table and AWS::Serverless::SimpleTable say. (CloudFormation and AWS SAM
// template reference)
#pragma once

#include <string>
#include <vector>

#include "stacks/plan.hpp"
#include "stacks/property_reader.hpp"

namespace holdpoint::stacks {

/// What is for AWS only within an index goes to `aws_only`.
[[nodiscard]] TablePlan read_table(const PropertyReader& properties, const std::string& logical_id,
                                   const std::string& name, std::vector<std::string>& aws_only);

/// A table with a partition key and nothing else.
[[nodiscard]] TablePlan read_simple_table(const PropertyReader& properties, const std::string& logical_id,
                                          const std::string& name);

}  // namespace holdpoint::stacks
