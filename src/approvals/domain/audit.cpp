#include "approvals/domain/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "approvals/domain/erasures.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kSaltBytes = 16;
const std::string kNothingBefore(64, '0');

std::string digest(std::string_view text) {
    return to_hex(sha256(text));
}

std::string personal_digest(const PersonalField& field) {
    return digest(field.salt + field.value);
}

/// The digest is of both in a row: with another length, a part of the value could pass for salt.
bool is_salt(std::string_view text) {
    return text.size() == 2 * kSaltBytes && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Length before text: no two different lists of fields read the same.
void add(std::string& text, std::string_view field) {
    text += fmt::format("{}:{};", field.size(), field);
}

void add(std::string& text, const std::map<std::string, std::string>& fields) {
    text += fmt::format("{}{{", fields.size());
    for (const auto& [name, value] : fields) {
        add(text, name);
        add(text, value);
    }
    text += '}';
}

std::string problem_of(const AuditRecord& record, std::string_view what) {
    return fmt::format("{} record {} ({}): {}", record.approval_id, record.seq, record.event, what);
}

/// A member that is the digest of a personal field as a whole, as its text is handed over.
struct WholeDigest {
    std::string_view member;
    std::string value;
};
std::optional<WholeDigest> whole_digest(const AuditRecord& record, std::string_view field) {
    if (field == "shown") return WholeDigest{.member = "shown_digest", .value = record.shown_digest};
    if (field != "policy") return std::nullopt;
    const auto kept = record.details.find("policy_digest");
    return WholeDigest{.member = "policy_digest", .value = kept == record.details.end() ? "" : kept->second};
}

/// What is wrong with a record by itself.
void verify_record(const AuditRecord& record, std::vector<std::string>& problems) {
    if (hash_of(record) != record.hash) problems.push_back(problem_of(record, "was changed after it was written"));
    for (const auto& [name, field] : record.personal) {
        if (is_erased(record, name)) continue;
        const auto known = record.digests.find(name);
        const auto whole = whole_digest(record, name);
        if (known == record.digests.end() || known->second != personal_digest(field) || !is_salt(field.salt)) {
            problems.push_back(problem_of(record, fmt::format("its field {} was changed after it was written", name)));
        } else if (whole && whole->value != digest(field.value)) {
            problems.push_back(
                problem_of(record, fmt::format("its field {} is not what its {} is of", name, whole->member)));
        }
    }
}

/// The field or fields that were emptied in a record, and nothing tells of it.
std::string untold_text(const std::vector<std::string>& fields) {
    const bool is_one = fields.size() == 1;
    return fmt::format("its {} {} {} empty, and no record after it says that {} erased", is_one ? "field" : "fields",
                       fmt::join(fields, ", "), is_one ? "is" : "are", is_one ? "it was" : "they were");
}

/// What is wrong between a record and the one before it, nullptr for the first. Of two that do not fit, the one is
/// named that is not as it was; what a record has wrong by itself, verify_record says.
void verify_link(const AuditRecord* previous, const AuditRecord& record, std::vector<std::string>& problems) {
    const std::int64_t expected = previous == nullptr ? 1 : previous->seq + 1;
    if (previous != nullptr && record.seq == previous->seq) {
        problems.push_back(problem_of(record, "there is another record of this number"));
    } else if (record.seq != expected) {
        problems.push_back(problem_of(record, fmt::format("record {} is missing before it", expected)));
    } else if (record.prev_hash != (previous == nullptr ? kNothingBefore : previous->hash) &&
               hash_of(record) == record.hash) {
        if (previous == nullptr) {
            problems.push_back(problem_of(record, "is the first, and names one before it"));
        } else if (hash_of(*previous) == previous->hash) {
            problems.push_back(
                problem_of(*previous, fmt::format("is not the one that record {} follows: it was changed, and its hash "
                                                  "with it",
                                                  record.seq)));
        }
    }
}

std::vector<std::string> verify_in_order(const std::vector<AuditRecord>& records) {
    std::vector<std::string> problems;
    const std::vector<Erasure> untold = untold_erasures(records);
    auto next_untold = untold.begin();
    const AuditRecord* previous = nullptr;
    for (const AuditRecord& record : records) {
        verify_link(previous, record, problems);
        verify_record(record, problems);
        if (next_untold != untold.end() && next_untold->seq == record.seq)
            problems.push_back(problem_of(record, untold_text((next_untold++)->fields)));
        previous = &record;
    }
    return problems;
}

}  // namespace

std::string hash_of(const AuditRecord& record) {
    std::string text;
    for (const std::string& field : {record.approval_id, std::to_string(record.seq), record.at, record.event,
                                     record.actor_proof, record.shown_digest, record.prev_hash}) {
        add(text, field);
    }
    add(text, record.details);
    add(text, record.digests);
    return digest(text);
}

void tell_proof(const std::string& credential, const std::string& issuer, const std::string& address,
                AuditEvent& event) {
    if (!address.empty()) event.personal["address"] = address;
    if (!issuer.empty()) {
        event.details["issuer"] = issuer;
        event.personal["subject"] = credential;
    } else if (!credential.empty()) {
        event.details["credential"] = credential;
    }
}

std::string groups_text(const Vote& vote) {
    return vote.groups.empty() ? "" : durable::to_json(vote.groups).dump();
}

AuditRecord next_record(const std::string& approval_id, const AuditRecord* last, const AuditEvent& event,
                        Random& random) {
    AuditRecord record;
    record.approval_id = approval_id;
    record.seq = last == nullptr ? 1 : last->seq + 1;
    record.at = event.at;
    record.event = event.event;
    record.actor_proof = event.actor_proof;
    record.details = event.details;
    record.shown_digest = event.shown_digest;
    record.prev_hash = last == nullptr ? kNothingBefore : last->hash;
    std::map<std::string, std::string> personal = event.personal;
    personal["actor"] = event.actor;
    for (const auto& [name, value] : personal) {
        const PersonalField field{.value = value, .salt = to_hex(random.bytes(kSaltBytes))};
        record.digests[name] = personal_digest(field);
        record.personal[name] = field;
    }
    record.hash = hash_of(record);
    return record;
}

void erase(AuditRecord& record, const std::vector<std::string>& fields) {
    for (const std::string& name : fields) {
        const auto field = record.personal.find(name);
        if (field != record.personal.end()) field->second = {};
    }
}

bool is_erased(const AuditRecord& record, const std::string& field) {
    if (!record.digests.contains(field)) return false;
    const auto kept = record.personal.find(field);
    // Every value has a salt, the empty one too.
    return kept == record.personal.end() || (kept->second.salt.empty() && kept->second.value.empty());
}

std::vector<std::string> erased_fields(const AuditRecord& record) {
    std::vector<std::string> names;
    for (const auto& [name, digest_of_field] : record.digests) {
        if (is_erased(record, name)) names.push_back(name);
    }
    return names;
}

std::vector<std::string> verify_chain(const std::vector<AuditRecord>& records) {
    if (std::ranges::is_sorted(records, {}, &AuditRecord::seq)) return verify_in_order(records);
    std::vector<AuditRecord> sorted = records;
    std::ranges::sort(sorted, {}, &AuditRecord::seq);
    std::vector<std::string> problems = verify_in_order(sorted);
    const auto [astray, expected] = std::ranges::mismatch(records, sorted, {}, &AuditRecord::seq, &AuditRecord::seq);
    problems.insert(
        problems.begin(),
        problem_of(*astray, fmt::format("stands where record {} belongs: the records are in another order{}",
                                        expected->seq, problems.empty() ? ", and each is as it was written" : "")));
    return problems;
}

std::string shown_text(const ApprovalRequest& approval) {
    std::string text;
    for (const std::string& field : {approval.approval_id, approval.document_id, approval.document_name,
                                     approval.requester, approval.created_at}) {
        add(text, field);
    }
    if (approval.link) add(text, *approval.link);
    for (const DocumentField& field : approval.fields.value_or(std::vector<DocumentField>{})) {
        add(text, field.name);
        add(text, field.value);
    }
    // What was changed and changed back is another version, on which nobody has voted.
    if (const std::int64_t version = version_of(approval); version > 1) text += fmt::format("version {}", version);
    return text;
}

std::string shown_digest(const ApprovalRequest& approval) {
    return digest(shown_text(approval));
}

}  // namespace holdpoint::approvals
