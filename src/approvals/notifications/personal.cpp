#include "approvals/notifications/personal.hpp"

#include <fmt/format.h>

#include <ranges>

#include "approvals/domain/deciding.hpp"
#include "approvals/domain/links.hpp"
#include "approvals/domain/names.hpp"
#include "approvals/domain/news.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::size_t kBatchMax = 10;  // of SNS PublishBatch
/// And of their bytes together: what a subject, attributes and the rest need is left of 262,144.
constexpr std::size_t kBatchBytesMax = 250'000;
// So that a message can be read, and mostly ten fit into one batch.
constexpr std::size_t kNameMax = 100;
constexpr std::size_t kValueMax = 300;
constexpr std::size_t kChangeMax = 150;
constexpr std::size_t kChangesMax = 20;
// A requester's message is alone in its batch.
constexpr std::size_t kCommentMax = 4096;
constexpr std::size_t kCommentsMax = 20;

void add_named(const PinnedPolicy& pinned, const std::optional<Approvers>& approvers, std::set<std::string>& people) {
    if (!approvers) return;
    for (const std::string& person : approvers->people) people.insert(person_key(person));
    for (const std::string& group : approvers->groups) {
        const auto* listed = find_group(pinned.groups, group);
        if (listed == nullptr) continue;
        for (const std::string& person : listed->second) people.insert(person_key(person));
    }
}

std::string_view event_of(Occasion occasion) {
    switch (occasion) {
        case Occasion::requested:
            return "approval_requested";
        case Occasion::stage_opened:
            return "approval_stage_opened";
        case Occasion::amended:
            return "approval_amended";
        case Occasion::reminder:
            return "approval_reminder";
        case Occasion::escalated:
            return "approval_escalated";
    }
    std::unreachable();
}

std::string_view opening_of(Occasion occasion) {
    switch (occasion) {
        case Occasion::requested:
            return "asks for your approval.";
        case Occasion::stage_opened:
            return "was approved by the stages before yours, so you are asked now.";
        case Occasion::amended:
            return "has changed. What was decided before does not count any more, so you are asked anew.";
        case Occasion::reminder:
            return "still waits for your decision.";
        case Occasion::escalated:
            return "has no decision yet, so you are asked now.";
    }
    std::unreachable();
}

std::string_view subject_of(Occasion occasion) {
    switch (occasion) {
        case Occasion::requested:
        case Occasion::stage_opened:
            return "Approval needed: ";
        case Occasion::amended:
            return "Changed, approval needed: ";
        case Occasion::reminder:
            return "Reminder, approval needed: ";
        case Occasion::escalated:
            return "Escalated to you: ";
    }
    std::unreachable();
}

/// Lines that somebody else wrote: none of them looks like one of ours, or begins with an address, of which a mail's
/// HTML would make a link.
std::string quoted(std::string_view lines, std::size_t max) {
    std::string text;
    for (const auto part : std::views::split(shortened(lines, max), '\n')) {
        // Of lines as short as that, the marks are most.
        if (text.size() >= 2 * max) return text + "> ...\n";
        text += fmt::format("> {}\n", one_line(std::string_view(part.begin(), part.end())));
    }
    return text;
}

std::string quoted(const DocumentField& field) {
    const std::string name = shortened(one_line(field.name), kNameMax);
    const bool has_lines = field.value.contains('\n');
    return quoted(fmt::format("{}:{}{}", name, has_lines ? "\n" : " ", shortened(field.value, kValueMax)),
                  kNameMax + kValueMax);
}

std::string details_of(const ApprovalRequest& approval) {
    std::string text;
    const auto line = [&](std::string_view name, std::string_view value) {
        text += fmt::format("{}: {}\n", name, shortened(one_line(value), kValueMax));
    };
    line("Document", fmt::format("{} ({})", shortened(approval.document_name, kValueMax / 2), approval.document_id));
    for (const DocumentField& field : approval.fields.value_or(std::vector<DocumentField>{})) text += quoted(field);
    if (approval.link) text += fmt::format("Where it is: {}\n", one_line(*approval.link));
    line("Requester", approval.requester);
    if (approval.policy) line("Decided by", describe(*approval.policy, approval.escalated_at.has_value()));
    return text;
}

/// What the last change changed, where the version before is still known.
std::string changes_of(const ApprovalRequest& approval) {
    if (!approval.earlier_versions || approval.earlier_versions->empty()) return {};
    const auto& before = approval.earlier_versions->back().document;
    if (!before) return {};
    std::string text = fmt::format("Changed in version {}:\n", version_of(approval));
    const auto shown = [](const Json& value) {
        const std::string* is = value.get_if<std::string>();
        return is == nullptr ? std::string("(nothing)") : shortened(one_line(*is), kChangeMax);
    };
    const Json::Array changes = changes_between(*before, document_of(approval));
    for (const Json& change : changes | std::views::take(kChangesMax)) {
        text += quoted(fmt::format("{}: {} -> {}", shortened(shown(*change.find("name")), kNameMax),
                                   shown(*change.find("before")), shown(*change.find("after"))),
                       kNameMax + 2 * kChangeMax + 10);
    }
    if (changes.size() > kChangesMax) text += fmt::format("and {} more\n", changes.size() - kChangesMax);
    return text + "\n";
}

/// What people said with the votes that a message is about; the page has the rest of it.
std::string comments_of(const std::vector<const Vote*>& votes) {
    std::string text;
    const auto says_something = [](const Vote* vote) { return !vote->comments.empty(); };
    for (const Vote* vote : votes | std::views::filter(says_something) | std::views::take(kCommentsMax)) {
        text += fmt::format("Comments of {}:\n{}", shortened(one_line(vote->person), kValueMax),
                            quoted(vote->comments, kCommentMax));
    }
    return text;
}

/// Those that made the outcome what it is.
std::vector<const Vote*> deciding_votes(const ApprovalRequest& approval) {
    std::vector<const Vote*> votes;
    if (!approval.votes) return votes;
    const Standing standing = standing_of(approval);
    for (const Vote& vote : *approval.votes) {
        const Vote* counting = counting_vote(standing, vote.stage, vote.person);
        if (counting != nullptr && *counting == vote && to_string(vote.decision) == to_string(approval.status))
            votes.push_back(&vote);
    }
    return votes;
}

/// An escalation may move the deadline.
std::int64_t link_expires(const ApprovalRequest& approval) {
    const TimePoint deadline = parse_iso8601(approval.expires_at).value_or(TimePoint{});
    const auto& escalation = policy_of(approval).escalation;
    return expires_of_link(deadline + std::chrono::seconds(escalation ? escalation->extend_seconds : 0));
}

/// What a message says of how a request stands, to who made it.
struct Outcome {
    std::string_view subject;
    std::string_view event;
    std::string sentence;
    std::vector<const Vote*> votes;
    std::string_view asks = "Open it";
};

Outcome outcome_of(const ApprovalRequest& approval) {
    const std::string decider = shortened(one_line(approval.approver.value_or("")), kValueMax);
    switch (approval.status) {
        case ApprovalStatus::pending: {
            const auto votes = changes_to_tell(approval);
            return {
                .subject = "Changes requested",
                .event = "approval_changes_requested",
                .sentence = votes.size() == 1 ? fmt::format("{} asks for changes to your request.",
                                                            shortened(one_line(votes.front()->person), kValueMax))
                                              : fmt::format("{} people ask for changes to your request.", votes.size()),
                .votes = votes,
                .asks = is_amendable(approval) ? "Open it and change the document"
                                               : "Its document may not be changed, so submit a new request. Open it"};
        }
        case ApprovalStatus::approved:
            return {.subject = "Approved",
                    .event = "approval_approved",
                    .sentence = fmt::format("Your request was approved by {}.", decider),
                    .votes = deciding_votes(approval)};
        case ApprovalStatus::rejected:
            return {.subject = "Rejected",
                    .event = "approval_rejected",
                    .sentence = decider.empty() ? "Nobody approved your request in time, so it was rejected."
                                                : fmt::format("Your request was rejected by {}.", decider),
                    .votes = deciding_votes(approval)};
        case ApprovalStatus::timeout:
            return {.subject = "Timed out",
                    .event = "approval_timed_out",
                    .sentence = "Nobody decided on your request in time, so it ended without a decision.",
                    .votes = {}};
    }
    std::unreachable();
}

}  // namespace

std::set<std::string> people_to_tell(const ApprovalRequest& approval, Occasion occasion, TimePoint now) {
    std::set<std::string> people;
    if (!approval.policy) return people;
    const PinnedPolicy& pinned = *approval.policy;
    const Standing standing = standing_of(approval);
    const auto& escalation = pinned.policy.escalation;
    if (occasion != Occasion::escalated) {
        for (const std::size_t open : open_stages(standing))
            add_named(pinned, pinned.policy.stages[open].approvers, people);
    }
    if (escalation && (occasion == Occasion::escalated || standing.escalated_at)) {
        add_named(pinned, escalation->to, people);
    }
    people.erase(person_key(approval.requester));
    if (occasion != Occasion::requested) {
        std::erase_if(people, [&](const std::string& person) {
            return !may_decide(standing, {.person = person, .groups = {}}, now);
        });
    }
    return people;
}

bool names_people(const ApprovalRequest& approval, Occasion occasion) {
    if (!approval.policy) return false;
    const Policy& policy = approval.policy->policy;
    std::set<std::string> people;
    if (occasion != Occasion::escalated) {
        for (const Stage& stage : policy.stages) add_named(*approval.policy, stage.approvers, people);
    }
    if (policy.escalation && (occasion == Occasion::escalated || approval.escalated_at)) {
        add_named(*approval.policy, policy.escalation->to, people);
    }
    people.erase(person_key(approval.requester));
    return !people.empty();
}

Notification personal_notification(const ApprovalRequest& approval, const std::string& person, Occasion occasion,
                                   const std::string& link) {
    const std::string who = shortened(one_line(approval.requester), kValueMax);
    const std::string subject = std::string(subject_of(occasion)) + approval.document_name;
    return {
        .subject = subject_line(subject),
        .message = fmt::format("{} {}\n\n"
                               "{}"
                               "{}"
                               "Until: {} (UTC)\n\n"
                               "Open it and decide:\n{}\n\n"
                               "The link is for {} alone. It opens this one request, and whoever holds it decides "
                               "in your name: please do not pass it on. Nothing is decided before you press a "
                               "button on the page.\n",
                               occasion == Occasion::requested ? who : "The request of " + who, opening_of(occasion),
                               occasion == Occasion::amended ? changes_of(approval) : "", details_of(approval),
                               approval.expires_at, link, person),
        .attributes = {
            {"event", std::string(event_of(occasion))}, {"approval_id", approval.approval_id}, {"recipient", person}}};
}

Notification requester_notification(const ApprovalRequest& approval, const std::string& link) {
    const Outcome outcome = outcome_of(approval);
    const std::string person = person_key(approval.requester);
    const std::string until =
        approval.status == ApprovalStatus::pending ? fmt::format("Until: {} (UTC)\n", approval.expires_at) : "";
    return {.subject = subject_line(fmt::format("{}: {}", outcome.subject, approval.document_name)),
            .message = fmt::format(
                "{}\n\n"
                "{}{}{}\n"
                "{}:\n{}\n\n"
                "The link is for {} alone. It opens this one request in your name: please do not pass "
                "it on.\n",
                outcome.sentence, details_of(approval), until, comments_of(outcome.votes), outcome.asks, link, person),
            .attributes = {
                {"event", std::string(outcome.event)}, {"approval_id", approval.approval_id}, {"recipient", person}}};
}

Result<std::string> SnsPeopleNotifier::link_for(const std::string& person, const ApprovalRequest& approval) {
    const auto keys = keys_.current();
    if (!keys) return std::unexpected(keys.error());
    const std::int64_t expires = link_expires(approval);
    const LinkClaims claims{.approval_id = approval.approval_id,
                            .person = person,
                            .expires = expires,
                            .link_id = make_credential_id(expires, random_),
                            .issued = to_epoch_ms(clock_.now())};
    return fmt::format("{}#/link/{}", inbox_url_, make_link(*keys, claims));
}

Result<void> SnsPeopleNotifier::tell_requester(const ApprovalRequest& approval) {
    const auto link = link_for(person_key(approval.requester), approval);
    if (!link) return std::unexpected(link.error());
    return publish({requester_notification(approval, *link)});
}

Result<std::size_t> SnsPeopleNotifier::tell(const ApprovalRequest& approval, Occasion occasion) {
    const auto people = people_to_tell(approval, occasion, clock_.now());
    std::vector<Notification> batch;
    std::size_t bytes = 0;
    for (const std::string& person : people) {
        const auto link = link_for(person, approval);
        if (!link) return std::unexpected(link.error());
        Notification next = personal_notification(approval, person, occasion, *link);
        if (batch.size() == kBatchMax || bytes + next.message.size() > kBatchBytesMax) {
            if (auto published = publish(batch); !published) return std::unexpected(published.error());
            batch.clear();
            bytes = 0;
        }
        bytes += next.message.size();
        batch.push_back(std::move(next));
    }
    if (batch.empty()) return people.size();
    auto published = publish(batch);
    return published ? Result<std::size_t>(people.size()) : std::unexpected(published.error());
}

Result<void> SnsPeopleNotifier::publish(const std::vector<Notification>& batch) {
    aws::Parameters parameters{{"TopicArn", topic_arn_}};
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const std::string prefix = fmt::format("PublishBatchRequestEntries.member.{}.", i + 1);
        parameters.emplace_back(prefix + "Id", std::to_string(i));
        add_message(parameters, prefix, batch[i]);
    }
    const auto answer = client_.query("sns", "2010-03-31", "PublishBatch", parameters);
    if (!answer) return std::unexpected(answer.error());
    for (const std::string& failed : aws::xml_each(*answer, "Failed")) {
        if (const auto code = aws::xml_text(failed, "Code"); !code.empty())
            return fail(code, 500, aws::xml_text(failed, "Message"));
    }
    return {};
}

}  // namespace holdpoint::approvals
