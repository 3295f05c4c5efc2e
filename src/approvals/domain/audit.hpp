// Audit: one hash chain for each approval. Each record names the hash of the one before, so that a record that was
// changed, taken out or moved is found. Personal fields enter the hash as salted digests: erasing a field and its salt
// leaves the chain whole.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/models.hpp"
#include "base/random.hpp"

namespace holdpoint::approvals {

/// A field that belongs to a person, with the salt of its digest.
struct PersonalField {
    std::string value;
    std::string salt;  // hex
    friend bool operator==(const PersonalField&, const PersonalField&) = default;
};
BOOST_DESCRIBE_STRUCT(PersonalField, (), (value, salt))

/// What happened, by name.
using AuditDetails = std::map<std::string, std::string>;

struct AuditRecord {
    std::string approval_id;
    std::int64_t seq = 0;     // from 1, without gaps
    std::string at;           // ISO 8601 UTC
    std::string event;        // created, notified, decided … (docs/audit.md)
    std::string actor_proof;  // how the actor proved who they are: "claimed", or "system"
    AuditDetails details;
    std::map<std::string, PersonalField> personal;  // actor, comments, requester …; may be erased later
    std::map<std::string, std::string> digests;     // field -> SHA-256 of salt and value, hex; never erased
    std::string shown_digest;                       // of what is shown; of a vote: of what its person said they saw
    std::string prev_hash;                          // of record seq - 1; 64 zeros for the first
    std::string hash;
    friend bool operator==(const AuditRecord&, const AuditRecord&) = default;
};
BOOST_DESCRIBE_STRUCT(AuditRecord, (),
                      (approval_id, seq, at, event, actor_proof, details, personal, digests, shown_digest, prev_hash,
                       hash))

/// The chain of what became of named policies; no approval is called so.
inline constexpr auto kPoliciesChain = "policies";

/// What happened, before it has its place in the chain.
struct AuditEvent {
    std::string event;
    std::string at;
    std::string actor = "holdpoint";
    std::string actor_proof = "system";
    AuditDetails details = {};
    std::map<std::string, std::string> personal = {};
    std::string shown_digest = {};
};

/// Tells by what the actor proved who they are, and from where: the id of a link or token, or whom the issuer of a
/// single sign-on means; the IP address. Empty texts tell nothing.
void tell_proof(const std::string& credential, const std::string& issuer, const std::string& address,
                AuditEvent& event);

/// The groups that whoever voted proved to be in, as the chain tells them: a JSON list; empty without any.
[[nodiscard]] std::string groups_text(const Vote& vote);

/// The next record of a chain; `last` is its last record, nullptr for the first.
[[nodiscard]] AuditRecord next_record(const std::string& approval_id, const AuditRecord* last, const AuditEvent& event,
                                      Random& random);

/// SHA-256 over every member but `personal` and `hash`, hex.
[[nodiscard]] std::string hash_of(const AuditRecord& record);

/// Takes the values of these fields out of a record, and their salts, so that nobody can try values against the
/// digests. The chain stays whole. A name that the record does not have does nothing.
void erase(AuditRecord& record, const std::vector<std::string>& fields);
/// Whether a field was erased: it has a digest, but no value.
[[nodiscard]] bool is_erased(const AuditRecord& record, const std::string& field);
/// The names of all that were.
[[nodiscard]] std::vector<std::string> erased_fields(const AuditRecord& record);

/// Everything that is wrong with a chain, in order of seq; empty when it is whole. A field that is empty is wrong where
/// no record after it says that it was erased (erasures.hpp).
[[nodiscard]] std::vector<std::string> verify_chain(const std::vector<AuditRecord>& records);

/// What an approver is shown of a request, each part as LENGTH:TEXT; (docs/audit.md); without the deadline, which may
/// move while people decide.
[[nodiscard]] std::string shown_text(const ApprovalRequest& approval);
/// SHA-256 of that text, hex.
[[nodiscard]] std::string shown_digest(const ApprovalRequest& approval);

}  // namespace holdpoint::approvals
