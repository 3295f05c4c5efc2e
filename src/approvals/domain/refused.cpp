#include "approvals/domain/refused.hpp"

#include <algorithm>

#include "approvals/domain/people.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kEvent = "decision_refused";

std::string personal(const AuditRecord& record, const std::string& name) {
    const auto field = record.personal.find(name);
    return field == record.personal.end() ? "" : field->second.value;
}

std::string personal(const AuditEvent& event, const std::string& name) {
    const auto field = event.personal.find(name);
    return field == event.personal.end() ? "" : field->second;
}

std::string detail(const std::map<std::string, std::string>& details, const std::string& name) {
    const auto found = details.find(name);
    return found == details.end() ? "" : found->second;
}

/// By its key; without one, by what it says. Both are of one person.
bool is_same_ballot(const AuditRecord& record, const AuditEvent& refused) {
    const std::string key = personal(refused, "idempotency_key");
    if (personal(record, "idempotency_key") != key) return false;
    return !key.empty() || (detail(record.details, "decision") == detail(refused.details, "decision") &&
                            detail(record.details, "document_digest") == detail(refused.details, "document_digest") &&
                            personal(record, "comments") == personal(refused, "comments") &&
                            record.shown_digest == refused.shown_digest);
}

}  // namespace

bool is_for_auditors(RefusalCode code) {
    return code == RefusalCode::approval_expired || code == RefusalCode::approval_already_decided ||
           code == RefusalCode::own_request || code == RefusalCode::not_an_approver || code == RefusalCode::link_used;
}

AuditEvent refused_decision(const ApprovalRequest& approval, const Ballot& ballot, std::string_view code,
                            TimePoint now) {
    AuditEvent event{.event = std::string(kEvent), .at = to_iso8601(now)};
    event.actor = ballot.voter.person;
    event.actor_proof = ballot.voter.proof;
    event.details = {{"reason", std::string(code)}, {"decision", to_string(ballot.decision)}};
    event.personal = {{"comments", ballot.comments}};
    tell_proof(ballot.voter.credential, ballot.voter.issuer, ballot.voter.address, event);
    if (!ballot.idempotency_key.empty()) event.personal["idempotency_key"] = ballot.idempotency_key;
    event.shown_digest = ballot.shown_digest;
    if (ballot.shown_digest.empty()) event.details["document_digest"] = shown_digest(approval);
    return event;
}

bool takes_refusal(const std::vector<AuditRecord>& trail, const AuditEvent& refused) {
    std::size_t all = 0;
    std::size_t of_person = 0;
    for (const AuditRecord& record : trail) {
        if (record.event != kEvent) continue;
        ++all;
        if (!is_same_person(personal(record, "actor"), refused.actor)) continue;
        ++of_person;
        if (is_same_ballot(record, refused)) return false;
    }
    return all < kRefusalsMax && of_person < kRefusalsOfPersonMax;
}

}  // namespace holdpoint::approvals
