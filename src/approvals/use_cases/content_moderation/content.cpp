#include "approvals/use_cases/content_moderation/content.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

Result<ModerationRules> moderation_rules(Settings settings, std::int64_t timeout_max) {
    ModerationRules rules;
    rules.moderators = settings.approvers("MODERATORS");
    rules.urgent_timeout_seconds = settings.number("URGENT_TIMEOUT_SECONDS", 1, timeout_max);
    return unless_wrong(std::move(rules), settings);
}

Result<Content> read_content(const durable::Json& event, std::int64_t timeout_max) {
    Reader::Problem problem;
    const Reader reader(&event, "", problem);
    reader.only({"content_id", "title", "author", "reason", "urgent", "excerpt", "link", "timeout_seconds"});
    Content content;
    content.content_id = reader.member("content_id").text(kIdMax);
    content.title = reader.member("title").text(kTextMax);
    content.author = reader.member("author").text(kIdMax);
    content.reason = reader.member("reason").text(kTextMax);
    if (reader.has("urgent")) content.urgent = reader.member("urgent").flag();
    if (reader.has("excerpt")) content.excerpt = reader.member("excerpt").lines(kTextMax);
    if (reader.has("link")) content.link = reader.member("link").link();
    if (reader.has("timeout_seconds")) {
        content.timeout_seconds = reader.member("timeout_seconds").number(1, timeout_max);
    }
    if (problem) return fail("InvalidEvent", 400, std::move(*problem));
    return content;
}

Request make_request(const Content& content, const ModerationRules& rules) {
    Policy policy;
    policy.name = "moderation";
    policy.stages = {make_stage("moderator", rules.moderators)};
    auto timeout = content.timeout_seconds;
    if (!timeout && content.urgent) timeout = rules.urgent_timeout_seconds;
    return {.document_id = content.content_id,
            .document_name = content.urgent ? fmt::format("Urgent: {}", content.title) : content.title,
            .requester = content.author,
            .fields = {{"Reason", content.reason},
                       {"Excerpt", content.excerpt.value_or("")},
                       {"When nobody decides", content.urgent ? "it is removed" : "it stays held"}},
            .link = content.link,
            .kind = ApprovalKind::content,
            .policy = std::move(policy),
            .timeout_seconds = timeout};
}

ContentState state_after(ApprovalStatus outcome, bool urgent) {
    switch (outcome) {
        case ApprovalStatus::approved:
            return ContentState::published;
        case ApprovalStatus::rejected:
            return ContentState::removed;
        case ApprovalStatus::timeout:
            return urgent ? ContentState::removed : ContentState::held;
        case ApprovalStatus::pending:
            break;
    }
    return ContentState::held;
}

}  // namespace holdpoint::approvals
