// The state machine of an execution: what a batch may do, what the service does by itself, how an execution ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/history.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"

namespace holdpoint::core {
namespace {

using ::testing::ElementsAre;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;
using wire::OperationUpdate;
using namespace std::chrono_literals;

const TimePoint kStart = from_epoch_ms(1'700'000'000'000);

OperationUpdate update(std::string id, OperationType type, OperationAction action) {
    OperationUpdate result;
    result.id = std::move(id);
    result.type = type;
    result.action = action;
    return result;
}

class CoreTest : public ::testing::Test {
protected:
    CoreTest() : execution_(head()) {
        apply(decide_start(execution_.head(), R"({"a":1})"));
        begin();
    }

    static Head head() {
        Head head;
        head.number = 7;
        head.id = make_execution_id(7, "c0ffee00-1234-4abc-8def-0123456789ab");
        head.name = "n";
        head.function = "f";
        head.version = "1";
        head.arn = execution_arn("us-east-1", "000000000000", "f", "1", "n", head.id);
        head.started_at = kStart;
        head.timeout_seconds = 3600;
        return head;
    }

    void apply(const std::vector<Change>& changes) {
        journal_.push_back(changes);
        execution_.apply(decode_changes(encode_changes(changes)));
    }
    void begin() { updated_ = execution_.begin_invocation("request-1", now_); }
    Result<void> checkpoint(const std::vector<OperationUpdate>& updates) {
        auto changes = decide_checkpoint(execution_, updates, now_, "nonce", limits_);
        if (!changes) return std::unexpected(changes.error());
        apply(*changes);
        return {};
    }
    std::string refusal(const std::vector<OperationUpdate>& updates) {
        const auto result = checkpoint(updates);
        return result ? "" : result.error().message;
    }
    void answer(wire::InvocationStatus status, std::optional<std::string> result = {}) {
        apply(decide_invocation_answered(
            execution_, wire::InvocationOutput{.status = status, .result = std::move(result), .error = {}}, now_,
            limits_));
    }
    std::vector<std::string> history() const {
        std::vector<std::string> types;
        std::uint64_t id = 1;
        for (const auto& entry : journal_) {
            for (const auto& event : render_events(execution_, entry, id, true)) {
                EXPECT_EQ(event.at("EventId").to_number<std::uint64_t>(), id++);
                types.emplace_back(event.at("EventType").as_string());
            }
        }
        return types;
    }
    OperationStatus status(std::string_view id) const { return execution_.find(id)->operation.status; }

    Limits limits_;
    TimePoint now_ = kStart;
    Execution execution_;
    std::vector<std::vector<Change>> journal_;
    std::vector<std::string> updated_;
};

/// The rows of one execution's journal.
class JournalRows final : public RowReader {
public:
    explicit JournalRows(const std::vector<std::vector<Change>>& journal) {
        for (const auto& entry : journal) rows_.emplace(journal_key(7, rows_.size()), encode_changes(entry));
    }
    std::optional<std::string> get(Space, std::string_view) const override { return std::nullopt; }
    std::vector<Row> scan(Space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        std::vector<Row> all;
        for (const auto& [key, value] : rows_) {
            if (key >= from && key < to) all.push_back({key, value});
        }
        if (reverse) std::ranges::reverse(all);
        all.resize(std::min(all.size(), limit));
        read += all.size();
        return all;
    }

    mutable std::size_t read = 0;

private:
    std::map<std::string, std::string> rows_;
};

TEST_F(CoreTest, OneStepThenSuccess) {
    OperationUpdate done = update("1", OperationType::step, OperationAction::succeed);
    done.payload = "42";
    ASSERT_TRUE(checkpoint({update("1", OperationType::step, OperationAction::start), done}));
    answer(wire::InvocationStatus::succeeded, "42");
    EXPECT_THAT(history(), ElementsAre("ExecutionStarted", "StepStarted", "StepSucceeded", "InvocationCompleted",
                                       "ExecutionSucceeded"));
    EXPECT_EQ(execution_.head().status, wire::ExecutionStatus::succeeded);
    EXPECT_EQ(execution_.result(), "42");
    EXPECT_EQ(execution_.find("1")->operation.attempt, 1);
}

TEST_F(CoreTest, WaitIsOverWhenItsTimeHasCome) {
    OperationUpdate wait = update("1", OperationType::wait, OperationAction::start);
    wait.wait_seconds = 60;
    ASSERT_TRUE(checkpoint({wait}));
    (void)execution_.take_unseen();
    answer(wire::InvocationStatus::pending);
    EXPECT_TRUE(execution_.is_running());
    EXPECT_EQ(execution_.next_due(), kStart + 60s);
    now_ = kStart + 59s;
    EXPECT_TRUE(decide_due(execution_, now_).empty());
    now_ = kStart + 60s;
    apply(decide_due(execution_, now_));
    EXPECT_TRUE(execution_.has_unseen_change());
    begin();
    EXPECT_THAT(updated_, ElementsAre("1"));
    EXPECT_EQ(status("1"), OperationStatus::succeeded);
    EXPECT_THAT(history(), ElementsAre("ExecutionStarted", "WaitStarted", "InvocationCompleted", "WaitSucceeded"));
}

TEST_F(CoreTest, StepRetriesWhenItsNextAttemptIsDue) {
    OperationUpdate retry = update("1", OperationType::step, OperationAction::retry);
    retry.has_step_options = true;
    retry.next_attempt_delay_seconds = 5;
    retry.error = wire::ErrorObject{.message = "no", .type = "E", .data = {}, .stack_trace = {}};
    ASSERT_TRUE(checkpoint({update("1", OperationType::step, OperationAction::start), retry}));
    EXPECT_EQ(status("1"), OperationStatus::pending);
    EXPECT_EQ(refusal({update("1", OperationType::step, OperationAction::start)}),
              "Invalid current STEP state to start.");
    now_ += 5s;
    apply(decide_due(execution_, now_));
    EXPECT_EQ(status("1"), OperationStatus::ready);
    EXPECT_TRUE(checkpoint({update("1", OperationType::step, OperationAction::start),
                            update("1", OperationType::step, OperationAction::succeed)}));
    EXPECT_EQ(execution_.find("1")->operation.attempt, 2);
    EXPECT_THAT(history(),
                ElementsAre("ExecutionStarted", "StepStarted", "StepFailed", "StepStarted", "StepSucceeded"));
}

TEST_F(CoreTest, CallbackIsAnsweredOnce) {
    OperationUpdate start = update("1", OperationType::callback, OperationAction::start);
    start.callback_timeout_seconds = 100;
    ASSERT_TRUE(checkpoint({start}));
    const std::string id = *execution_.find("1")->operation.callback_id;
    EXPECT_EQ(execution_of_callback(id), 7U);
    apply(*decide_callback_success(execution_, id, "\"abc\"", now_, limits_));
    EXPECT_EQ(execution_.find("1")->operation.result, "\"abc\"");
    EXPECT_EQ(decide_callback_success(execution_, id, "x", now_, limits_).error().name, "CallbackTimeoutException");
    EXPECT_EQ(execution_of_callback("nonsense").error().message, "Invalid callback id");
}

TEST_F(CoreTest, OverdueCallbackIsClosedEvenBeforeItsTimerRan) {
    OperationUpdate start = update("1", OperationType::callback, OperationAction::start);
    start.callback_timeout_seconds = 100;
    start.callback_heartbeat_seconds = 10;
    ASSERT_TRUE(checkpoint({start}));
    const std::string id = *execution_.find("1")->operation.callback_id;
    now_ += 9s;
    apply(*decide_callback_heartbeat(execution_, id, now_));
    now_ += 9s;
    EXPECT_TRUE(decide_due(execution_, now_).empty());
    now_ += 1s;
    EXPECT_EQ(decide_callback_success(execution_, id, "x", now_, limits_).error().name, "CallbackTimeoutException");
    apply(decide_due(execution_, now_));
    EXPECT_EQ(status("1"), OperationStatus::timed_out);
    EXPECT_EQ(execution_.find("1")->operation.error->type, "Callback.Heartbeat");
}

TEST_F(CoreTest, ABadUpdateRefusesItsWholeBatch) {
    const std::uint64_t before = execution_.journal_entries();
    OperationUpdate orphan = update("2", OperationType::step, OperationAction::start);
    orphan.parent_id = "nowhere";
    EXPECT_EQ(refusal({update("1", OperationType::step, OperationAction::start), orphan}),
              "Invalid parent operation id.");
    EXPECT_EQ(execution_.find("1"), nullptr);
    EXPECT_EQ(execution_.journal_entries(), before);
}

TEST_F(CoreTest, RefusalsAreAwsWords) {
    ASSERT_TRUE(checkpoint({update("s", OperationType::step, OperationAction::succeed),
                            update("c", OperationType::context, OperationAction::start)}));
    EXPECT_EQ(refusal({update("s", OperationType::step, OperationAction::fail)}),
              "Invalid current STEP state to close.");
    EXPECT_EQ(refusal({update("c", OperationType::context, OperationAction::start)}),
              "Cannot start a CONTEXT that already exist.");
    EXPECT_EQ(refusal({update("c", OperationType::step, OperationAction::start)}), "Inconsistent operation type.");
    EXPECT_EQ(refusal({update("w", OperationType::wait, OperationAction::start)}),
              "Update for WAIT operation requires WaitOptions.");
    EXPECT_EQ(refusal({update("w", OperationType::wait, OperationAction::cancel)}),
              "Cannot cancel a WAIT that does not exist or has already completed.");
    EXPECT_EQ(refusal({update("e", OperationType::execution, OperationAction::succeed),
                       update("x", OperationType::step, OperationAction::start)}),
              "EXECUTION checkpoint must be the last update.");
    EXPECT_EQ(refusal({update("y", OperationType::step, OperationAction::start),
                       update("y", OperationType::step, OperationAction::start)}),
              "Cannot checkpoint multiple operations with the same ID.");
    EXPECT_EQ(refusal({update("y", OperationType::callback, OperationAction::succeed)}),
              "Invalid action for the given operation type.");
}

TEST_F(CoreTest, AnAttemptEndsWithAPayloadOrAnErrorNeverBoth) {
    const auto with_both = [](OperationAction action) {
        OperationUpdate both = update("s", OperationType::step, action);
        both.payload = "1";
        both.error = wire::ErrorObject{.message = "no", .type = "E", .data = {}, .stack_trace = {}};
        both.has_step_options = action == OperationAction::retry;
        if (both.has_step_options) both.next_attempt_delay_seconds = 1;
        return both;
    };
    EXPECT_EQ(refusal({with_both(OperationAction::retry)}), "Cannot provide both error and payload to RETRY a STEP.");
    EXPECT_EQ(refusal({with_both(OperationAction::succeed)}), "Cannot provide an Error for SUCCEED action.");
    EXPECT_EQ(refusal({with_both(OperationAction::fail)}), "Cannot provide a Payload for FAIL action.");
    OperationUpdate at_once = update("s", OperationType::step, OperationAction::retry);
    at_once.has_step_options = true;
    at_once.next_attempt_delay_seconds = 0;
    EXPECT_EQ(refusal({at_once}), "NextAttemptDelaySeconds must be between 1 and 31622400 seconds, but is 0.");
    EXPECT_EQ(execution_.find("s"), nullptr);
}

constexpr std::size_t kMiB = 1024UL * 1024;

/// Its fields have this many bytes together; its JSON has many more.
wire::ErrorObject error_of(std::size_t bytes) {
    return {.message = std::string(bytes - 9, '"'), .type = "E", .data = "1234", .stack_trace = {{"12", "34"}}};
}

TEST_F(CoreTest, TheFieldsOfAnErrorHaveOneMegabyteTogether) {
    const std::string too_large = "Error object size must be less than or equal to 1048576 bytes.";
    const auto failing = [](std::string id, OperationType type, std::size_t bytes) {
        OperationUpdate result = update(std::move(id), type, OperationAction::fail);
        result.error = error_of(bytes);
        return result;
    };
    ASSERT_EQ(refusal({failing("s", OperationType::step, kMiB)}), "");
    EXPECT_EQ(execution_.find("s")->operation.error, error_of(kMiB));
    EXPECT_EQ(execution_.bytes_written(), kMiB + 7);
    EXPECT_EQ(refusal({failing("t", OperationType::step, kMiB + 1)}), too_large);
    EXPECT_EQ(refusal({failing("e", OperationType::execution, kMiB + 1)}), too_large);

    ASSERT_TRUE(checkpoint({update("c", OperationType::callback, OperationAction::start)}));
    const std::string id = *execution_.find("c")->operation.callback_id;
    EXPECT_EQ(decide_callback_failure(execution_, id, error_of(kMiB + 1), now_, limits_).error().message, too_large);
    EXPECT_TRUE(decide_callback_failure(execution_, id, error_of(kMiB), now_, limits_));
}

TEST_F(CoreTest, AnErrorThatIsTooLargeIsNotKept) {
    limits_.consecutive_failures = 1;
    for (const auto& changes :
         {decide_invocation_failed(execution_, error_of(kMiB + 1), now_, limits_),
          decide_invocation_answered(
              execution_,
              wire::InvocationOutput{
                  .status = wire::InvocationStatus::failed, .result = {}, .error = error_of(kMiB + 1)},
              now_, limits_)}) {
        ASSERT_EQ(changes.size(), 2U);
        EXPECT_EQ(changes[1].status, wire::ExecutionStatus::failed);
        EXPECT_EQ(changes[1].error->type, "InvalidParameterValueException");
        EXPECT_EQ(changes[1].error->message, "Error object size must be less than or equal to 1048576 bytes.");
        EXPECT_EQ(changes[0].error, changes[1].error);
    }
}

TEST_F(CoreTest, ErrorsCountAsDataOfTheExecution) {
    limits_.execution_bytes = 100;
    OperationUpdate failing = update("s", OperationType::step, OperationAction::fail);
    failing.error = error_of(94);  // the input has 7
    EXPECT_THAT(refusal({failing}), ::testing::HasSubstr("maximum of 100 bytes"));
    failing.error = error_of(73);
    EXPECT_EQ(refusal({failing}), "");

    ASSERT_TRUE(checkpoint({update("c", OperationType::callback, OperationAction::start)}));
    const std::string id = *execution_.find("c")->operation.callback_id;
    EXPECT_THAT(decide_callback_failure(execution_, id, error_of(21), now_, limits_).error().message,
                ::testing::HasSubstr("maximum of 100 bytes"));
    EXPECT_FALSE(decide_callback_success(execution_, id, std::string(21, 'x'), now_, limits_));
    EXPECT_TRUE(decide_callback_success(execution_, id, std::string(20, 'x'), now_, limits_));
}

TEST_F(CoreTest, PendingNeedsSomethingThatIsPending) {
    answer(wire::InvocationStatus::pending);
    EXPECT_EQ(execution_.head().status, wire::ExecutionStatus::failed);
    EXPECT_EQ(execution_.error()->message, "Cannot return PENDING status with no pending operations.");
}

TEST_F(CoreTest, PendingIsEnoughWhenTheTokenWasWithheld) {
    execution_.invocation()->token_withheld = true;
    answer(wire::InvocationStatus::pending);
    EXPECT_TRUE(execution_.is_running());
}

TEST_F(CoreTest, PendingIsEnoughWhenItWasToldMeanwhileThatTheWaitIsOver) {
    OperationUpdate wait = update("1", OperationType::wait, OperationAction::start);
    wait.wait_seconds = 1;
    ASSERT_TRUE(checkpoint({wait}));
    (void)execution_.take_unseen();
    now_ = kStart + 1s;
    apply(decide_due(execution_, now_));
    EXPECT_EQ(execution_.take_unseen().size(), 1U);
    answer(wire::InvocationStatus::pending);
    EXPECT_TRUE(execution_.is_running());
    begin();
    answer(wire::InvocationStatus::pending);
    EXPECT_FALSE(execution_.is_running()) << "this one knew from the beginning that nothing is left";
}

TEST_F(CoreTest, WhatTheServiceChangedIsToldOnce) {
    ASSERT_TRUE(checkpoint({update("1", OperationType::callback, OperationAction::start),
                            update("2", OperationType::callback, OperationAction::start)}));
    (void)execution_.take_unseen();
    const auto succeed = [this](const std::string& id) {
        apply(*decide_callback_success(execution_, *execution_.find(id)->operation.callback_id, "1", now_, limits_));
    };
    succeed("1");
    EXPECT_TRUE(execution_.has_unseen_change());
    const auto seen = execution_.take_unseen();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].id, "1");
    answer(wire::InvocationStatus::pending);
    EXPECT_FALSE(execution_.has_unseen_change()) << "a checkpoint's answer told it: no invocation for that";
    succeed("2");
    begin();
    EXPECT_THAT(updated_, ::testing::Contains("2"));
    answer(wire::InvocationStatus::pending);
    begin();
    EXPECT_THAT(updated_, ElementsAre());
}

TEST_F(CoreTest, FailedInvocationsAreTriedAgainUntilTheLimit) {
    const wire::ErrorObject crash{.message = "exit 1", .type = "Runtime.ExitError", .data = {}, .stack_trace = {}};
    for (int failure = 1; failure < limits_.consecutive_failures; ++failure) {
        apply(decide_invocation_failed(execution_, crash, now_, limits_));
        ASSERT_TRUE(execution_.is_running());
        EXPECT_EQ(execution_.invocation_retry_at(), now_ + invocation_backoff(failure));
        now_ = *execution_.invocation_retry_at();
        begin();
    }
    apply(decide_invocation_failed(execution_, crash, now_, limits_));
    EXPECT_EQ(execution_.head().status, wire::ExecutionStatus::failed);
    EXPECT_EQ(execution_.error(), crash);
}

// The clock was a month ahead when something was journaled, and is right again: what begins now is due in its own time.
TEST_F(CoreTest, AClockThatWasWrongForAMomentPutsNothingOff) {
    now_ = kStart + std::chrono::days(30);
    ASSERT_TRUE(checkpoint({update("0", OperationType::step, OperationAction::succeed)}));
    const TimePoint wrong = now_;
    now_ = kStart + 10s;
    OperationUpdate callback = update("c", OperationType::callback, OperationAction::start);
    callback.callback_timeout_seconds = 100;
    callback.callback_heartbeat_seconds = 50;
    OperationUpdate wait = update("w", OperationType::wait, OperationAction::start);
    wait.wait_seconds = 60;
    OperationUpdate retry = update("s", OperationType::step, OperationAction::retry);
    retry.has_step_options = true;
    retry.next_attempt_delay_seconds = 5;
    ASSERT_TRUE(checkpoint({callback, wait, retry}));
    EXPECT_EQ(execution_.find("c")->timeout_at, now_ + 100s);
    EXPECT_EQ(execution_.find("c")->heartbeat_at, now_ + 50s);
    EXPECT_EQ(execution_.find("w")->operation.scheduled_end_at, now_ + 60s);
    EXPECT_EQ(execution_.find("s")->operation.next_attempt_at, now_ + 5s);
    EXPECT_EQ(execution_.find("w")->operation.started_at, wrong) << "a history does not go back";
    apply(decide_invocation_failed(execution_, {}, now_, limits_));
    EXPECT_EQ(execution_.invocation_retry_at(), now_ + invocation_backoff(1));
}

TEST_F(CoreTest, ACallbackOfAnOldJournalIsTimedFromItsStart) {
    execution_.apply(decode_changes(
        R"([{"k":"started","at":1700000000000,"id":"c","type":"CALLBACK","s":100,"hb":50,"callback":"x"}])"));
    EXPECT_EQ(execution_.find("c")->timeout_at, kStart + 100s);
    EXPECT_EQ(execution_.find("c")->heartbeat_at, kStart + 50s);
}

TEST_F(CoreTest, ExecutionTimesOut) {
    now_ = kStart + 3600s;
    apply(decide_due(execution_, now_));
    EXPECT_EQ(execution_.head().status, wire::ExecutionStatus::timed_out);
    EXPECT_EQ(execution_.error()->message, "Execution timed out after 3600 seconds.");
    answer(wire::InvocationStatus::succeeded, "late");
    EXPECT_EQ(execution_.head().status, wire::ExecutionStatus::timed_out);
}

TEST_F(CoreTest, TokensAreGoodOnce) {
    const std::string first = checkpoint_token(execution_.head(), *execution_.invocation());
    EXPECT_TRUE(check_token(execution_, first));
    ++execution_.invocation()->sequence;
    EXPECT_EQ(check_token(execution_, first).error().message, "Invalid checkpoint token");
    Head other = head();
    other.number = 8;
    EXPECT_EQ(check_token(execution_, checkpoint_token(other, *execution_.invocation())).error().message,
              "Checkpoint token is not valid for the durable execution ARN");
}

TEST_F(CoreTest, ReplayDoesNotNeedTheChildrenOfClosedContexts) {
    OperationUpdate child = update("c-1", OperationType::step, OperationAction::succeed);
    child.parent_id = "c";
    OperationUpdate kept = update("k", OperationType::context, OperationAction::succeed);
    kept.replay_children = true;
    OperationUpdate kept_child = update("k-1", OperationType::step, OperationAction::succeed);
    kept_child.parent_id = "k";
    ASSERT_TRUE(checkpoint({update("c", OperationType::context, OperationAction::start), child,
                            update("c", OperationType::context, OperationAction::succeed),
                            update("k", OperationType::context, OperationAction::start), kept_child, kept}));
    std::vector<std::string> ids;
    for (const auto& operation : execution_.replay_state()) ids.push_back(operation.id);
    EXPECT_THAT(ids, ElementsAre(head().id, "c", "k", "k-1"));
}

TEST_F(CoreTest, OperationsAreLimited) {
    limits_.operations = 3;
    EXPECT_TRUE(checkpoint({update("1", OperationType::step, OperationAction::succeed),
                            update("2", OperationType::step, OperationAction::succeed)}));
    EXPECT_THAT(refusal({update("3", OperationType::step, OperationAction::start)}),
                ::testing::HasSubstr("maximum of 3 operations"));
}

TEST(CoreRows, HeadAndIdsRoundTrip) {
    Head head;
    head.number = 123456789;
    head.id = make_execution_id(head.number, "c0ffee00-1234-4abc-8def-0123456789ab");
    head.arn = execution_arn("us-east-1", "000000000000", "f", "$LATEST", "n", head.id);
    head.status = wire::ExecutionStatus::stopped;
    head.ended_at = kStart;
    EXPECT_EQ(decode_head(encode_head(head)), head);
    EXPECT_EQ(head.id.size(), 36U);
    EXPECT_EQ(number_of_arn(head.arn), head.number);
    EXPECT_EQ(number_of_arn("arn:aws:lambda:us-east-1:000000000000:function:f"), std::nullopt);
}

TEST(CoreValidation, ListsEveryViolation) {
    wire::CheckpointRequest request;
    request.checkpoint_token = "t";
    request.updates.push_back(update("a b", OperationType::step, OperationAction::start));
    request.updates.back().name = "";
    const auto result = validate(request);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().name, "ValidationException");
    EXPECT_THAT(result.error().message,
                ::testing::StartsWith("2 validation errors detected: Value 'a b' at 'updates.1.member.id'"));
}

TEST_F(CoreTest, WhatAnExecutionWasGivenAndHowItEndedStandsAtTheEndsOfItsJournal) {
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(checkpoint({update("s" + std::to_string(i), OperationType::step, OperationAction::start)}));
    }
    const Outcome running = read_outcome(JournalRows(journal_), execution_.head());
    EXPECT_EQ(running.input, R"({"a":1})");
    EXPECT_EQ(running.result, std::nullopt);

    answer(wire::InvocationStatus::succeeded, "\"done\"");
    ASSERT_FALSE(execution_.is_running());
    // What was under way at the end comes after it.
    Change late;
    late.kind = ChangeKind::invocation_completed;
    for (int i = 0; i < 9; ++i) apply({late});
    const JournalRows rows(journal_);
    const Outcome outcome = read_outcome(rows, execution_.head());
    EXPECT_EQ(outcome.input, execution_.input());
    EXPECT_EQ(outcome.result, "\"done\"");
    EXPECT_EQ(outcome.error, std::nullopt);
    EXPECT_LT(rows.read, 20U);
}

}  // namespace
}  // namespace holdpoint::core
