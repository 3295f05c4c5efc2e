// Content: what is held until a moderator has looked at it, and what becomes of it. Functions over values.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "approvals/use_cases/request.hpp"
#include "approvals/use_cases/settings.hpp"

namespace holdpoint::approvals {

enum class ContentState { held, published, removed };
BOOST_DESCRIBE_ENUM(ContentState, held, published, removed)

struct ModerationRules {
    Approvers moderators;
    std::int64_t urgent_timeout_seconds = 3600;
};

/// MODERATORS, URGENT_TIMEOUT_SECONDS (at most `timeout_max`). ConfigurationError naming the variable.
[[nodiscard]] Result<ModerationRules> moderation_rules(Settings settings, std::int64_t timeout_max);

struct Content {
    std::string content_id;
    std::string title;
    std::string author;  // who never decides it
    std::string reason;  // why somebody has to look at it
    bool urgent = false;
    std::optional<std::string> excerpt;
    std::optional<std::string> link;  // where moderators see it: http or https
    std::optional<std::int64_t> timeout_seconds;
};

/// The event of the function. InvalidEvent, with the member's path.
[[nodiscard]] Result<Content> read_content(const durable::Json& event, std::int64_t timeout_max);

/// What moderators are asked.
[[nodiscard]] Request make_request(const Content& content, const ModerationRules& rules);

/// Approved: published; rejected: removed. When nobody decided in time, what is urgent is removed; the rest stays held,
/// where it harms nobody.
[[nodiscard]] ContentState state_after(ApprovalStatus outcome, bool urgent);

}  // namespace holdpoint::approvals
