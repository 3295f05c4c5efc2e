// Resolver: replaces the intrinsic functions of a template (Ref, Fn::GetAtt, Fn::Sub, Fn::Join) by what they mean.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <set>
#include <string>

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// Where a stack is deployed.
struct Target {
    std::string stack_name;
    std::string stack_id;  // ARN
    std::string region;
    std::string account;
    std::string endpoint_url = {};  // of the server, where its HTTP APIs are reached
};

constexpr std::string_view kHttpApi = "AWS::Serverless::HttpApi";
/// The API that SAM makes for routes that name none.
constexpr std::string_view kImplicitApi = "ServerlessHttpApi";

class Resolver {
public:
    Resolver(const Document& document, std::map<std::string, boost::json::value> parameters, const Target& target,
             Problems& problems);

    /// `value` without intrinsic functions. What cannot be resolved goes to the problems, under `path`.
    [[nodiscard]] boost::json::value resolve(const boost::json::value& value, const std::string& path);
    /// The name that a resource has: its name property, or `<stack>-<logical id>`.
    [[nodiscard]] std::string physical_name(const std::string& logical_id);
    /// The name of a resource without a name property.
    [[nodiscard]] std::string generated_name(const std::string& logical_id) const;
    [[nodiscard]] std::string role_arn(const std::string& name) const;
    /// The id of an HTTP API, the same whenever the stack is deployed.
    [[nodiscard]] std::string api_id(const std::string& logical_id) const;
    [[nodiscard]] bool has_resource(const std::string& logical_id) const;
    /// `Ref` and `Fn::GetAtt` of a resource.
    [[nodiscard]] std::string reference(const std::string& logical_id, const std::string& path);
    [[nodiscard]] std::string attribute(const std::string& logical_id, const std::string& name,
                                        const std::string& path);

private:
    [[nodiscard]] boost::json::value resolve_reference(const std::string& name, const std::string& path);
    [[nodiscard]] std::string substitute(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] std::string join(const boost::json::value& argument, const std::string& path);
    /// Addresses of the template's HTTP APIs as they are reached here: https://<id>.execute-api.<region>.amazonaws.com
    /// becomes <server>/_apis/<id>.
    [[nodiscard]] std::string with_local_urls(std::string text) const;
    /// `Ref` of <function>.Alias: the ARN of the alias that AutoPublishAlias makes. (AWS SAM, generated resources)
    [[nodiscard]] std::string alias_reference(const std::string& logical_id, const std::string& what,
                                              const std::string& path);
    [[nodiscard]] std::string type_of(const std::string& logical_id) const;
    [[nodiscard]] const boost::json::object* resource(const std::string& logical_id) const;

    const Document& document_;
    std::map<std::string, boost::json::value> parameters_;
    const Target& target_;
    Problems& problems_;
    std::set<std::string> under_way_;  // resources whose names are being resolved: to find circles
};

/// Type of a resource, such as "AWS::SNS::Topic"; empty when it has none.
[[nodiscard]] std::string resource_type(const boost::json::object& resource);
/// A value as it stands in text: numbers and booleans too.
[[nodiscard]] std::string text_of(const boost::json::value& value);

}  // namespace holdpoint::stacks
