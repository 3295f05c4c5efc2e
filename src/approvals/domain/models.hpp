// Models: what the approvals application stores, receives and answers. Times are ISO 8601 UTC text.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/policy.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

enum class ApprovalStatus { pending, approved, rejected, timeout };
BOOST_DESCRIBE_ENUM(ApprovalStatus, pending, approved, rejected, timeout)

enum class Decision { approved, rejected };
BOOST_DESCRIBE_ENUM(Decision, approved, rejected)

enum class ApprovalKind { document, expense, content };
BOOST_DESCRIBE_ENUM(ApprovalKind, document, expense, content)

/// One thing that a person is shown of a document.
struct DocumentField {
    std::string name;
    std::string value;
    friend bool operator==(const DocumentField&, const DocumentField&) = default;
};
BOOST_DESCRIBE_STRUCT(DocumentField, (), (name, value))

/// What a person is shown of a document.
struct ShownDocument {
    std::string name;
    std::optional<std::string> link;
    std::vector<DocumentField> fields;
    friend bool operator==(const ShownDocument&, const ShownDocument&) = default;
};
BOOST_DESCRIBE_STRUCT(ShownDocument, (), (name, link, fields))

/// What is decided on. A change makes another version, with another digest.
struct DocumentVersion {
    std::string digest;
    std::optional<ShownDocument> document;  // absent: not kept any more
    friend bool operator==(const DocumentVersion&, const DocumentVersion&) = default;
};
BOOST_DESCRIBE_STRUCT(DocumentVersion, (), (digest, document))

enum class VoteDecision { approved, rejected, changes_requested };
BOOST_DESCRIBE_ENUM(VoteDecision, approved, rejected, changes_requested)

/// Somebody's word, as it is stored; never changed or taken out.
struct Vote {
    std::string person;
    std::vector<std::string> groups;  // those that the person proved to be in
    std::string stage;
    VoteDecision decision = VoteDecision::rejected;
    std::string at;  // ISO 8601 UTC
    std::string comments;
    std::string proof;                           // claimed, link, token or oidc
    std::string shown_digest;                    // of the version that it is about
    std::string idempotency_key;                 // may be empty
    std::optional<std::string> credential = {};  // the id of the link or token; of oidc: whom the issuer means
    std::optional<std::string> issuer = {};      // of oidc: who says so
    friend bool operator==(const Vote&, const Vote&) = default;
};
BOOST_DESCRIBE_STRUCT(Vote, (),
                      (person, groups, stage, decision, at, comments, proof, shown_digest, idempotency_key, credential,
                       issuer))

/// What starts a workflow.
struct WorkflowEvent {
    std::string document_id;
    std::string document_name;
    std::string requester;
    std::optional<std::int64_t> timeout_seconds;       // absent: the configured default
    std::optional<std::vector<DocumentField>> fields;  // what else approvers are shown
    std::optional<std::string> link;                   // where the document is: http or https
    std::optional<std::string> kind;                   // document, expense or content
    std::optional<PinnedPolicy> policy;                // absent: anyone decides, once
    std::optional<std::string> policy_name;            // of one that the stack keeps, instead
    std::optional<bool> amendable;                     // false: its document stays as it is; else absent
    friend bool operator==(const WorkflowEvent&, const WorkflowEvent&) = default;
};
BOOST_DESCRIBE_STRUCT(WorkflowEvent, (),
                      (document_id, document_name, requester, timeout_seconds, fields, link, kind, policy, policy_name,
                       amendable))

/// One request for approval, as it is stored. callback_token is a bearer secret: no answer, log line, notification or
/// audit record may hold it.
struct ApprovalRequest {
    std::string approval_id;
    std::string document_id;
    std::string document_name;
    std::string requester;
    ApprovalStatus status = ApprovalStatus::pending;
    std::string created_at;
    std::string updated_at;
    std::string expires_at;     // later, once others were asked
    std::int64_t ttl = 0;       // epoch seconds: when the table may forget it
    std::string execution_arn;  // the workflow that waits
    std::optional<std::string> callback_token;
    std::optional<Decision> decision;
    std::optional<std::string> approver;
    std::optional<std::string> comments;
    std::optional<std::string> decided_at;
    std::optional<std::vector<DocumentField>> fields;
    std::optional<std::string> link;
    std::optional<std::string> kind;
    std::optional<PinnedPolicy> policy;
    std::optional<std::vector<Vote>> votes;  // in the order in which they were taken
    std::optional<std::int64_t> revision;    // grows with each change; absent: 0
    std::optional<std::string> escalated_at;
    std::optional<std::vector<DocumentVersion>> earlier_versions;  // of a document that was amended, oldest first
    std::optional<std::int64_t> told_stages;  // of how many stages people were told of the document as it is
    std::optional<std::int64_t> told_votes;   // the workflow saw them; the requester was told of those for changes
    std::optional<bool> amendable;            // false: its document stays as it is; else absent
    friend bool operator==(const ApprovalRequest&, const ApprovalRequest&) = default;
};
BOOST_DESCRIBE_STRUCT(ApprovalRequest, (),
                      (approval_id, document_id, document_name, requester, status, created_at, updated_at, expires_at,
                       ttl, execution_arn, callback_token, decision, approver, comments, decided_at, fields, link, kind,
                       policy, votes, revision, escalated_at, earlier_versions, told_stages, told_votes, amendable))

struct ApprovalDecisionRequest {
    std::string approval_id;
    VoteDecision decision = VoteDecision::rejected;
    std::string approver;
    std::string comments;      // may be empty
    std::string shown_digest;  // of the version that they saw; empty: they did not say
    std::optional<std::string> stage;
    std::string idempotency_key;  // empty: what it says is its key
    friend bool operator==(const ApprovalDecisionRequest&, const ApprovalDecisionRequest&) = default;
};
BOOST_DESCRIBE_STRUCT(ApprovalDecisionRequest, (),
                      (approval_id, decision, approver, comments, shown_digest, stage, idempotency_key))

/// What a workflow ends with. `decision` is approved, rejected or timeout; the rest of a decision only when there was
/// one.
struct WorkflowResult {
    std::string approval_id;
    std::string document_id;
    std::string decision;
    std::optional<std::string> approver;
    std::optional<std::string> comments;
    std::optional<std::string> decided_at;
    friend bool operator==(const WorkflowResult&, const WorkflowResult&) = default;
};
BOOST_DESCRIBE_STRUCT(WorkflowResult, (), (approval_id, document_id, decision, approver, comments, decided_at))

/// The id of the request that a workflow makes: a UUID (RFC 9562, version 8) made of its execution's ARN, so that an
/// execution can make one request alone, however often it tries.
[[nodiscard]] std::string approval_id_of(std::string_view execution_arn);

/// The document as it is now.
[[nodiscard]] ShownDocument document_of(const ApprovalRequest& approval);
/// What it is of, as people are shown it; a document where it does not say.
[[nodiscard]] std::string kind_of(const ApprovalRequest& approval);
/// The policy that holds for it; the default one where it names none.
[[nodiscard]] const Policy& policy_of(const ApprovalRequest& approval);
/// Whether the requester may change the document while the request waits.
[[nodiscard]] bool is_amendable(const ApprovalRequest& approval);
/// From 1.
[[nodiscard]] std::int64_t version_of(const ApprovalRequest& approval);

/// "pending", "approved" …
[[nodiscard]] std::string to_string(ApprovalStatus status);
[[nodiscard]] std::string to_string(Decision decision);
[[nodiscard]] std::string to_string(VoteDecision decision);

/// The request as callers may see it: everything but the callback token, the execution, the
/// policy, the single votes, earlier versions of the document, and what the workflow notes for itself.
[[nodiscard]] durable::Json public_view(const ApprovalRequest& approval);

}  // namespace holdpoint::approvals
