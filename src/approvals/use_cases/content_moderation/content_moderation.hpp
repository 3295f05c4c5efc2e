// Content moderation: holds a piece of content, asks the moderators, and publishes or removes it.
#pragma once

#include "approvals/use_cases/content_moderation/content.hpp"
#include "approvals/use_cases/content_moderation/contents.hpp"
#include "approvals/workflow/workflow.hpp"

namespace holdpoint::approvals {

/// All outlive the handler.
struct ModerationServices {
    const WorkflowServices& approvals;
    const ModerationRules& rules;
    Contents& contents;
};

/// superseded: a later review of the same content counts, and this one changed nothing.
enum class ReviewOutcome { published, removed, held, superseded };
BOOST_DESCRIBE_ENUM(ReviewOutcome, published, removed, held, superseded)

/// `decision` is approved, rejected or timeout; nobody was asked when there is none.
struct ReviewResult {
    std::string approval_id;
    std::string content_id;
    ReviewOutcome outcome = ReviewOutcome::held;
    std::optional<std::string> decision = {};
    std::optional<std::string> approver = {};
    std::optional<std::string> comments = {};
    std::optional<std::string> decided_at = {};
};
BOOST_DESCRIBE_STRUCT(ReviewResult, (), (approval_id, content_id, outcome, decision, approver, comments, decided_at))

[[nodiscard]] ReviewResult run_content_moderation(durable::Context& context, const durable::Json& event,
                                                  const ModerationServices& services);

}  // namespace holdpoint::approvals
