// Random interleavings of deciders, timeouts and crashes: exactly one wins, and everything agrees.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "approvals/domain/agreement.hpp"
#include "approvals/repository/items.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using namespace std::chrono_literals;

std::string text() {
    return *rc::gen::element<std::string>("", "a", "ünï", "\"quoted\"", "line\nline", "{\"S\":\"x\"}",
                                          std::string(300, 'z'));
}

template <class T>
std::optional<T> perhaps(T value) {
    return *rc::gen::arbitrary<bool>() ? std::optional<T>(std::move(value)) : std::nullopt;
}

ApprovalRequest any_request() {
    ApprovalRequest request;
    for (std::string* field : {&request.approval_id, &request.document_id, &request.document_name, &request.requester,
                               &request.created_at, &request.updated_at, &request.expires_at, &request.execution_arn}) {
        *field = text();
    }
    request.status = *rc::gen::element(ApprovalStatus::pending, ApprovalStatus::approved, ApprovalStatus::rejected,
                                       ApprovalStatus::timeout);
    request.ttl = *rc::gen::arbitrary<std::int64_t>();
    request.callback_token = perhaps(text());
    request.decision = perhaps(*rc::gen::element(Decision::approved, Decision::rejected));
    request.approver = perhaps(text());
    request.comments = perhaps(text());
    request.decided_at = perhaps(text());
    request.fields = perhaps(std::vector<DocumentField>{{text(), text()}, {text(), text()}});
    request.link = perhaps(text());
    request.kind = perhaps(text());
    request.votes = perhaps(std::vector<Vote>{{.person = text(),
                                               .groups = {text()},
                                               .stage = text(),
                                               .at = text(),
                                               .comments = text(),
                                               .proof = text(),
                                               .shown_digest = text(),
                                               .idempotency_key = text()}});
    request.policy = perhaps(default_policy());
    request.revision = perhaps(*rc::gen::arbitrary<std::int64_t>());
    request.told_stages = perhaps(*rc::gen::arbitrary<std::int64_t>());
    request.told_votes = perhaps(*rc::gen::arbitrary<std::int64_t>());
    request.amendable = perhaps(false);
    return request;
}

template <class T>
void goes_through_json(const T& value) {
    RC_ASSERT(durable::from_json<T>(durable::Json::parse(durable::to_json(value).dump())) == value);
}

TEST(ApprovalProperties, EveryModelComesBackAsItWas) {
    EXPECT_TRUE(rc::check([] {
        goes_through_json(any_request());
        goes_through_json(WorkflowEvent{text(), text(), text(), perhaps(*rc::gen::arbitrary<std::int64_t>()),
                                        perhaps(std::vector<DocumentField>{{text(), text()}}), perhaps(text()),
                                        perhaps(text()), perhaps(default_policy()), perhaps(text()), perhaps(false)});
        goes_through_json(
            ApprovalDecisionRequest{text(), *rc::gen::element(VoteDecision::approved, VoteDecision::changes_requested),
                                    text(), text(), text(), perhaps(text()), text()});
        goes_through_json(WorkflowResult{text(), text(), text(), perhaps(text()), perhaps(text()), perhaps(text())});
    }));
}

TEST(ApprovalProperties, EveryItemComesBackAsItWas) {
    EXPECT_TRUE(rc::check([] {
        const ApprovalRequest request = any_request();
        RC_ASSERT(approval_from_item(to_item(request)) == request);
        SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
        AuditEvent event{.event = text(), .at = text()};
        event.details = {{"one", text()}};
        event.personal = {{"two", text()}};
        event.shown_digest = text();
        const AuditRecord record = next_record(text(), nullptr, event, random);
        RC_ASSERT(audit_from_item(to_item(record)) == record);
    }));
}

/// Dies at a few checkpoints, before or after the service has recorded them.
void crash_now_and_then(LocalService& runner) {
    const auto drawn = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 12));
    const std::set<int> doomed(drawn.begin(), drawn.end());
    runner.before_checkpoint = [doomed](int number) -> std::optional<Error> {
        if (number % 2 == 0 && doomed.contains(number)) throw Crash{};
        return std::nullopt;
    };
    runner.after_checkpoint = [doomed](int number) {
        if (number % 2 == 1 && doomed.contains(number)) throw Crash{};
    };
    runner.limits.consecutive_failures = 100;
}

TEST(ApprovalProperties, UniqueApprovalIdentifiers) {
    EXPECT_TRUE(rc::check([] {
        std::set<std::string> ids;
        SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
        RunnersClock clock;
        Tables tables(clock);
        const int count = *rc::gen::inRange(1, 7);
        for (int i = 0; i < count; ++i) {
            World world(*rc::gen::element(WaitMode::polling, WaitMode::callback), tables, clock, random);
            clock.runner = &world.runner;
            crash_now_and_then(world.runner);
            world.start(30);
            world.runner.advance(20min);
            clock.runner = nullptr;
            RC_ASSERT(!world.notifications.empty());
            for (const Notification& notification : world.notifications) {
                RC_ASSERT(notification.attributes.at("approval_id") == world.approval_id());
            }
            RC_ASSERT(ids.insert(world.approval_id()).second);
            // Exactly one record, whose trail begins once.
            const Answer listed = world.api(R"({"action":"list","status":"timeout","limit":100})");
            RC_ASSERT(listed.body.find("approvals")->get_if<durable::Json::Array>()->size() ==
                      static_cast<std::size_t>(i) + 1);
            RC_ASSERT(world.trail_events().front() == "created");
            RC_ASSERT(verify_chain(world.trail()).empty());
        }
    }));
}

/// What one decider was answered.
struct Heard {
    std::string decision;
    std::string approver;
    std::string comments;
    Answer answer;
};

class Interleaving {
public:
    explicit Interleaving(WaitMode mode) : alone_(mode) {}

    void run() {
        crash_now_and_then(world_.runner);
        alone_.tables.before_call = [this](const std::string&) {
            if (due_at_call_ > 0 && --due_at_call_ == 0) decide();
            if (lose_call_ == 0 || --lose_call_ > 0) return true;
            ++lost_;
            return false;
        };
        world_.start(10);
        const int steps = *rc::gen::inRange(0, 12);
        for (int i = 0; i < steps; ++i) step();
        lose_call_ = 0;
        world_.runner.advance(20min);
        check();
    }

private:
    void step() {
        switch (*rc::gen::inRange(0, 5)) {
            case 0:
                return decide();
            case 1:
                return world_.runner.advance(std::chrono::seconds(*rc::gen::inRange(1, 5)));
            case 2:  // in the middle of what others do
                due_at_call_ = *rc::gen::inRange(1, 8);
                return;
            case 3:
                world_.lose_next_resume = true;
                return;
            default:
                lose_call_ = *rc::gen::inRange(1, 6);
        }
    }

    void decide() {
        if (world_.approval_id().empty()) return;
        Heard heard{.decision = *rc::gen::element<std::string>("approved", "rejected"),
                    .approver = *rc::gen::element<std::string>("ann", "bob"),
                    .comments = *rc::gen::element<std::string>("", "because"),
                    .answer = {}};
        const int lost_before = lost_;
        heard.answer = world_.decide(heard.decision, heard.approver, heard.comments);
        RC_ASSERT(heard.answer.status != 500 || lost_ > lost_before);
        heard_.push_back(std::move(heard));
    }

    void check() {
        RC_ASSERT(!world_.runner.is_running());
        RC_ASSERT(world_.runner.execution().head().status == wire::ExecutionStatus::succeeded);
        const ApprovalRequest record = *world_.record();
        const WorkflowResult result = world_.result();
        RC_ASSERT(result.decision == to_string(record.status));
        RC_ASSERT(result.approver == record.approver);
        RC_ASSERT(result.comments == record.comments);
        for (const Heard& heard : heard_) agrees(heard, record);
        RC_ASSERT(verify_chain(world_.trail()).empty());
        RC_ASSERT(disagreements(record, world_.trail()).empty());
        std::map<std::string, int> events;
        for (const std::string& event : world_.trail_events()) ++events[event];
        RC_ASSERT(events["created"] == 1);
        RC_ASSERT(events["notified"] == 1);
        RC_ASSERT(events["completed"] == 1);
        RC_ASSERT(events["decided"] == (record.decision ? 1 : 0));
        RC_ASSERT(events["timed_out"] == (record.decision ? 0 : 1));
    }

    /// The model: whatever the record says now, each answer was true when it was given.
    static void agrees(const Heard& heard, const ApprovalRequest& record) {
        const bool is_winner = record.decision && to_string(*record.decision) == heard.decision &&
                               record.approver == heard.approver && record.comments == heard.comments;
        const std::string code = heard.answer.text("error.code");
        switch (heard.answer.status) {
            case 200:
                RC_ASSERT(is_winner);
                return;
            case 409:
                if (code == "APPROVAL_EXPIRED") {
                    RC_ASSERT(!record.decision);
                } else {
                    RC_ASSERT(code == "APPROVAL_ALREADY_DECIDED");
                    RC_ASSERT(!is_winner);
                    RC_ASSERT(heard.answer.text("error.details.decision") == to_string(record.status));
                    RC_ASSERT(heard.answer.text("error.details.approver") == *record.approver);
                }
                return;
            case 500:  // a call was lost; nothing is claimed
                return;
            default:
                RC_FAIL("an answer that nobody expects");
        }
    }

    Alone alone_;
    World& world_ = alone_.world;
    std::vector<Heard> heard_;
    int due_at_call_ = 0;
    int lose_call_ = 0;
    int lost_ = 0;
};

TEST(ApprovalProperties, ExactlyOneWinsWhateverTheOrder) {
    EXPECT_TRUE(rc::check([] { Interleaving(*rc::gen::element(WaitMode::polling, WaitMode::callback)).run(); }));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
