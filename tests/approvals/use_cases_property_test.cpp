// Random decisions, timeouts, crashes and lost calls: what a use case does, it does once, and as it was decided.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "use_cases.hpp"

namespace holdpoint::approvals::testing {
namespace {

using namespace std::chrono_literals;

/// Any order of tries of reviews, also late ones: the table does what this small model says.
class ModerationModel {
public:
    explicit ModerationModel(Contents& contents) : contents_(contents) {}

    void step() {
        const int review = *rc::gen::inRange(0, 4);
        if (*rc::gen::arbitrary<bool>()) {
            const bool holds = !now_ || now_->review < review;
            RC_ASSERT(contents_.hold(record_of(review, ContentState::held)).value() ==
                      (holds || now_->review == review));
            if (holds) now_ = Now{.review = review, .state = ContentState::held};
        } else {
            const auto state = *rc::gen::element(ContentState::published, ContentState::removed);
            const bool owns = now_ && now_->review == review;
            const bool settles = owns && now_->state == ContentState::held;
            RC_ASSERT(contents_.settle(record_of(review, state)).value() ==
                      (settles || (owns && now_->state == state)));
            if (settles) now_->state = state;
        }
        const auto found = contents_.find("c").value();
        RC_ASSERT(found.has_value() == now_.has_value());
        if (now_) RC_ASSERT(*found == record_of(now_->review, now_->state));
    }

private:
    struct Now {
        int review = 0;
        ContentState state = ContentState::held;
    };

    static ContentRecord record_of(int review, ContentState state) {
        return {.content_id = "c",
                .state = state,
                .title = "t",
                .author = "w",
                .urgent = false,
                .approval_id = "review-" + std::to_string(review),
                .review_started_at = to_iso8601(from_epoch_ms(1'700'000'000'000 + review)),
                .moderator = {},
                .reason = {},
                .decided_at = {}};
    }

    Contents& contents_;
    std::optional<Now> now_;
};

TEST(UseCaseProperties, TheLatestReviewCountsAndSettlesOnce) {
    EXPECT_TRUE(rc::check([] {
        Alone alone(WaitMode::polling);
        UseCases cases(alone.tables, alone.clock, alone.random);
        ModerationModel model(cases.contents);
        const int steps = *rc::gen::inRange(0, 15);
        for (int i = 0; i < steps; ++i) model.step();
    }));
}

/// Dies at a few checkpoints, before or after the service has recorded them; loses a few calls.
class Hardship {
public:
    explicit Hardship(Alone& alone) : alone_(alone) {
        const auto drawn = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 14));
        const std::set<int> doomed(drawn.begin(), drawn.end());
        LocalService& runner = alone.world.runner;
        runner.before_checkpoint = [doomed](int number) -> std::optional<Error> {
            if (number % 2 == 0 && doomed.contains(number)) throw Crash{};
            return std::nullopt;
        };
        runner.after_checkpoint = [doomed](int number) {
            if (number % 2 == 1 && doomed.contains(number)) throw Crash{};
        };
        runner.limits.consecutive_failures = 100;
        const auto lost = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 40));
        alone.tables.before_call = [this, lost = std::set<int>(lost.begin(), lost.end())](const std::string&) {
            // Never two in a row: what a client cannot repeat away ends a poll, and that is another test's.
            return ++calls_ % 2 == 0 || !lost.contains(calls_);
        };
    }
    ~Hardship() { alone_.tables.before_call = nullptr; }
    Hardship(const Hardship&) = delete;
    Hardship& operator=(const Hardship&) = delete;

    /// Somebody may decide at any time; then everything comes to its end.
    void run(const std::string& event, const std::vector<std::string>& people) {
        alone_.world.start(event);
        for (const std::string& person : people) {
            alone_.world.runner.advance(std::chrono::seconds(*rc::gen::inRange(0, 20)));
            if (*rc::gen::inRange(0, 4) == 0) continue;
            const bool agrees = *rc::gen::inRange(0, 4) > 0;
            (void)alone_.world.decide(agrees ? "approved" : "rejected", person);
        }
        alone_.world.runner.advance(2h);
        alone_.tables.before_call = nullptr;
        RC_ASSERT(alone_.world.runner.execution().head().status == wire::ExecutionStatus::succeeded);
    }

private:
    Alone& alone_;
    int calls_ = 0;
};

WaitMode any_mode() {
    return *rc::gen::element(WaitMode::polling, WaitMode::callback);
}

template <class Result>
Result result_of(const World& world) {
    return durable::from_json<Result>(durable::Json::parse(world.runner.result()));
}

TEST(UseCaseProperties, AnExpenseIsBookedOnceWhenApprovedAndNeverOtherwise) {
    EXPECT_TRUE(rc::check([] {
        Alone alone(any_mode());
        UseCases cases(alone.tables, alone.clock, alone.random);
        cases.expenses(alone.world);
        const auto cents = *rc::gen::inRange<std::int64_t>(1, 200'000);
        Hardship hardship(alone);
        hardship.run(
            R"({"expense_id":"e","purpose":"p","requester":"user","currency":"EUR","timeout_seconds":40,"amount":")" +
                format_amount(cents) + "\"}",
            {"boss", "ann", "cleo"});
        const auto result = result_of<ExpenseResult>(alone.world);
        const auto entry = cases.ledger.find("e").value();
        RC_ASSERT(result.decision == to_string(alone.world.record()->status));
        RC_ASSERT(result.booked == (result.decision == "approved"));
        RC_ASSERT(cases.count("ledger") == (result.booked ? 1 : 0));
        RC_ASSERT(entry.has_value() == result.booked);
        if (entry) RC_ASSERT(entry->cents == cents && entry->approval_id == result.approval_id);
    }));
}

TEST(UseCaseProperties, AVersionIsMarkedAsItWasDecided) {
    EXPECT_TRUE(rc::check([] {
        Alone alone(any_mode());
        UseCases cases(alone.tables, alone.clock, alone.random);
        cases.documents(alone.world);
        Hardship hardship(alone);
        hardship.run(
            R"({"document_id":"d","document_name":"n","kind":"contract","version":1,"requester":"user","timeout_seconds":40,
                         "digest":")" +
                std::string(64, 'a') + "\"}",
            {"lea", "ann", "cleo"});
        const auto result = result_of<DocumentResult>(alone.world);
        const auto record = cases.document_table.find("d", 1).value();
        RC_ASSERT(result.marked);
        RC_ASSERT(record->decision == result.decision);
        RC_ASSERT(record->decision == to_string(alone.world.record()->status));
        RC_ASSERT(record->approval_id == result.approval_id);
    }));
}

TEST(UseCaseProperties, ContentIsWhatItsReviewSays) {
    EXPECT_TRUE(rc::check([] {
        Alone alone(any_mode());
        UseCases cases(alone.tables, alone.clock, alone.random);
        cases.moderation(alone.world);
        const bool urgent = *rc::gen::arbitrary<bool>();
        Hardship hardship(alone);
        hardship.run(
            std::string(R"({"content_id":"c","title":"t","author":"w","reason":"r","timeout_seconds":40,"urgent":)") +
                (urgent ? "true}" : "false}"),
            {"may"});
        const auto result = result_of<ReviewResult>(alone.world);
        const ContentState expected = state_after(alone.world.record()->status, urgent);
        RC_ASSERT(cases.contents.find("c").value()->state == expected);
        RC_ASSERT(durable::to_json(result.outcome) == durable::to_json(expected));
    }));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
