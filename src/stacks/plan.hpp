// Plan: what a template means on this server: the resources to have, with every property resolved. (AWS SAM and
// CloudFormation template reference)
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "stacks/parameters.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

struct RolePlan {
    std::string logical_id;
    std::string name;
    std::vector<std::pair<std::string, std::string>> policies;  // name, document (JSON text)
};

struct TablePlan {
    std::string logical_id;
    std::string name;
    boost::json::object create_table;  // a CreateTable request
    std::string ttl_attribute;         // empty: items do not expire
    bool retain = false;               // DeletionPolicy: Retain
};

struct TopicPlan {
    std::string logical_id;
    std::string name;
    std::map<std::string, std::string> attributes;
    std::vector<std::pair<std::string, std::string>> subscriptions;  // protocol, endpoint
};

struct LogGroupPlan {
    std::string logical_id;
    std::string name;
};

struct FunctionPlan {
    std::string logical_id;
    std::string name;
    std::string role_arn;
    std::string description;
    std::string executable;  // Metadata.HoldpointExecutable
    std::int64_t timeout_seconds = 3;
    std::int64_t memory_mb = 128;
    std::map<std::string, std::string> environment;
    std::optional<std::int64_t> execution_timeout_seconds;  // with DurableConfig
    std::int64_t retention_days = 14;
    bool tenant_isolation = false;  // with TenancyConfig
    std::string log_group;
};

struct Output {
    std::string key;
    std::string value;
    std::string description;
};

struct Plan {
    std::string description;
    std::map<std::string, std::string> parameters;
    std::vector<RolePlan> roles;
    std::vector<TablePlan> tables;
    std::vector<TopicPlan> topics;
    std::vector<LogGroupPlan> log_groups;
    std::vector<FunctionPlan> functions;
    std::vector<Output> outputs;
    std::vector<std::string> aws_only;  // "Resource.Property": means nothing on one machine
};

/// TemplateError with everything that is wrong or not supported, each with its path and line.
[[nodiscard]] Result<Plan> make_plan(std::string_view template_text, const ParameterValues& parameters,
                                     const Target& target);

}  // namespace holdpoint::stacks
