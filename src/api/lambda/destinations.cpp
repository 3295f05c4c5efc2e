// Where outcomes of asynchronous invocations may go: the function's role must allow it, as on AWS, when that is
// configured and again whenever one is sent, because versions have roles of their own and roles change.
#include <fmt/format.h>

#include "api/lambda/operation.hpp"
#include "identity/policy.hpp"
#include "identity/roles.hpp"

namespace holdpoint::api {

namespace {

/// What AWS knows of a call that Lambda makes in a role's name. (IAM user guide, "AWS global condition context keys")
std::vector<std::string> values_of(std::string_view key, const Context& context, std::string_view role) {
    if (key == "aws:PrincipalAccount" || key == "aws:SourceAccount") return {context.account};
    if (key == "aws:PrincipalArn") return {identity::role_arn(context.account, role)};
    if (key == "aws:PrincipalType") return {"AssumedRole"};
    if (key == "aws:SecureTransport") return {"true"};  // it stays within this process
    if (key == "aws:CurrentTime") return {to_iso8601(context.clock.now())};
    if (key == "aws:EpochTime") return {std::to_string(to_epoch_ms(context.clock.now()) / 1000)};
    if (key == "aws:RequestedRegion") return {context.region};
    return {};
}

/// The ARN that policies are asked about.
Result<std::string> target_function(const Context& context, const RowReader& rows, const std::string& destination) {
    const auto reference = functions::read_reference(destination);
    if (!reference) return std::unexpected(reference.error());
    const auto target = functions::resolve(rows, *reference, context.region, context.account);
    if (!target) return std::unexpected(target.error());
    if (target->durable) {
        return invalid_parameter(
            fmt::format("The destination {} is a durable function, which is not supported.", destination));
    }
    if (target->tenant_isolation) {
        return invalid_parameter(
            fmt::format("The destination {} is enabled with tenancy configuration, and its invocation would name "
                        "no tenant.",
                        destination));
    }
    return functions::function_arn(context.region, context.account, reference->name, reference->qualifier);
}

/// The policies of a role as it is in `rows`, which may not be committed yet: known by the row itself.
identity::PolicyCache::Policies policies_of(identity::PolicyCache& cache, const RowReader& rows,
                                            const std::string& role) {
    const std::uint64_t version = std::hash<std::string>()(rows.get(Space::roles, role).value_or(""));
    auto policies = cache.kept(role, version);
    return policies ? policies : cache.read(rows, role, version);
}

Result<void> check_permission(const Context& context, identity::PolicyCache& cache, const RowReader& rows,
                              const functions::Function& function, const std::string& destination) {
    if (destination.empty()) return {};
    const bool topic = destination.starts_with("arn:aws:sns:");
    const auto resource = topic ? Result<std::string>(destination) : target_function(context, rows, destination);
    if (!resource) return std::unexpected(resource.error());
    const std::string role(identity::role_name_of(function.role_arn));
    const identity::Access access{.action = topic ? "sns:Publish" : "lambda:InvokeFunction",
                                  .resource = *resource,
                                  .context = [&](std::string_view key) { return values_of(key, context, role); }};
    if (identity::evaluate(*policies_of(cache, rows, role), access) == identity::Verdict::allowed) return {};
    return invalid_parameter(fmt::format("The function's execution role does not have permissions to call {} on {}",
                                         topic ? "Publish" : "InvokeFunction", destination));
}

}  // namespace

Result<void> check_permission(const Context& context, const RowReader& rows, const functions::Function& function,
                              const std::string& destination) {
    identity::PolicyCache cache;
    return check_permission(context, cache, rows, function, destination);
}

engine::MaySend may_send(const Context& context) {
    return [context, cache = std::make_shared<identity::PolicyCache>()](
               const RowReader& rows, const functions::Function& invoked, const std::string& target) {
        return check_permission(context, *cache, rows, invoked, target);
    };
}

}  // namespace holdpoint::api
