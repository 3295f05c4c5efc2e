#include "approvals/configuration.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.hpp"

namespace holdpoint::approvals {

namespace {

std::unexpected<Error> wrong(std::string_view name, std::string_view expected) {
    return fail("ConfigurationError", 500, fmt::format("The environment variable {} must be {}.", name, expected));
}

Result<std::string> text(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return wrong(name, "set");
    return std::string(value);
}

Result<std::int64_t> number(const char* name, std::int64_t min, std::int64_t max) {
    const auto value = text(name);
    if (!value) return std::unexpected(value.error());
    const auto result = read_number<std::int64_t>(*value);
    if (!result || *result < min || *result > max)
        return wrong(name, fmt::format("a whole number from {} to {}", min, max));
    return *result;
}

/// The sibling of app-sam-Workflow, and of a use case's app-sam-Workflow-expenses, is app-sam-ApprovalApi.
std::string api_function_name() {
    const char* own = std::getenv("AWS_LAMBDA_FUNCTION_NAME");
    const std::string name = own == nullptr ? "" : own;
    return name.substr(0, name.rfind("-Workflow")) + "-ApprovalApi";
}

}  // namespace

Result<TableNames> table_names() {
    auto approvals = text("APPROVALS_TABLE_NAME");
    if (!approvals) return std::unexpected(approvals.error());
    auto audit = text("AUDIT_TABLE_NAME");
    if (!audit) return std::unexpected(audit.error());
    return TableNames{.approvals = std::move(*approvals), .audit = std::move(*audit)};
}

std::string settings_table() {
    return text("SETTINGS_TABLE_NAME").value_or("");
}

std::vector<std::string> message_topics() {
    std::vector<std::string> topics;
    for (const char* name : {"SNS_TOPIC_ARN", "MAIL_TOPIC_ARN"}) {
        if (auto topic = text(name)) topics.push_back(std::move(*topic));
    }
    return topics;
}

Result<std::optional<oidc::Settings>> single_sign_on() {
    const std::string issuer = text("OIDC_ISSUER").value_or("");
    if (issuer.empty()) return std::nullopt;
    if (!oidc::parse_address(issuer)) return wrong("OIDC_ISSUER", "an https address");
    const auto client_id = text("OIDC_CLIENT_ID");
    if (!client_id) return std::unexpected(client_id.error());
    const std::string inbox = text("INBOX_URL").value_or("");
    if (!oidc::parse_address(inbox) || !inbox.ends_with('/'))
        return wrong("INBOX_URL", "the page's https address, which ends with /");
    const std::string email = text("OIDC_EMAIL").value_or("verified");
    if (email != "verified" && email != "assumed") return wrong("OIDC_EMAIL", "verified or assumed");
    return oidc::Settings{
        .client = {.issuer = issuer, .client_id = *client_id, .client_secret = text("OIDC_CLIENT_SECRET").value_or("")},
        .inbox_url = inbox,
        .groups_claim = text("OIDC_GROUPS_CLAIM").value_or("groups"),
        .email_must_be_verified = email == "verified"};
}

Result<WorkflowConfiguration> workflow_configuration() {
    WorkflowConfiguration configuration;
    auto tables = table_names();
    if (!tables) return std::unexpected(tables.error());
    configuration.tables = std::move(*tables);
    auto topic = text("SNS_TOPIC_ARN");
    if (!topic) return std::unexpected(topic.error());
    configuration.topic_arn = std::move(*topic);
    configuration.api_function = api_function_name();
    configuration.inbox_url = text("INBOX_URL").value_or("");
    configuration.mail_topic_arn = text("MAIL_TOPIC_ARN").value_or("");
    const auto execution = number("EXECUTION_TIMEOUT_SECONDS", 3660, 31622400);
    if (!execution) return std::unexpected(execution.error());
    configuration.execution_timeout_seconds = *execution;
    const auto timeout = number("APPROVAL_TIMEOUT_SECONDS", 1, configuration.timeout_max());
    if (!timeout) return std::unexpected(timeout.error());
    configuration.approval_timeout_seconds = *timeout;
    const auto interval = number("POLL_INTERVAL_SECONDS", 1, 86400);
    if (!interval) return std::unexpected(interval.error());
    configuration.poll_interval_seconds = *interval;
    const auto mode = text("APPROVAL_WAIT_MODE");
    if (!mode) return std::unexpected(mode.error());
    if (*mode != "polling" && *mode != "callback") return wrong("APPROVAL_WAIT_MODE", "polling or callback");
    configuration.wait_mode = *mode == "polling" ? WaitMode::polling : WaitMode::callback;
    return configuration;
}

}  // namespace holdpoint::approvals
