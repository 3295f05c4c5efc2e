#include "approvals/domain/agreement.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "approvals/domain/reading.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

/// Nothing where the chain does not tell it.
using Told = std::optional<std::string>;

Told given(const std::string& text) {
    return text.empty() ? std::nullopt : Told(text);
}

std::string detail(const AuditRecord& record, const std::string& name) {
    const auto found = record.details.find(name);
    return found == record.details.end() ? "" : found->second;
}

Told personal(const AuditRecord& record, const std::string& name) {
    const auto found = record.personal.find(name);
    if (found == record.personal.end() || is_erased(record, name)) return std::nullopt;
    return found->second.value;
}

/// Of the version that was decided on, whether its person said that they saw it or not.
std::string digest_of_vote(const AuditRecord& record) {
    return record.shown_digest.empty() ? detail(record, "document_digest") : record.shown_digest;
}

/// What the chain says of a request as it is now.
struct Chained {
    std::string status = "pending";
    Told shown_digest;
    Told policy_digest;
    Told expires_at;
    Told kind;  // not told of requests of before
    std::string escalated_at;
    bool amendable = true;
    std::vector<const AuditRecord*> votes;
    const AuditRecord* decided = nullptr;
};

Chained read(const std::vector<AuditRecord>& chain) {
    Chained now;
    for (const AuditRecord& record : chain) {
        const std::string& event = record.event;
        if (event == "created") {
            now.policy_digest = given(detail(record, "policy_digest"));
            now.amendable = detail(record, "amendable") != "false";
            now.kind = given(detail(record, "kind"));
        }
        if (event == "created" || event == "amended") now.shown_digest = given(record.shown_digest);
        if (event == "created" || event == "escalated") now.expires_at = given(detail(record, "expires_at"));
        if (event == "escalated") now.escalated_at = record.at;
        if (event == "voted" || event == "changes_requested" || event == "decided") now.votes.push_back(&record);
        if (event == "decided") {
            now.decided = &record;
            now.status = detail(record, "decision");
        }
        if (event == "timed_out") now.status = given(detail(record, "decision")).value_or("timeout");
    }
    return now;
}

class Comparison {
public:
    explicit Comparison(const ApprovalRequest& record) : record_(record) {}

    std::vector<std::string> with(const std::vector<AuditRecord>& chain) {
        const Chained now = read(chain);
        compare("status", to_string(record_.status), now.status);
        compare("shown_digest", shown_digest(record_), now.shown_digest);
        if (now.policy_digest) {
            compare("policy_digest", record_.policy ? to_hex(sha256(digested_text(*record_.policy))) : "",
                    now.policy_digest);
        }
        compare("expires_at", record_.expires_at, now.expires_at);
        compare("escalated_at", record_.escalated_at.value_or(""), now.escalated_at);
        compare("kind", kind_of(record_), now.kind);
        compare("amendable", is_amendable(record_) ? "true" : "false", now.amendable ? "true" : "false");
        compare_outcome(now.decided);
        // Requests of before there were votes have none, nor a revision.
        if (record_.votes || record_.revision) compare_votes(now.votes);
        return std::move(problems_);
    }

private:
    void compare(std::string_view what, const std::string& in_record, const Told& in_chain) {
        if (!in_chain || in_record == *in_chain) return;
        problems_.push_back(fmt::format("{}: its record says {} {}, and its chain {}", record_.approval_id, what,
                                        in_quotes(in_record), in_quotes(*in_chain)));
    }

    void compare_outcome(const AuditRecord* decided) {
        if (decided == nullptr) return compare("approver", record_.approver.value_or(""), "");
        compare("approver", record_.approver.value_or(""), personal(*decided, "actor"));
        compare("comments", record_.comments.value_or(""), personal(*decided, "comments"));
        compare("decided_at", record_.decided_at.value_or(""), decided->at);
        compare("decision", record_.decision ? to_string(*record_.decision) : "", detail(*decided, "decision"));
    }

    void compare_votes(const std::vector<const AuditRecord*>& in_chain) {
        const std::vector<Vote> votes = record_.votes.value_or(std::vector<Vote>{});
        if (votes.size() != in_chain.size()) {
            problems_.push_back(fmt::format("{}: its record has {} votes, and its chain {}", record_.approval_id,
                                            votes.size(), in_chain.size()));
            return;
        }
        for (std::size_t i = 0; i < votes.size(); ++i) {
            const Vote& vote = votes[i];
            const AuditRecord& told = *in_chain[i];
            const auto compare_member = [&](std::string_view member, const std::string& value, const Told& chained) {
                compare(fmt::format("votes[{}].{}", i, member), value, chained);
            };
            compare_member("person", vote.person, personal(told, "actor"));
            compare_member("decision", to_string(vote.decision), detail(told, "decision"));
            compare_member("at", vote.at, told.at);
            compare_member("comments", vote.comments, personal(told, "comments"));
            compare_member("proof", vote.proof, told.actor_proof);
            compare_member("shown_digest", vote.shown_digest, given(digest_of_vote(told)));
            compare_member("stage", vote.stage, given(detail(told, "stage")));
            // Who tells of the stage tells of the groups, too, if there are any.
            if (told.details.contains("stage")) compare_member("groups", groups_text(vote), detail(told, "groups"));
        }
    }

    const ApprovalRequest& record_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> disagreements(const ApprovalRequest& record, const std::vector<AuditRecord>& chain) {
    if (chain.empty()) return {fmt::format("{}: it has a record, and no chain", record.approval_id)};
    return Comparison(record).with(chain);
}

void keep_compared(AuditRecord& record) {
    std::erase_if(record.personal, [&](const auto& field) {
        return (field.first != "actor" && field.first != "comments") || is_erased(record, field.first);
    });
    for (auto& [name, field] : record.personal) std::string().swap(field.salt);
    record.digests.clear();
    std::string().swap(record.prev_hash);
}

void keep_compared(ApprovalRequest& record) {
    record.updated_at.clear();
    record.execution_arn.clear();
    record.callback_token.reset();  // a secret, too
}

}  // namespace holdpoint::approvals
