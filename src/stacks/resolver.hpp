// Resolver: replaces the intrinsic functions of a template (Ref, Fn::GetAtt, Fn::Sub, Fn::Join, Fn::Split, Fn::Select,
// Fn::If, Fn::FindInMap) by what they mean.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "stacks/conditions.hpp"
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

constexpr std::string_view kTable = "AWS::DynamoDB::Table";
constexpr std::string_view kSimpleTable = "AWS::Serverless::SimpleTable";
constexpr std::string_view kHttpApi = "AWS::Serverless::HttpApi";
constexpr std::string_view kSubscription = "AWS::SNS::Subscription";
/// Lets other services invoke a function: here those may that a template or a caller's own policies let.
constexpr std::string_view kPermission = "AWS::Lambda::Permission";
/// The API that SAM makes for routes that name none.
constexpr std::string_view kImplicitApi = "ServerlessHttpApi";

class Resolver {
public:
    Resolver(const Document& document, std::map<std::string, boost::json::value> parameters, const Target& target,
             Problems& problems);

    /// `value` without intrinsic functions. What cannot be resolved goes to the problems, under `path`.
    [[nodiscard]] boost::json::value resolve(const boost::json::value& value, const std::string& path);
    /// The same of something that may be left out: nothing for AWS::NoValue.
    [[nodiscard]] std::optional<boost::json::value> resolve_if_there(const boost::json::value& value,
                                                                     const std::string& path);
    /// Whether `value` is AWS::NoValue, or comes to it.
    [[nodiscard]] bool is_left_out(const boost::json::value& value, const std::string& path);
    [[nodiscard]] Conditions& conditions() { return conditions_; }
    /// Whether a resource's, or an output's, Condition holds, if it has one.
    [[nodiscard]] bool is_made(const boost::json::object& part, const std::string& path);
    /// The name that a resource has: its name property, or a generated one.
    [[nodiscard]] std::string physical_name(const std::string& logical_id);
    /// The name of a resource without a name property: `<stack>-<logical id>`, shortened where that is too long for its
    /// type.
    [[nodiscard]] std::string generated_name(const std::string& logical_id) const;
    [[nodiscard]] std::string role_arn(const std::string& name) const;
    /// Of what a service has in the region and account of the stack.
    [[nodiscard]] std::string arn(std::string_view service, std::string_view rest) const;
    /// The id of an HTTP API, the same whenever the stack is deployed.
    [[nodiscard]] std::string api_id(const std::string& logical_id) const;
    [[nodiscard]] bool has_resource(const std::string& logical_id) const;
    /// `Ref` and `Fn::GetAtt` of a resource.
    [[nodiscard]] std::string reference(const std::string& logical_id, const std::string& path);
    [[nodiscard]] std::string attribute(const std::string& logical_id, const std::string& name,
                                        const std::string& path);

private:
    /// What Fn::If chooses, and what that chooses; nullptr for AWS::NoValue.
    [[nodiscard]] const boost::json::value* choose(const boost::json::value& value, const std::string& path);
    [[nodiscard]] boost::json::value resolve_chosen(const boost::json::value& value, const std::string& path);
    [[nodiscard]] std::optional<boost::json::value> resolve_function(const std::string& name,
                                                                     const boost::json::value& argument,
                                                                     const std::string& path);
    [[nodiscard]] boost::json::value find_in_map(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] boost::json::value resolve_for_condition(const boost::json::value& value, const std::string& path);
    /// Says so when a condition refers to a resource, which it cannot.
    [[nodiscard]] bool refuse_in_condition(const std::string& logical_id, const std::string& path);
    /// The resource, if it is made; the problem otherwise.
    [[nodiscard]] const boost::json::object* made_resource(const std::string& logical_id, const std::string& path,
                                                           std::string_view otherwise);
    [[nodiscard]] boost::json::value resolve_reference(const std::string& name, const std::string& path);
    [[nodiscard]] std::string substitute(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] bool is_too_long(const std::string& text, const std::string& path);
    /// What Fn::Sub puts for `${name}`.
    [[nodiscard]] std::string text_for(const std::string& name, const boost::json::value& value,
                                       const std::string& path);
    [[nodiscard]] boost::json::value select(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] boost::json::array split(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] std::string join(const boost::json::value& argument, const std::string& path);
    /// Addresses of the template's HTTP APIs as they are reached here: https://<id>.execute-api.<region>.amazonaws.com
    /// becomes <server>/_apis/<id>.
    [[nodiscard]] std::string with_local_urls(std::string text) const;
    /// A function's own, or that of Globals.
    [[nodiscard]] const boost::json::value* auto_publish_alias(const boost::json::object& resource) const;
    /// `Ref` of <function>.Alias: the ARN of the alias that AutoPublishAlias makes. (AWS SAM, generated resources)
    [[nodiscard]] std::string alias_reference(const std::string& logical_id, const std::string& what,
                                              const std::string& path);
    /// The function whose role SAM makes, for want of another, under this logical id: <function>Role. Empty for any
    /// other id. (AWS SAM, generated resources)
    [[nodiscard]] std::string function_of_role(const std::string& logical_id) const;
    [[nodiscard]] std::string type_of(const std::string& logical_id) const;
    [[nodiscard]] const boost::json::object* resource(const std::string& logical_id) const;

    const Document& document_;
    std::map<std::string, boost::json::value> parameters_;
    const Target& target_;
    Problems& problems_;
    Conditions conditions_;
    bool in_condition_ = false;
    std::map<std::string, std::string> names_;  // of resources with a name property, once they are known
    std::set<std::string> under_way_;           // resources whose names are being resolved: to find circles
};

/// Type of a resource, such as "AWS::SNS::Topic"; empty when it has none.
[[nodiscard]] std::string resource_type(const boost::json::object& resource);
/// Whether it stands for something else: {"Ref": …} or {"Fn::…": …}.
[[nodiscard]] bool is_intrinsic(const boost::json::value& value);
/// A value as it stands in text: numbers and booleans too, as a template writes them.
[[nodiscard]] std::string text_of(const boost::json::value& value);

}  // namespace holdpoint::stacks
