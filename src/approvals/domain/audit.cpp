#include "approvals/domain/audit.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::size_t kSaltBytes = 16;

std::string digest(std::string_view text) {
    return to_hex(sha256(text));
}

std::string personal_digest(const PersonalField& field) {
    return digest(field.salt + field.value);
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
    record.prev_hash = last == nullptr ? std::string(64, '0') : last->hash;
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

std::vector<std::string> erasures(const std::vector<AuditRecord>& records) {
    std::vector<std::string> all;
    for (const AuditRecord& record : records) {
        for (const std::string& name : erased_fields(record)) {
            all.push_back(
                fmt::format("{} record {} ({}): {} erased", record.approval_id, record.seq, record.event, name));
        }
    }
    return all;
}

std::vector<std::string> verify_chain(const std::vector<AuditRecord>& records) {
    std::vector<std::string> problems;
    std::string previous(64, '0');
    std::int64_t expected = 1;
    for (const AuditRecord& record : records) {
        const auto say = [&](std::string_view what) {
            problems.push_back(
                fmt::format("{} record {} ({}): {}", record.approval_id, record.seq, record.event, what));
        };
        if (record.seq != expected)
            say(fmt::format("record {} is missing before it, or they were reordered", expected));
        if (record.prev_hash != previous) say("does not follow the record before it");
        if (hash_of(record) != record.hash) say("was changed after it was written");
        for (const auto& [name, field] : record.personal) {
            if (is_erased(record, name)) continue;
            const auto known = record.digests.find(name);
            if (known == record.digests.end() || known->second != personal_digest(field)) {
                say(fmt::format("its field {} was changed after it was written", name));
            }
        }
        previous = record.hash;
        expected = record.seq + 1;
    }
    return problems;
}

std::string shown_digest(const ApprovalRequest& approval) {
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
    return digest(text);
}

}  // namespace holdpoint::approvals
