#include "server/condition_values.hpp"

#include "identity/roles.hpp"

namespace holdpoint::server {

namespace {

std::vector<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::vector<std::string>() : std::vector<std::string>{text};
}

}  // namespace

std::vector<std::string> condition_values(std::string_view key, const api::Caller& caller, const RequestFacts& facts,
                                          const api::ServiceKeys& keys) {
    if (key == "aws:PrincipalAccount" || key == "aws:SourceAccount") return {caller.account};
    // Of a session: its role's. (IAM user guide, "AWS global condition context keys")
    if (key == "aws:PrincipalArn") {
        return {caller.role_name.empty() ? caller.arn : identity::role_arn(caller.account, caller.role_name)};
    }
    if (key == "aws:PrincipalType") return {"AssumedRole"};
    if (key == "aws:userid") return {caller.user_id};
    if (key == "aws:SourceIp") return unless_empty(facts.peer_address);
    if (key == "aws:SecureTransport") return {facts.is_secure ? "true" : "false"};
    if (key == "aws:CurrentTime") return {to_iso8601(facts.at)};
    if (key == "aws:EpochTime") return {std::to_string(to_epoch_ms(facts.at) / 1000)};
    if (key == "aws:UserAgent") return unless_empty(facts.user_agent);
    if (key == "aws:RequestedRegion") return {facts.region};
    return keys ? keys(key) : std::vector<std::string>();
}

}  // namespace holdpoint::server
