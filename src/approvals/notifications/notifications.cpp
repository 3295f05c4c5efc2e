#include "approvals/notifications/notifications.hpp"

#include <fmt/format.h>

#include <utility>

#include "approvals/domain/names.hpp"
#include "approvals/domain/standing.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kSubjectMax = 100;

/// Printable ASCII on one line; each other character becomes one '?'.
std::string plain(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) == 0x80U) continue;  // the rest of a character that was replaced already
        result += byte >= 0x20 && byte < 0x7F ? c : '?';
    }
    return result;
}

/// What an occasion is called where: in the subject, in the attribute `event`, and in the first sentence.
struct Words {
    std::string_view subject;
    std::string_view event;
    std::string_view sentence;
};

Words words_of(Occasion occasion) {
    switch (occasion) {
        case Occasion::requested:
            return {.subject = "Approval needed",
                    .event = "approval_requested",
                    .sentence = "asks for approval of a document."};
        case Occasion::stage_opened:
            return {.subject = "Approval needed",
                    .event = "approval_stage_opened",
                    .sentence = "asks for approval of a document. The stages before have approved it."};
        case Occasion::amended:
            return {.subject = "Changed, approval needed",
                    .event = "approval_amended",
                    .sentence =
                        "changed a document that waits for approval. What was decided before does not count any more."};
        case Occasion::reminder:
            return {.subject = "Reminder",
                    .event = "approval_reminder",
                    .sentence = "still waits for approval of a document."};
        case Occasion::escalated:
            return {.subject = "Escalated",
                    .event = "approval_escalated",
                    .sentence = "asks for approval of a document. Nobody has decided yet, so others may decide, too."};
    }
    std::unreachable();
}

/// The first that may be voted in.
std::string open_stage(const ApprovalRequest& approval) {
    const Standing standing = standing_of(approval);
    const auto open = open_stages(standing);
    return open.empty() ? "" : standing.policy.policy.stages[open.front()].name;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t max) {
    constexpr std::string_view kMark = "...";
    if (text.size() <= max) return std::string(text);
    std::size_t end = max - kMark.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + std::string(kMark);
}

std::string subject_line(std::string_view text) {
    return shortened(plain(text), kSubjectMax);
}

void add_message(aws::Parameters& parameters, const std::string& prefix, const Notification& notification) {
    parameters.emplace_back(prefix + "Subject", notification.subject);
    parameters.emplace_back(prefix + "Message", notification.message);
    int number = 0;
    for (const auto& [name, value] : notification.attributes) {
        const std::string entry = fmt::format("{}MessageAttributes.entry.{}.", prefix, ++number);
        parameters.emplace_back(entry + "Name", name);
        parameters.emplace_back(entry + "Value.DataType", "String");
        parameters.emplace_back(entry + "Value.StringValue", value);
    }
}

Notification make_notification(const ApprovalRequest& approval, const std::string& api_function,
                               const std::string& inbox_url, Occasion occasion) {
    const Words words = words_of(occasion);
    const std::string requester = one_line(approval.requester);
    // Whoever follows it has to sign in, so it may go to everybody who subscribed.
    const std::string page = inbox_url.empty() ? ""
                                               : fmt::format("To decide, in your inbox:\n  {}#/approval/{}\n\n",
                                                             inbox_url, approval.approval_id);
    Notification notification;
    notification.subject = subject_line(fmt::format("{}: {}", words.subject, approval.document_name));
    notification.message = fmt::format(
        "{} {}\n\n"
        "Document:    {} ({})\n"
        "Requester:   {}\n"
        "Approval:    {}\n"
        "Expires:     {} (UTC)\n\n"
        "{}"
        "To decide, with the Holdpoint CLI:\n"
        "  holdpoint approvals approve {} --approver YOUR-NAME --comments WHY\n"
        "  holdpoint approvals reject {} --approver YOUR-NAME --comments WHY\n\n"
        "or with the AWS CLI (use \"rejected\" to reject):\n"
        "  aws lambda invoke --function-name {} --payload "
        "'{{\"action\":\"decide\",\"approval_id\":\"{}\",\"decision\":\"approved\",\"approver\":\"YOUR-NAME\"}}' "
        "answer.json\n",
        requester, words.sentence, one_line(approval.document_name), one_line(approval.document_id), requester,
        approval.approval_id, approval.expires_at, page, approval.approval_id, approval.approval_id, api_function,
        approval.approval_id);
    notification.attributes = {{"event", std::string(words.event)},
                               {"approval_id", approval.approval_id},
                               {"document_id", approval.document_id},
                               {"requester", approval.requester}};
    if (occasion == Occasion::stage_opened) notification.attributes["stage"] = open_stage(approval);
    return notification;
}

Result<void> SnsNotifier::publish(const Notification& notification) {
    aws::Parameters parameters = {{"TopicArn", topic_arn_}};
    add_message(parameters, "", notification);
    // Told twice is better than not at all: the approval_id is the same.
    const auto answer = client_.query("sns", "2010-03-31", "Publish", parameters);
    if (!answer) return std::unexpected(answer.error());
    return {};
}

}  // namespace holdpoint::approvals
