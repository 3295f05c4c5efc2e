#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "approvals/domain/refused.hpp"
#include "approvals/domain/texts.hpp"
#include "approvals/repository/cancellation.hpp"
#include "approvals/repository/items.hpp"
#include "approvals/repository/list_index.hpp"
#include "approvals/repository/repository.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

/// Two writers may want the same place in a chain; each loser takes the next. The first time at once, for whoever was
/// faster is done; then after a pause, up to this long.
constexpr int kChainAttempts = 20;
constexpr std::chrono::milliseconds kLongestPause{1000};

/// The record with the vote, and with the decision when it is the last one.
ApprovalRequest with_vote(ApprovalRequest approval, const Accepted& accepted) {
    std::vector<Vote> votes = std::move(approval.votes).value_or(std::vector<Vote>{});
    votes.push_back(accepted.vote);
    approval.votes = std::move(votes);
    approval.revision = approval.revision.value_or(0) + 1;
    approval.updated_at = accepted.vote.at;
    if (!accepted.is_final()) return approval;
    approval.status = accepted.status;
    approval.decision = accepted.status == ApprovalStatus::approved ? Decision::approved : Decision::rejected;
    approval.approver = accepted.vote.person;
    approval.comments = accepted.vote.comments;
    approval.decided_at = accepted.vote.at;
    return approval;
}

AuditEvent vote_event(const ApprovalRequest& approval, const Accepted& accepted) {
    const Vote& vote = accepted.vote;
    AuditEvent event{.event = "voted", .at = vote.at};
    if (accepted.is_final()) event.event = "decided";
    if (vote.decision == VoteDecision::changes_requested) event.event = "changes_requested";
    event.actor = vote.person;
    event.actor_proof = vote.proof;
    event.details = {{"decision", accepted.is_final() ? to_string(accepted.status) : to_string(vote.decision)}};
    if (approval.policy) {  // without one there is one stage alone, and anyone may vote
        event.details["stage"] = vote.stage;
        if (auto groups = groups_text(vote); !groups.empty()) event.details["groups"] = std::move(groups);
    }
    event.personal = {{"comments", vote.comments}};
    tell_proof(vote.credential.value_or(""), vote.issuer.value_or(""), accepted.address, event);
    // Of a version that nobody said they saw, the record says no more than that it was decided on.
    (accepted.was_shown ? event.shown_digest : event.details["document_digest"]) = shown_digest(approval);
    return event;
}

std::unexpected<Error> unreadable(const std::string& approval_id, std::string_view what,
                                  const durable::SerdesError& error) {
    return fail(kRecordUnreadable, 500, fmt::format("{}: its {} cannot be read ({})", approval_id, what, error.what()));
}

/// Whether another writer took the place in the chain.
bool is_taken(const Error& error) {
    return error.name == "ConditionalCheckFailedException";
}

class DynamoRepository final : public Repository {
public:
    DynamoRepository(aws::Client& client, TableNames tables, const Clock& clock, Random& random)
        : client_(client), tables_(std::move(tables)), clock_(clock), random_(random) {}

    Result<void> create(const ApprovalRequest& approval) override {
        AuditEvent event{.event = "created", .at = approval.created_at};
        event.actor = approval.requester;
        event.actor_proof = "claimed";
        event.details = {
            {"document_id", approval.document_id}, {"expires_at", approval.expires_at}, {"kind", kind_of(approval)}};
        if (approval.policy) {
            event.details["policy"] = approval.policy->policy.name;
            event.details["policy_version"] = std::to_string(approval.policy->policy.version);
            event.details["policy_digest"] = approval.policy->digest;
        }
        if (!is_amendable(approval)) event.details["amendable"] = "false";
        event.personal = {{"requester", approval.requester}, {"document_name", approval.document_name}};
        event.shown_digest = shown_digest(approval);
        tell_texts(approval, event);
        const AuditRecord record = next_record(approval.approval_id, nullptr, event, random_);
        json::object put{{"Put",
                          {{"TableName", tables_.approvals},
                           {"Item", to_item(approval)},
                           {"ConditionExpression", "attribute_not_exists(approval_id)"}}}};
        const auto written = transact({{"TransactItems", {std::move(put), put_audit(record)}}});
        if (written) {
            begun_ = record;
            return {};
        }
        if (!is_conflict(written.error())) return std::unexpected(written.error());
        // Perhaps an earlier try of this very step got through, and its answer was lost.
        const auto known = find(approval.approval_id);
        if (known && *known && (*known)->execution_arn == approval.execution_arn) return {};
        return std::unexpected(known ? written.error() : known.error());
    }

    Result<std::optional<ApprovalRequest>> find(const std::string& approval_id) override {
        const auto answer = call("GetItem", {{"TableName", tables_.approvals},
                                             {"Key", {{"approval_id", to_attribute(approval_id)}}},
                                             {"ConsistentRead", true}});
        if (!answer) return std::unexpected(answer.error());
        const json::value* item = answer->if_contains("Item");
        if (item == nullptr) return std::nullopt;
        try {
            return approval_from_item(item->as_object());
        } catch (const durable::SerdesError& error) {
            return unreadable(approval_id, "record", error);
        }
    }

    Result<std::optional<ApprovalRequest>> vote(const ApprovalRequest& approval, const Accepted& accepted) override {
        ApprovalRequest after = with_vote(approval, accepted);
        const std::string status = to_string(accepted.status);
        std::string changes = "SET votes = :votes, revision = :revision, updated_at = :now";
        json::object values{{":pending", to_attribute("pending")},
                            {":now", to_attribute(accepted.vote.at)},
                            {":votes", to_attribute(durable::to_json(*after.votes))},
                            {":revision", to_attribute(*after.revision)}};
        if (accepted.is_final()) {
            changes +=
                ", #status = :status, decision = :status, approver = :approver, comments = :comments, "
                "decided_at = :now";
            values[":status"] = to_attribute(status);
            values[":approver"] = to_attribute(*after.approver);
            values[":comments"] = to_attribute(*after.comments);
        }
        const std::string open = still_open(approval, values);
        json::object update{{"TableName", tables_.approvals},
                            {"Key", {{"approval_id", to_attribute(approval.approval_id)}}},
                            {"ConditionExpression", open},
                            {"UpdateExpression", changes},
                            {"ExpressionAttributeNames", {{"#status", "status"}}},
                            {"ExpressionAttributeValues", std::move(values)}};
        const auto won = change(approval.approval_id, std::move(update), vote_event(approval, accepted));
        if (!won) return std::unexpected(won.error());
        if (!*won) return std::nullopt;
        return after;
    }

    Result<bool> amend(const ApprovalRequest& before, const Amended& amended) override {
        const ApprovalRequest& after = amended.approval;
        json::object names{{"#status", "status"}};
        json::object values{{":pending", to_attribute("pending")},
                            {":now", to_attribute(amended.event.at)},
                            {":name", to_attribute(after.document_name)},
                            {":versions", to_attribute(durable::to_json(*after.earlier_versions))},
                            {":revision", to_attribute(*after.revision)}};
        std::string changes =
            "SET document_name = :name, earlier_versions = :versions, revision = :revision, updated_at = :now";
        if (after.fields) {
            names["#fields"] = "fields";
            values[":fields"] = to_attribute(durable::to_json(*after.fields));
            changes += ", #fields = :fields";
        }
        if (after.told_stages) {
            values[":told"] = to_attribute(*after.told_stages);
            changes += ", told_stages = :told";
        }
        if (after.link != before.link) {
            names["#link"] = "link";
            if (after.link) values[":link"] = to_attribute(*after.link);
            changes += after.link ? ", #link = :link" : " REMOVE #link";
        }
        const std::string open = still_open(before, values);
        return change(before.approval_id,
                      {{"TableName", tables_.approvals},
                       {"Key", {{"approval_id", to_attribute(before.approval_id)}}},
                       {"ConditionExpression", open},
                       {"UpdateExpression", changes},
                       {"ExpressionAttributeNames", std::move(names)},
                       {"ExpressionAttributeValues", std::move(values)}},
                      amended.event);
    }

    Result<ApprovalRequest> time_out(const ApprovalRequest& approval, ApprovalStatus outcome,
                                     const AuditDetails& more) override {
        const std::string now = to_iso8601(clock_.now());
        AuditEvent event{.event = "timed_out", .at = now};
        event.details = more;
        event.details["expires_at"] = approval.expires_at;
        std::string changes = "SET #status = :outcome, updated_at = :now";
        json::object values{{":pending", to_attribute("pending")},
                            {":outcome", to_attribute(to_string(outcome))},
                            {":now", to_attribute(now)}};
        if (outcome == ApprovalStatus::rejected) {
            event.details["decision"] = to_string(outcome);
            changes += ", decision = :outcome, decided_at = :deadline";
            values[":deadline"] = to_attribute(approval.expires_at);
        }
        json::object update{{"TableName", tables_.approvals},
                            {"Key", {{"approval_id", to_attribute(approval.approval_id)}}},
                            {"ConditionExpression", "#status = :pending"},
                            {"UpdateExpression", changes},
                            {"ExpressionAttributeNames", {{"#status", "status"}}},
                            {"ExpressionAttributeValues", std::move(values)}};
        const auto won = change(approval.approval_id, std::move(update), event);
        if (!won) return std::unexpected(won.error());
        return require(approval.approval_id);
    }

    Result<ApprovalRequest> escalate(const ApprovalRequest& approval, const std::string& expires_at) override {
        const std::string now = to_iso8601(clock_.now());
        AuditEvent event{.event = "escalated", .at = now};
        event.details = {{"expires_at", expires_at}};
        // With another revision, so that who decides meanwhile looks again at who may.
        json::object update{{"TableName", tables_.approvals},
                            {"Key", {{"approval_id", to_attribute(approval.approval_id)}}},
                            {"ConditionExpression", "#status = :pending AND attribute_not_exists(escalated_at)"},
                            {"UpdateExpression",
                             "SET expires_at = :deadline, escalated_at = :now, updated_at = :now, "
                             "revision = if_not_exists(revision, :none) + :one"},
                            {"ExpressionAttributeNames", {{"#status", "status"}}},
                            {"ExpressionAttributeValues",
                             {{":pending", to_attribute("pending")},
                              {":deadline", to_attribute(expires_at)},
                              {":now", to_attribute(now)},
                              {":none", to_attribute(0)},
                              {":one", to_attribute(1)}}}};
        const auto won = change(approval.approval_id, std::move(update), event);
        if (!won) return std::unexpected(won.error());
        return require(approval.approval_id);
    }

    Result<bool> note_told(const ApprovalRequest& read, const Told& told) override {
        json::object values{{":pending", to_attribute("pending")},
                            {":now", to_attribute(to_iso8601(clock_.now()))},
                            {":stages", to_attribute(told.stages)},
                            {":votes", to_attribute(told.votes)},
                            {":revision", to_attribute(read.revision.value_or(0) + 1)}};
        std::string changes = "SET told_stages = :stages, told_votes = :votes, revision = :revision";
        if (told.callback_token) {
            values[":token"] = to_attribute(*told.callback_token);
            changes += ", callback_token = :token";
        }
        // With another revision, so that who votes meanwhile looks again at which callback there is.
        const std::string open = still_open(read, values);
        const auto written = call("UpdateItem", {{"TableName", tables_.approvals},
                                                 {"Key", {{"approval_id", to_attribute(read.approval_id)}}},
                                                 {"ConditionExpression", open},
                                                 {"UpdateExpression", changes},
                                                 {"ExpressionAttributeNames", {{"#status", "status"}}},
                                                 {"ExpressionAttributeValues", std::move(values)}});
        if (written) return true;
        if (!is_taken(written.error())) return std::unexpected(written.error());
        // Perhaps an earlier try of this very step got through, and its answer was lost.
        const auto now = require(read.approval_id);
        if (!now) return std::unexpected(now.error());
        return now->status == ApprovalStatus::pending && now->told_stages == told.stages &&
               now->told_votes == told.votes && (!told.callback_token || now->callback_token == told.callback_token);
    }

    Result<ApprovalPage> list(const ListRequest& request) override {
        const ListIndex index = index_of(request.order);
        json::object query{{"TableName", tables_.approvals},
                           {"IndexName", index.name},
                           {"KeyConditionExpression", "#status = :status"},
                           {"ExpressionAttributeNames", {{"#status", "status"}}},
                           {"ExpressionAttributeValues", {{":status", to_attribute(to_string(request.status))}}},
                           {"ScanIndexForward", index.forward},
                           {"Limit", request.limit}};
        if (!request.next_token.empty()) {
            auto key = start_key(request);
            if (!key) return fail("INVALID_REQUEST", 400, "next_token: is not one that this list answered.");
            query["ExclusiveStartKey"] = std::move(*key);
        }
        const auto answer = call("Query", query);
        if (!answer) return std::unexpected(answer.error());
        ApprovalPage page;
        for (const json::value& item : answer->at("Items").as_array()) {
            try {
                page.approvals.push_back(approval_from_item(item.as_object()));
            } catch (const durable::SerdesError& error) {
                page.unreadable.push_back({.approval_id = id_of(item.as_object()), .problem = error.what()});
            }
        }
        if (const json::value* key = answer->if_contains("LastEvaluatedKey")) {
            page.next_token = base64_encode(json::serialize(*key));
        }
        return page;
    }

    Result<Timings> timings(const TimingsRequest& request) override {
        json::object query{
            {"TableName", tables_.approvals},
            {"IndexName", "StatusIndex"},
            {"KeyConditionExpression", "#status = :status AND created_at >= :since"},
            {"ProjectionExpression", "#status, created_at, decided_at, approver, #policy.#policy.stages"},
            {"ExpressionAttributeNames", {{"#status", "status"}, {"#policy", "policy"}}},
            {"ExpressionAttributeValues",
             {{":status", to_attribute(to_string(request.status))},
              {":since", to_attribute(to_iso8601(request.since))}}},
            {"ScanIndexForward", request.oldest_first}};
        Timings found;
        bool are_readable = true;
        while (true) {
            query["Limit"] = request.max - found.timings.size();
            const auto answer = call("Query", query);
            if (!answer) return std::unexpected(answer.error());
            for (const json::value& item : answer->at("Items").as_array()) {
                try {
                    found.timings.push_back(timing_from_item(item.as_object()));
                } catch (const durable::SerdesError&) {
                    are_readable = false;
                }
            }
            const json::value* more = answer->if_contains("LastEvaluatedKey");
            found.is_complete = more == nullptr && are_readable;
            if (more == nullptr || found.timings.size() >= request.max) return found;
            query["ExclusiveStartKey"] = *more;
        }
    }

    Result<void> append(const std::string& approval_id, const AuditEvent& event, bool once) override {
        if (begun_ && begun_->approval_id == approval_id) {
            // This process began the chain and mostly nobody wrote since: its end is known without reading it.
            const AuditRecord first = *std::exchange(begun_, std::nullopt);
            const auto written = put_next(approval_id, &first, event);
            if (written || !is_taken(written.error())) return written;
        }
        return append_where(approval_id, event, [&](const std::vector<AuditRecord>& chain) {
            return !once || std::ranges::none_of(chain, [&](const AuditRecord& record) {
                return record.event == event.event && record.details == event.details;
            });
        });
    }

    Result<void> append_where(const std::string& approval_id, const AuditEvent& event,
                              const std::function<bool(const std::vector<AuditRecord>&)>& takes) override {
        for (int attempt = 0; attempt < kChainAttempts; ++attempt) {
            if (attempt > 1) client_.pause(attempt - 1, kLongestPause);
            const auto chain = trail(approval_id);
            if (!chain) return std::unexpected(chain.error());
            if (!takes(*chain)) return {};
            const auto written = put_next(approval_id, chain->empty() ? nullptr : &chain->back(), event);
            if (written || !is_taken(written.error())) return written;
        }
        return chain_busy(approval_id);
    }

    Result<void> append_refusal(const std::string& approval_id, const AuditEvent& refused) override {
        return append_where(approval_id, refused,
                            [&](const std::vector<AuditRecord>& chain) { return takes_refusal(chain, refused); });
    }

    Result<bool> write_with(json::object write, const std::string& chain_id, const AuditEvent& event) override {
        json::object request{{"TransactItems", {std::move(write), nullptr}}};
        for (int attempt = 0; attempt < kChainAttempts; ++attempt) {
            if (attempt > 1) client_.pause(attempt - 1, kLongestPause);
            const auto chain = trail(chain_id);
            if (!chain) return std::unexpected(chain.error());
            const AuditRecord record = next_record(chain_id, chain->empty() ? nullptr : &chain->back(), event, random_);
            request["TransactItems"].as_array()[1] = put_audit(record);
            request["ClientRequestToken"] = random_.uuid();
            const auto written = transact(request);
            if (written) return true;
            if (!is_conflict(written.error())) return std::unexpected(written.error());
            const auto reasons = reasons_of(written.error());
            if (!reasons.empty() && reasons[0].code == "ConditionalCheckFailed") return false;
        }
        return chain_busy(chain_id);
    }

    Result<std::vector<AuditRecord>> trail(const std::string& approval_id) override {
        std::vector<AuditRecord> records;
        json::object query{{"TableName", tables_.audit},
                           {"KeyConditionExpression", "approval_id = :id"},
                           {"ExpressionAttributeValues", {{":id", to_attribute(approval_id)}}},
                           {"ConsistentRead", true}};
        while (true) {
            const auto answer = call("Query", query);
            if (!answer) return std::unexpected(answer.error());
            try {
                for (const json::value& item : answer->at("Items").as_array()) {
                    records.push_back(audit_from_item(item.as_object()));
                }
            } catch (const durable::SerdesError& error) {
                return unreadable(approval_id, "audit trail", error);
            }
            const json::value* more = answer->if_contains("LastEvaluatedKey");
            if (more == nullptr) return records;
            query["ExclusiveStartKey"] = *more;
        }
    }

private:
    Result<json::object> call(std::string_view action, const json::object& request) {
        // Every write carries a condition, so repeating one that got through is refused, not done twice.
        return client_.json("dynamodb", fmt::format("DynamoDB_20120810.{}", action), request);
    }

    /// What a transaction can never write is a ValidationException, as it is of a single write.
    Result<json::object> transact(const json::object& request) {
        auto written = call("TransactWriteItems", request);
        if (written) return written;
        for (CancellationReason& reason : reasons_of(written.error())) {
            if (reason.code == "ValidationError") return fail("ValidationException", 400, std::move(reason.message));
        }
        return written;
    }

    /// The condition that this record is pending, not expired and as it was read; what it compares with goes to
    /// `values`, which has :pending and :now.
    static std::string still_open(const ApprovalRequest& read, json::object& values) {
        if (read.revision) values[":read"] = to_attribute(*read.revision);
        return std::string("#status = :pending AND expires_at > :now AND ") +
               (read.revision ? "revision = :read" : "attribute_not_exists(revision)");
    }

    /// Adds a record after `last`; is_taken when another was there first.
    Result<void> put_next(const std::string& approval_id, const AuditRecord* last, const AuditEvent& event) {
        const json::object put = put_audit(next_record(approval_id, last, event, random_));
        const auto written = call("PutItem", put.at("Put").as_object());
        if (!written) return std::unexpected(written.error());
        return {};
    }

    json::object put_audit(const AuditRecord& record) const {
        return {{"Put",
                 {{"TableName", tables_.audit},
                  {"Item", to_item(record)},
                  {"ConditionExpression", "attribute_not_exists(approval_id)"}}}};
    }

    static std::unexpected<Error> chain_busy(const std::string& approval_id) {
        return fail("AuditChainBusy", 503,
                    fmt::format("The audit trail of {} is being written by too many at once.", approval_id));
    }

    Result<ApprovalRequest> require(const std::string& approval_id) {
        auto found = find(approval_id);
        if (!found) return std::unexpected(found.error());
        if (*found) return std::move(**found);
        return fail("APPROVAL_NOT_FOUND", 404, fmt::format("There is no approval {}.", approval_id));
    }

    /// One transaction of an update of the record and its audit record; false when the update's condition did not hold.
    Result<bool> change(const std::string& approval_id, json::object update, const AuditEvent& event) {
        return write_with({{"Update", std::move(update)}}, approval_id, event);
    }

    aws::Client& client_;
    TableNames tables_;
    const Clock& clock_;
    Random& random_;
    std::optional<AuditRecord> begun_;  // the first record of the chain that this process began last
};

}  // namespace

std::unique_ptr<Repository> make_repository(aws::Client& client, TableNames tables, const Clock& clock,
                                            Random& random) {
    return std::make_unique<DynamoRepository>(client, std::move(tables), clock, random);
}

}  // namespace holdpoint::approvals
