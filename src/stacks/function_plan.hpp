// Functions of a template: what AWS::Serverless::Function says, but for its role. (AWS SAM template reference)
#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "stacks/plan.hpp"
#include "stacks/property_reader.hpp"

namespace holdpoint::stacks {

/// `metadata` is the resource's, or nothing.
[[nodiscard]] FunctionPlan read_function(const PropertyReader& properties, const std::string& logical_id,
                                         const std::string& name, const boost::json::value* metadata);

/// The routes that the function's Events make; `api_id` of those that name no API is empty.
[[nodiscard]] std::vector<RoutePlan> read_routes(const PropertyReader& properties, const FunctionPlan& function);

/// The schedules that the function's Events make; `name` of those that have none is empty.
[[nodiscard]] std::vector<SchedulePlan> read_schedules(const PropertyReader& properties, const FunctionPlan& function);

/// What AWS::Serverless::HttpApi says.
[[nodiscard]] HttpApiPlan read_http_api(const PropertyReader& properties, const std::string& logical_id,
                                        const std::string& api_id);

/// The topics that invoke the function: its events of the type SNS.
[[nodiscard]] std::vector<SubscriptionPlan> read_subscriptions(const PropertyReader& properties,
                                                               const FunctionPlan& function, const Resolver& resolver);
[[nodiscard]] std::map<std::string, std::string> read_subscription_attributes(const PropertyReader& properties);

}  // namespace holdpoint::stacks
