// Configuration: the functions' environment, read once at their start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "approvals/repository/repository.hpp"
#include "approvals/web/oidc/single_sign_on.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

enum class WaitMode { polling, callback };

struct WorkflowConfiguration {
    TableNames tables;
    std::string topic_arn;
    std::string api_function;         // shown in notifications
    std::string inbox_url = {};       // the same; empty: there is no page
    std::string mail_topic_arn = {};  // of personal messages; empty: there are none
    std::int64_t approval_timeout_seconds = 300;
    std::int64_t execution_timeout_seconds = 90000;
    WaitMode wait_mode = WaitMode::polling;
    std::int64_t poll_interval_seconds = 5;

    /// An hour less than the execution may take: time for everything else.
    [[nodiscard]] std::int64_t timeout_max() const { return execution_timeout_seconds - 3600; }
};

/// APPROVALS_TABLE_NAME, AUDIT_TABLE_NAME, SNS_TOPIC_ARN, APPROVAL_TIMEOUT_SECONDS, EXECUTION_TIMEOUT_SECONDS,
/// APPROVAL_WAIT_MODE, POLL_INTERVAL_SECONDS, INBOX_URL and MAIL_TOPIC_ARN (may be missing). ConfigurationError naming
/// the variable.
[[nodiscard]] Result<WorkflowConfiguration> workflow_configuration();
[[nodiscard]] Result<TableNames> table_names();
/// SETTINGS_TABLE_NAME; empty in a stack of before there was one: nobody can sign in, all else works.
[[nodiscard]] std::string settings_table();
/// SNS_TOPIC_ARN and MAIL_TOPIC_ARN, of the two those that are set: where this stack's messages go.
[[nodiscard]] std::vector<std::string> message_topics();
/// OIDC_ISSUER (empty: there is no single sign-on), OIDC_CLIENT_ID, OIDC_CLIENT_SECRET (may be missing),
/// OIDC_GROUPS_CLAIM, OIDC_EMAIL (verified or assumed), INBOX_URL.
[[nodiscard]] Result<std::optional<oidc::Settings>> single_sign_on();

}  // namespace holdpoint::approvals
