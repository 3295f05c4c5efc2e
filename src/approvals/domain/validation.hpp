// Validation: what may come in, and what is said about anything else. Every error names the field.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "approvals/domain/amending.hpp"
#include "approvals/domain/models.hpp"
#include "base/result.hpp"

namespace holdpoint::approvals {

/// Whether this request may be made under the policy: it finds its people, and ends within `timeout_max` seconds also
/// when its deadline moves. InvalidEvent.
[[nodiscard]] Result<void> check_policy(const PinnedPolicy& policy, const std::string& requester,
                                        std::int64_t timeout_seconds, std::int64_t timeout_max);

/// `timeout_max` seconds is the longest that an event may ask for, `default_timeout` what it gets without. Unknown
/// members are ignored, unless they are misspelt known ones (spelling.hpp). InvalidEvent.
[[nodiscard]] Result<WorkflowEvent> read_event(const durable::Json& json, std::int64_t default_timeout,
                                               std::int64_t timeout_max);

/// `decided_by` is accepted for `approver`; `shown_digest` may be left out. Misspelt members are refused.
/// INVALID_REQUEST; nothing ever defaults to a decision.
[[nodiscard]] Result<ApprovalDecisionRequest> read_decision(const durable::Json& json);
/// document_name, link, fields, shown_digest: what is there, changes; null takes a link or a field away. Misspelt
/// members are refused. INVALID_REQUEST.
[[nodiscard]] Result<Amendment> read_amendment(const durable::Json& json, const Identity& requester);
/// Somebody's name. INVALID_REQUEST.
[[nodiscard]] Result<std::string> read_person(const durable::Json& json, std::string_view field);
[[nodiscard]] Result<std::string> read_approval_id(const durable::Json& json);

/// newest: the latest created_at first. urgent: the earliest expires_at first.
enum class ListOrder { newest, urgent };
BOOST_DESCRIBE_ENUM(ListOrder, newest, urgent)

struct ListRequest {
    ApprovalStatus status = ApprovalStatus::pending;
    ListOrder order = ListOrder::newest;
    std::int64_t limit = 20;  // 1..100
    std::string next_token;
};
[[nodiscard]] Result<ListRequest> read_list(const durable::Json& json);

/// A member that must be text of 1 to `max` characters, none of which is a control character.
[[nodiscard]] Result<std::string> read_text(const durable::Json& json, std::string_view field, std::size_t max,
                                            std::string_view error_name);

}  // namespace holdpoint::approvals
