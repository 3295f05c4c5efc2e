// The use cases, over real tables: every way in which each ends, and a process that dies between an effect and its
// record.
#include "use_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kChair =
    R"({"expense_id":"e-1","purpose":"Chair","requester":"user","amount":"80.05","currency":"EUR"})";
constexpr std::string_view kPrinter =
    R"({"expense_id":"e-2","purpose":"Printer","requester":"user","amount":"5000.00","currency":"EUR"})";

/// An alone world with the use cases' tables.
class UseCasesInBothModes : public ::testing::TestWithParam<WaitMode> {
protected:
    template <class Result>
    [[nodiscard]] Result result() const {
        return durable::from_json<Result>(durable::Json::parse(world.runner.result()));
    }
    void approve(std::initializer_list<const char*> people) {
        for (const char* person : people) EXPECT_EQ(world.decide("approved", person, "fine").status, 200) << person;
        world.runner.advance(10s);
    }
    void reject(const char* person, const std::string& comments) {
        EXPECT_EQ(world.decide("rejected", person, comments).status, 200);
        world.runner.advance(10s);
    }
    /// The process dies once, at the first checkpoint after `happened` is true.
    void crash_when(std::function<bool()> happened) {
        world.runner.before_checkpoint = [this, happened = std::move(happened)](int) -> std::optional<Error> {
            if (crashed || !happened()) return std::nullopt;
            crashed = true;
            throw Crash{};
        };
    }
    [[nodiscard]] std::string own_approval_id() const { return approval_id_of(world.runner.execution().head().arn); }

    Alone alone{GetParam()};
    World& world = alone.world;
    UseCases cases{alone.tables, alone.clock, alone.random};
    bool crashed = false;
};

INSTANTIATE_TEST_SUITE_P(Modes, UseCasesInBothModes, ::testing::Values(WaitMode::polling, WaitMode::callback),
                         [](const auto& mode) { return mode.param == WaitMode::polling ? "Polling" : "Callback"; });

TEST_P(UseCasesInBothModes, AnApprovedExpenseIsBooked) {
    cases.expenses(world);
    world.start(std::string(kChair));
    EXPECT_EQ(world.record()->kind, "expense");
    EXPECT_EQ(cases.count("ledger"), 0);
    approve({"boss"});
    EXPECT_TRUE(result<ExpenseResult>().booked);
    EXPECT_EQ(result<ExpenseResult>().amount, "80.05");
    const LedgerEntry expected{.expense_id = "e-1",
                               .approval_id = own_approval_id(),
                               .execution_arn = world.runner.execution().head().arn,
                               .purpose = "Chair",
                               .requester = "user",
                               .cents = 8'005,
                               .currency = "EUR",
                               .cost_center = {},
                               .approver = "boss",
                               .approved_at = *world.record()->decided_at};
    EXPECT_EQ(cases.ledger.find("e-1").value(), expected);
    EXPECT_EQ(cases.count("ledger"), 1);
}

TEST_P(UseCasesInBothModes, ALargeExpenseNeedsThreeInTheirOrder) {
    cases.expenses(world);
    world.start(std::string(kPrinter));
    EXPECT_EQ(world.decide("approved", "cleo").text("error.code"), "STAGE_NOT_OPEN");
    approve({"boss", "ann"});
    EXPECT_EQ(cases.count("ledger"), 0);
    approve({"cleo"});
    EXPECT_TRUE(result<ExpenseResult>().booked);
    EXPECT_EQ(cases.ledger.find("e-2").value()->cents, 500'000);
}

TEST_P(UseCasesInBothModes, ARejectedExpenseIsNotBooked) {
    cases.expenses(world);
    world.start(std::string(kPrinter));
    approve({"boss"});
    reject("ann", "no money");
    EXPECT_EQ(result<ExpenseResult>().decision, "rejected");
    EXPECT_EQ(result<ExpenseResult>().comments, "no money");
    EXPECT_FALSE(result<ExpenseResult>().booked);
    EXPECT_EQ(cases.count("ledger"), 0);
}

TEST_P(UseCasesInBothModes, AnExpenseThatNobodyDecidesIsNotBooked) {
    cases.expenses(world);
    world.start(std::string(kChair));
    world.runner.advance(310s);
    EXPECT_EQ(result<ExpenseResult>().decision, "timeout");
    EXPECT_EQ(cases.count("ledger"), 0);
}

TEST_P(UseCasesInBothModes, ACrashBetweenBookingAndItsCheckpointBooksOnce) {
    cases.expenses(world);
    crash_when([this] { return cases.count("ledger") == 1; });
    world.start(std::string(kChair));
    approve({"boss"});
    world.runner.advance(10min);
    EXPECT_TRUE(crashed);
    EXPECT_TRUE(result<ExpenseResult>().booked);
    EXPECT_EQ(cases.count("ledger"), 1);
}

TEST_P(UseCasesInBothModes, ALedgerOutOfReachIsWaitedFor) {
    cases.expenses(world);
    world.start(std::string(kChair));
    const TimePoint again = alone.clock.now() + 5min;
    alone.tables.before_call = [&](const std::string& action) {
        // Everything else is done by then.
        return action != "PutItem" || world.trail_events().back() != "completed" || alone.clock.now() >= again;
    };
    EXPECT_EQ(world.decide("approved", "boss").status, 200);
    world.runner.advance(4min);
    EXPECT_TRUE(world.runner.is_running());
    world.runner.advance(30min);
    EXPECT_TRUE(result<ExpenseResult>().booked);
    EXPECT_EQ(cases.count("ledger"), 1);
}

TEST_P(UseCasesInBothModes, WhatIsNoExpenseLeavesNoTrace) {
    for (const auto& [event, problem] : std::initializer_list<std::pair<std::string, std::string>>{
             {R"({"expense_id":"e","purpose":"p","requester":"user","amount":80.05,"currency":"EUR"})", "amount"},
             {R"({"expense_id":"e","purpose":"p","requester":"BOSS","amount":"80.05","currency":"EUR"})",
              "as many as may approve a request of BOSS"}}) {
        Alone fresh(GetParam());
        UseCases fresh_cases(fresh.tables, fresh.clock, fresh.random);
        fresh_cases.expenses(fresh.world);
        int calls = 0;
        fresh.tables.before_call = [&](const std::string&) { return ++calls > 0; };
        fresh.world.start(event);
        EXPECT_EQ(fresh.world.runner.error_type(), "InvalidEvent");
        EXPECT_THAT(fresh.world.runner.error_message(), HasSubstr(problem));
        EXPECT_EQ(calls, 0);
    }
}

TEST_P(UseCasesInBothModes, AnExpenseThatIsSubmittedTwiceIsBookedOnce) {
    cases.expenses(world);
    world.start(std::string(kChair));
    approve({"boss"});
    const std::string first = own_approval_id();
    world.notifications.clear();
    world.start(std::string(kChair));
    approve({"boss"});
    EXPECT_EQ(result<ExpenseResult>().decision, "approved");
    EXPECT_FALSE(result<ExpenseResult>().booked);
    EXPECT_EQ(result<ExpenseResult>().already_booked_by, first);
    EXPECT_EQ(cases.count("ledger"), 1);
    EXPECT_EQ(cases.ledger.find("e-1").value()->approval_id, first);
}

TEST(Ledger, AnExpenseStandsInItOnce) {
    Alone alone(WaitMode::polling);
    UseCases cases(alone.tables, alone.clock, alone.random);
    LedgerEntry entry{.expense_id = "e",
                      .approval_id = "a",
                      .execution_arn = "arn",
                      .purpose = "p",
                      .requester = "r",
                      .cents = 1,
                      .currency = "EUR",
                      .cost_center = {},
                      .approver = "b",
                      .approved_at = "now"};
    EXPECT_EQ(cases.ledger.book(entry).value(), entry);
    EXPECT_EQ(cases.ledger.book(entry).value(), entry);
    LedgerEntry other = entry;
    other.approval_id = "b";
    EXPECT_EQ(cases.ledger.book(other).value(), entry);
    EXPECT_EQ(cases.ledger.find("e").value(), entry);
    EXPECT_EQ(cases.count("ledger"), 1);
}

std::string design(const std::string& digest = std::string(64, 'a')) {
    return R"({"document_id":"d-1","document_name":"Logo","kind":"design","version":2,"requester":"user","digest":")" +
           digest + "\"}";
}

TEST_P(UseCasesInBothModes, AnApprovedVersionIsMarkedWithItsDigest) {
    cases.documents(world);
    crash_when([this] { return cases.count("documents") == 1; });
    world.start(design());
    EXPECT_EQ(world.record()->kind, "document");
    approve({"dora"});
    world.runner.advance(10min);
    EXPECT_TRUE(crashed);
    EXPECT_TRUE(result<DocumentResult>().marked);
    const DocumentRecord expected{.document_id = "d-1",
                                  .version = 2,
                                  .document_name = "Logo",
                                  .kind = "design",
                                  .digest = std::string(64, 'a'),
                                  .decision = "approved",
                                  .approval_id = own_approval_id(),
                                  .approver = "dora",
                                  .comments = "fine",
                                  .decided_at = world.record()->decided_at};
    EXPECT_EQ(cases.document_table.find("d-1", 2).value(), expected);
}

TEST_P(UseCasesInBothModes, ARejectedVersionIsMarkedWithTheReasonAndMayBeAskedForAgain) {
    cases.documents(world);
    world.start(design());
    reject("dora", "too blue");
    EXPECT_EQ(cases.document_table.find("d-1", 2).value()->comments, "too blue");
    world.start(design(std::string(64, 'b')));
    world.runner.advance(310s);
    EXPECT_EQ(result<DocumentResult>().decision, "timeout");
    EXPECT_EQ(cases.document_table.find("d-1", 2).value()->decision, "timeout");
}

TEST_P(UseCasesInBothModes, NobodyIsAskedForAVersionThatIsApproved) {
    cases.documents(world);
    world.start(design());
    approve({"dora"});
    const auto notified = world.notifications.size();
    world.start(design(std::string(64, 'b')));
    EXPECT_EQ(world.runner.error_type(), "AlreadyApproved");
    EXPECT_THAT(world.runner.error_message(), HasSubstr(std::string(64, 'a')));
    EXPECT_EQ(world.notifications.size(), notified);
}

TEST_P(UseCasesInBothModes, AnApprovalThatWasFasterStays) {
    cases.documents(world);
    world.start(design());
    const DocumentRecord faster{.document_id = "d-1",
                                .version = 2,
                                .document_name = "Logo",
                                .kind = "design",
                                .digest = std::string(64, 'b'),
                                .decision = "approved",
                                .approval_id = "another",
                                .approver = {},
                                .comments = {},
                                .decided_at = {}};
    EXPECT_TRUE(cases.document_table.mark(faster).value());
    approve({"dora"});
    EXPECT_FALSE(result<DocumentResult>().marked);
    EXPECT_EQ(cases.document_table.find("d-1", 2).value(), faster);
}

std::string comment(bool urgent = false) {
    return std::string(R"({"content_id":"c-1","title":"A comment","author":"writer","reason":"reported","urgent":)") +
           (urgent ? "true}" : "false}");
}

TEST_P(UseCasesInBothModes, ContentIsHeldAndThenPublishedOrRemoved) {
    for (const std::string decision : {"approved", "rejected"}) {
        Alone fresh(GetParam());
        UseCases fresh_cases(fresh.tables, fresh.clock, fresh.random);
        fresh_cases.moderation(fresh.world);
        fresh.world.start(comment());
        EXPECT_EQ(fresh_cases.contents.find("c-1").value()->state, ContentState::held);
        EXPECT_EQ(fresh.world.decide(decision, "writer").text("error.code"), "OWN_REQUEST");
        EXPECT_EQ(fresh.world.decide(decision, "may", "because").status, 200);
        fresh.world.runner.advance(10s);
        const auto settled = fresh_cases.contents.find("c-1").value();
        EXPECT_EQ(settled->state, decision == "approved" ? ContentState::published : ContentState::removed);
        EXPECT_EQ(settled->moderator, "may");
        EXPECT_EQ(settled->reason, "because");
        EXPECT_EQ(settled->decided_at, fresh.world.record()->decided_at);
    }
}

TEST_P(UseCasesInBothModes, AnAuthorHearsNothingOfWhatModeratorsSay) {
    world.tell_people();
    cases.moderation(world);
    world.start(comment());
    EXPECT_EQ(world.decide("changes_requested", "may", "between us").status, 200);
    world.runner.advance(10s);
    EXPECT_EQ(world.decide("rejected", "may", "because").status, 200);
    world.runner.advance(10s);
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::removed);
    EXPECT_TRUE(world.to_requester.empty());
}

TEST_P(UseCasesInBothModes, UrgentContentExpiresToRemoved) {
    cases.moderation(world);
    world.start(comment(true));
    world.runner.advance(59s);
    EXPECT_EQ(cases.contents.find("c-1").value()->state, ContentState::held);
    world.runner.advance(10s);
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::removed);
    EXPECT_EQ(cases.contents.find("c-1").value()->state, ContentState::removed);
    EXPECT_EQ(cases.contents.find("c-1").value()->reason, "Nobody decided in time.");
}

TEST_P(UseCasesInBothModes, OtherContentStaysHeld) {
    cases.moderation(world);
    world.start(comment());
    world.runner.advance(310s);
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::held);
    EXPECT_EQ(result<ReviewResult>().decision, "timeout");
    EXPECT_EQ(cases.contents.find("c-1").value()->state, ContentState::held);
    EXPECT_EQ(cases.contents.find("c-1").value()->reason, std::nullopt) << "nothing was settled";
    const std::string first = own_approval_id();
    world.start(comment());
    EXPECT_EQ(cases.contents.find("c-1").value()->state, ContentState::held);
    EXPECT_EQ(cases.contents.find("c-1").value()->approval_id, own_approval_id());
    EXPECT_NE(own_approval_id(), first);
}

TEST_P(UseCasesInBothModes, TheLatestReviewCounts) {
    cases.moderation(world);
    world.start(comment());
    auto later = *cases.contents.find("c-1").value();
    later.approval_id = "later";
    later.review_started_at = to_iso8601(alone.clock.now() + 1s);
    EXPECT_TRUE(cases.contents.hold(later).value());
    approve({"may"});
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::superseded);
    EXPECT_EQ(result<ReviewResult>().decision, "approved");
    EXPECT_EQ(cases.contents.find("c-1").value(), later);
}

TEST_P(UseCasesInBothModes, NobodyIsAskedWhenALaterReviewHoldsTheContentAlready) {
    cases.moderation(world);
    ContentRecord later{.content_id = "c-1",
                        .state = ContentState::held,
                        .title = "t",
                        .author = "w",
                        .urgent = false,
                        .approval_id = "later",
                        .review_started_at = to_iso8601(alone.clock.now() + 1s),
                        .moderator = {},
                        .reason = {},
                        .decided_at = {}};
    EXPECT_TRUE(cases.contents.hold(later).value());
    world.start(comment());
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::superseded);
    EXPECT_EQ(result<ReviewResult>().decision, std::nullopt);
    EXPECT_TRUE(world.notifications.empty());
}

TEST_P(UseCasesInBothModes, ACrashAfterHoldingIsNoLaterReview) {
    cases.moderation(world);
    crash_when([this] { return cases.count("content") == 1; });
    world.start(comment());
    world.runner.advance(10min);
    EXPECT_TRUE(crashed);
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::held) << "nobody decided";
    EXPECT_EQ(world.notifications.size(), 1U);
}

TEST_P(UseCasesInBothModes, WhatNobodyElseMayDecideIsRefusedWithTheReasonBeforeAnythingIsDone) {
    cases.document_rules.legal = cases.document_rules.finance = {.people = {"lea"}, .groups = {}};
    const std::string own = "requester: nobody decides their own request, and the others are too few";
    const std::tuple<void (UseCases::*)(World&), std::string, std::string, std::string> refused[] = {
        {&UseCases::expenses,
         R"({"expense_id":"e","purpose":"p","requester":"boss","amount":"80.05","currency":"EUR"})", own, "ledger"},
        {&UseCases::documents,
         R"({"document_id":"d","document_name":"n","kind":"design","version":2,"requester":"dora","digest":")" +
             std::string(64, 'a') + "\"}",
         own, "documents"},
        {&UseCases::documents,
         R"({"document_id":"d","document_name":"n","kind":"contract","version":2,"requester":"user","digest":")" +
             std::string(64, 'a') + "\"}",
         "the people whom this function's settings name are too few for this", "documents"},
        {&UseCases::moderation, R"({"content_id":"c-1","title":"t","author":"may","reason":"r"})", own, "content"}};
    for (const auto& [deploy, event, problem, table] : refused) {
        (cases.*deploy)(world);
        world.start(event);
        EXPECT_EQ(world.runner.error_type(), "InvalidEvent") << event;
        EXPECT_THAT(world.runner.error_message(), HasSubstr(problem));
        EXPECT_EQ(cases.count(table), 0);
    }
}

TEST_P(UseCasesInBothModes, ACrashAfterPublishingPublishesOnce) {
    cases.moderation(world);
    crash_when([this] { return cases.contents.find("c-1").value()->state == ContentState::published; });
    world.start(comment());
    approve({"may"});
    world.runner.advance(10min);
    EXPECT_TRUE(crashed);
    EXPECT_EQ(result<ReviewResult>().outcome, ReviewOutcome::published);
    EXPECT_EQ(cases.contents.find("c-1").value()->state, ContentState::published);
}

/// Each use case with something to decide, who has to approve it, and a field that somebody would like to change.
struct Waiting {
    void (UseCases::*deploy)(World&);
    std::string event;
    std::vector<std::string> approvers;
    std::string requester;
    std::string field;
    std::string table;
};

std::vector<Waiting> all_waiting() {
    return {{&UseCases::expenses, std::string(kPrinter), {"boss", "ann", "cleo"}, "user", "Amount", "ledger"},
            {&UseCases::documents, design(), {"dora"}, "user", "SHA-256", "documents"},
            {&UseCases::moderation, comment(), {"may"}, "writer", "Reason", "content"}};
}

TEST_P(UseCasesInBothModes, WhatIsCarriedOutMayNotBeChangedWhileItWaits) {
    for (const Waiting& waiting : all_waiting()) {
        Alone fresh(GetParam());
        UseCases fresh_cases(fresh.tables, fresh.clock, fresh.random);
        (fresh_cases.*waiting.deploy)(fresh.world);
        fresh.world.start(waiting.event);
        const auto asked = document_of(*fresh.world.record());
        const Answer amended =
            fresh.world.api(R"({"action":"amend","approval_id":")" + fresh.world.approval_id() + R"(","requester":")" +
                            waiting.requester + R"(","fields":{")" + waiting.field + R"(":"another"}})");
        EXPECT_EQ(amended.status, 409) << waiting.field;
        EXPECT_EQ(amended.text("error.code"), "DOCUMENT_FIXED");
        EXPECT_EQ(document_of(*fresh.world.record()), asked);
        for (const std::string& person : waiting.approvers)
            EXPECT_EQ(fresh.world.decide("approved", person).status, 200);
        fresh.world.runner.advance(10s);
        EXPECT_EQ(fresh.world.record()->status, ApprovalStatus::approved);
        EXPECT_EQ(fresh_cases.count(waiting.table), 1);
    }
}

TEST_P(UseCasesInBothModes, AnotherDocumentThanWasAskedForIsNotCarriedOut) {
    for (const Waiting& waiting : all_waiting()) {
        Alone fresh(GetParam());
        UseCases fresh_cases(fresh.tables, fresh.clock, fresh.random);
        (fresh_cases.*waiting.deploy)(fresh.world);
        fresh.world.start(waiting.event);
        // Whatever let that happen.
        ApprovalRequest record = *fresh.world.record();
        record.amendable.reset();
        Amendment amendment;
        amendment.requester.person = waiting.requester;
        amendment.fields = {{waiting.field, "another"}};
        const auto amended = amend(record, amendment, fresh.clock.now());
        ASSERT_TRUE(amended && *amended);
        ASSERT_TRUE(fresh.world.services().repository.amend(record, **amended).value());
        const auto before = fresh_cases.contents.find("c-1").value();
        for (const std::string& person : waiting.approvers)
            EXPECT_EQ(fresh.world.decide("approved", person).status, 200);
        fresh.world.runner.advance(10s);
        EXPECT_EQ(fresh.world.runner.error_type(), "DocumentChanged") << waiting.field;
        EXPECT_EQ(fresh_cases.count("ledger") + fresh_cases.count("documents"), 0);
        EXPECT_EQ(fresh_cases.contents.find("c-1").value(), before);
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
