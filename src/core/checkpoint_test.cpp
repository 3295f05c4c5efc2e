// What a batch of updates may say, how much of it there may be, and who may say it: each rule at its very edge.
#include "core/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/callbacks.hpp"
#include "core/history.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"

namespace holdpoint::core {
namespace {

using ::testing::HasSubstr;
using wire::ExecutionStatus;
using wire::InvocationStatus;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;
using wire::OperationUpdate;
using namespace std::chrono_literals;

const TimePoint kStart = from_epoch_ms(1'800'000'000'000);
const wire::ErrorObject kError{.message = "no", .type = "E", .data = {}, .stack_trace = {}};

OperationUpdate update(std::string id, OperationType type, OperationAction action) {
    OperationUpdate made;
    made.id = std::move(id);
    made.type = type;
    made.action = action;
    return made;
}
OperationUpdate with_payload(OperationUpdate made, std::size_t bytes) {
    made.payload = std::string(bytes, 'x');
    return made;
}
OperationUpdate retry(std::string id, std::int64_t seconds) {
    OperationUpdate made = update(std::move(id), OperationType::step, OperationAction::retry);
    made.has_step_options = true;
    made.next_attempt_delay_seconds = seconds;
    return made;
}
OperationUpdate wait(std::string id, std::int64_t seconds) {
    OperationUpdate made = update(std::move(id), OperationType::wait, OperationAction::start);
    made.wait_seconds = seconds;
    return made;
}
OperationUpdate callback(std::string id, std::int64_t timeout, std::int64_t heartbeat = 0) {
    OperationUpdate made = update(std::move(id), OperationType::callback, OperationAction::start);
    made.callback_timeout_seconds = timeout;
    made.callback_heartbeat_seconds = heartbeat;
    return made;
}

/// An execution whose first invocation is under way.
class Checkpoint : public ::testing::Test {
protected:
    Checkpoint() { restart(false); }

    void restart(bool synchronous) {
        Head head;
        head.number = 7;
        head.id = make_execution_id(7, "c0ffee00-1234-4abc-8def-0123456789ab");
        head.started_at = kStart;
        head.timeout_seconds = 3600;
        head.synchronous = synchronous;
        execution_ = std::make_unique<Execution>(head);
        journal_.clear();
        apply(decide_start(head, {}));
        begin("request");
    }
    void begin(const std::string& request) { (void)execution_->begin_invocation(request, now_); }
    void apply(const std::vector<Change>& changes) {
        journal_.push_back(encode_changes(changes));
        execution_->apply(decode_changes(journal_.back()));
    }
    /// As after a restart: what is journaled is all there is.
    Execution reloaded() const {
        Execution execution(execution_->head());
        for (const std::string& entry : journal_) execution.apply(decode_changes(entry));
        execution.rest();
        return execution;
    }
    /// Why it was refused; empty when it was accepted, and then it is applied.
    std::string checkpoint(const std::vector<OperationUpdate>& updates) {
        const auto changes = decide_checkpoint(*execution_, updates, now_, "nonce", limits_);
        if (!changes) return changes.error().message;
        apply(*changes);
        return {};
    }
    std::string answer(InvocationStatus status, std::optional<std::string> result,
                       std::optional<wire::ErrorObject> error = {}) {
        apply(decide_invocation_answered(
            *execution_,
            wire::InvocationOutput{.status = status, .result = std::move(result), .error = std::move(error)}, now_,
            limits_));
        return execution_->error() ? execution_->error()->message.value_or("") : "";
    }
    std::string callback_id(std::string_view operation) const {
        return *execution_->find(operation)->operation.callback_id;
    }
    /// How the callback's success is answered; nothing is applied.
    std::string success(std::string_view operation, std::string result = "1") const {
        const auto changes =
            decide_callback_success(*execution_, callback_id(operation), std::move(result), now_, limits_);
        return changes ? "" : changes.error().name;
    }
    OperationStatus status(std::string_view id) const { return execution_->find(id)->operation.status; }

    Limits limits_;
    TimePoint now_ = kStart;
    std::unique_ptr<Execution> execution_;
    std::vector<std::string> journal_;
};

TEST_F(Checkpoint, WhatAnOperationIsStaysAsItBegan) {
    OperationUpdate start = update("s", OperationType::step, OperationAction::start);
    start.name = "charge";
    start.sub_type = "Step";
    start.parent_id = "c";
    ASSERT_EQ(checkpoint({update("c", OperationType::context, OperationAction::start), start}), "");
    OperationUpdate end = start;
    end.action = OperationAction::succeed;
    OperationUpdate other = end;
    other.name = "refund";
    EXPECT_EQ(checkpoint({other}), "Inconsistent operation name.");
    other = end;
    other.sub_type = "Wait";
    EXPECT_EQ(checkpoint({other}), "Inconsistent operation subtype.");
    other = end;
    other.parent_id.reset();
    EXPECT_EQ(checkpoint({other}), "Inconsistent parent operation id.");
    EXPECT_EQ(checkpoint({end}), "");
}

TEST_F(Checkpoint, OnlyContextsHaveChildren) {
    OperationUpdate child = update("child", OperationType::step, OperationAction::start);
    child.parent_id = "s";
    EXPECT_EQ(checkpoint({update("s", OperationType::step, OperationAction::start), child}),
              "Invalid parent operation id.");
}

TEST_F(Checkpoint, InOneBatchAnOperationComesTwiceOnlyToBeginAndEnd) {
    const std::string twice = "Cannot checkpoint multiple operations with the same ID.";
    const OperationUpdate cancel = update("w", OperationType::wait, OperationAction::cancel);
    EXPECT_EQ(checkpoint({wait("w", 1), cancel}), twice);
    const OperationUpdate end = update("s", OperationType::step, OperationAction::succeed);
    EXPECT_EQ(checkpoint({end, end}), twice);
    EXPECT_EQ(checkpoint({retry("s", 1), end}), twice);
    EXPECT_EQ(checkpoint({update("s", OperationType::step, OperationAction::start),
                          update("s", OperationType::step, OperationAction::cancel)}),
              "Invalid action for the given operation type.")
        << "what is wrong by itself is told first";
    EXPECT_EQ(checkpoint({update("s", OperationType::step, OperationAction::start), end}), "");
    EXPECT_EQ(checkpoint({wait("w", 1)}), "");
    EXPECT_EQ(checkpoint({cancel}), "");
    EXPECT_EQ(status("w"), OperationStatus::cancelled);
    EXPECT_EQ(checkpoint({cancel}), "Cannot cancel a WAIT that does not exist or has already completed.");
}

TEST_F(Checkpoint, AStepGoesOnOnlyWhereItMay) {
    ASSERT_EQ(checkpoint({retry("s", 5)}), "");
    EXPECT_EQ(checkpoint({update("s", OperationType::step, OperationAction::succeed)}),
              "Invalid current STEP state to close.");
    EXPECT_EQ(checkpoint({retry("s", 5)}), "Invalid current STEP state to re-attempt.");
    now_ += 5s;
    apply(decide_due(*execution_, now_));
    EXPECT_EQ(checkpoint({update("s", OperationType::step, OperationAction::succeed)}), "")
        << "an attempt may end without its START";
    EXPECT_EQ(execution_->find("s")->operation.attempt, 2);
    OperationUpdate with_options = update("t", OperationType::step, OperationAction::start);
    with_options.has_step_options = true;
    EXPECT_EQ(checkpoint({with_options}), "Invalid StepOptions for the given action.");
}

TEST_F(Checkpoint, DurationsHaveLimits) {
    limits_.delay_seconds = 100;
    limits_.callback_timeout_seconds = 100;
    EXPECT_EQ(checkpoint({wait("w", 101)}), "WaitSeconds must be between 1 and 100 seconds, but is 101.");
    EXPECT_EQ(checkpoint({wait("w", 0)}), "WaitSeconds must be between 1 and 100 seconds, but is 0.");
    EXPECT_EQ(checkpoint({wait("w", 100)}), "");
    EXPECT_EQ(checkpoint({retry("s", 100)}), "");
    const std::string between = "TimeoutSeconds and HeartbeatTimeoutSeconds must be between 0 and 100, but are ";
    EXPECT_EQ(checkpoint({callback("c", 101, 0)}), between + "101 and 0.");
    EXPECT_EQ(checkpoint({callback("c", 0, 101)}), between + "0 and 101.");
    EXPECT_EQ(checkpoint({callback("c", -1, 0)}), between + "-1 and 0.");
    EXPECT_EQ(checkpoint({callback("c", 0, -1)}), between + "0 and -1.");
    EXPECT_EQ(checkpoint({callback("c", 100, 100)}), "");
    EXPECT_EQ(checkpoint({callback("c", 100, 100)}), "Cannot start a CALLBACK that already exist.");
}

TEST_F(Checkpoint, PayloadsHaveLimits) {
    limits_.operation_payload_bytes = 10;
    limits_.invoke_payload_bytes = 20;
    const OperationUpdate end = update("s", OperationType::step, OperationAction::succeed);
    EXPECT_EQ(checkpoint({with_payload(end, 11)}), "STEP output payload size must be less than or equal to 10 bytes.");
    EXPECT_EQ(checkpoint({with_payload(end, 10)}), "");
    const OperationUpdate start = update("c", OperationType::context, OperationAction::start);
    const OperationUpdate close = update("c", OperationType::context, OperationAction::succeed);
    EXPECT_EQ(checkpoint({start, with_payload(close, 11)}),
              "CONTEXT output payload size must be less than or equal to 10 bytes.");
    OperationUpdate invoke = update("i", OperationType::chained_invoke, OperationAction::start);
    invoke.function_name = "f:1";
    EXPECT_EQ(checkpoint({with_payload(invoke, 21)}),
              "CHAINED_INVOKE input payload size must be less than or equal to 20 bytes.");
    EXPECT_EQ(checkpoint({with_payload(invoke, 20)}), "");
}

// Whoever waits for it may get more than an event may leave.
TEST_F(Checkpoint, AResultMayBeAsLongAsItsCallerTakes) {
    limits_.async_result_bytes = 10;
    limits_.sync_result_bytes = 20;
    const OperationUpdate close = update("e", OperationType::execution, OperationAction::succeed);
    for (const bool synchronous : {false, true}) {
        const std::size_t max = synchronous ? 20 : 10;
        const std::string too_long =
            "Execution output payload size must be less than or equal to " + std::to_string(max) + " bytes.";
        restart(synchronous);
        EXPECT_EQ(checkpoint({with_payload(close, max + 1)}), too_long);
        EXPECT_EQ(checkpoint({with_payload(close, max)}), "");
        EXPECT_EQ(execution_->head().status, ExecutionStatus::succeeded);
        restart(synchronous);
        EXPECT_EQ(answer(InvocationStatus::succeeded, std::string(max + 1, 'x')), too_long);
        restart(synchronous);
        EXPECT_EQ(answer(InvocationStatus::succeeded, std::string(max, 'x')), "");
        EXPECT_EQ(execution_->head().status, ExecutionStatus::succeeded);
    }
}

TEST_F(Checkpoint, AnAnswerHasAResultOrAnErrorNeverBoth) {
    EXPECT_EQ(answer(InvocationStatus::succeeded, "1", kError), "Cannot provide an Error for SUCCEEDED status.");
    restart(false);
    EXPECT_EQ(answer(InvocationStatus::failed, "1", kError), "Cannot provide a Result for FAILED status.");
    restart(false);
    EXPECT_EQ(answer(InvocationStatus::failed, {}, kError), "no");
}

TEST_F(Checkpoint, AnExecutionIsClosedOnceAndByTheLastUpdate) {
    const OperationUpdate close = update("e", OperationType::execution, OperationAction::succeed);
    EXPECT_EQ(checkpoint({close, close}), "Cannot checkpoint multiple EXECUTION updates.");
    EXPECT_EQ(checkpoint({close, update("s", OperationType::step, OperationAction::start)}),
              "EXECUTION checkpoint must be the last update.");
    EXPECT_TRUE(execution_->is_running());
}

// As AWS bills them: the execution, each operation, each retry, each invocation that failed.
TEST_F(Checkpoint, RetriesAndFailedInvocationsCountAsOperations) {
    limits_.operations = 5;
    EXPECT_EQ(checkpoint({retry("s", 1)}), "");                           // 3
    apply(decide_invocation_failed(*execution_, kError, now_, limits_));  // 4
    begin("request-2");
    EXPECT_EQ(execution_->billed_operations(), 4);
    EXPECT_THAT(checkpoint({retry("t", 1)}), HasSubstr("maximum of 5 operations"));
    EXPECT_EQ(checkpoint({update("t", OperationType::step, OperationAction::start)}), "");
    EXPECT_THAT(checkpoint({retry("t", 1)}), HasSubstr("maximum of 5 operations"));
    EXPECT_EQ(checkpoint({update("t", OperationType::step, OperationAction::succeed)}), "");
}

TEST_F(Checkpoint, ABatchsDataCountsTogether) {
    limits_.execution_bytes = 20;
    const OperationUpdate one = with_payload(update("1", OperationType::step, OperationAction::succeed), 10);
    const OperationUpdate two = update("2", OperationType::step, OperationAction::succeed);
    EXPECT_THAT(checkpoint({one, with_payload(two, 11)}), HasSubstr("maximum of 20 bytes"));
    EXPECT_EQ(checkpoint({one, with_payload(two, 10)}), "");
}

TEST_F(Checkpoint, ATokenEndsWithItsInvocationAndItsExecution) {
    const auto is_good = [&](const std::string& token) { return check_token(*execution_, token).has_value(); };
    const auto token = [&] { return checkpoint_token(execution_->head(), *execution_->invocation()); };
    const std::string first = token();
    EXPECT_TRUE(is_good(first));
    apply(decide_invocation_failed(*execution_, kError, now_, limits_));
    EXPECT_FALSE(is_good(first));
    begin("request-2");
    EXPECT_FALSE(is_good(first)) << "the sequence is the same, the invocation is another";
    const std::string second = token();
    EXPECT_TRUE(is_good(second));
    (void)accept_checkpoint(*execution_, {.checkpoint_token = second, .updates = {}, .client_token = {}});
    EXPECT_FALSE(is_good(second));
    const std::string third = token();
    execution_->invocation()->token_withheld = true;
    EXPECT_FALSE(is_good(third));
    execution_->invocation()->token_withheld = false;
    EXPECT_TRUE(is_good(third));
    apply(decide_stop(*execution_, kError, now_));
    EXPECT_FALSE(is_good(third));
}

TEST_F(Checkpoint, ACallbackIsOpenUntilTheFirstOfItsEnds) {
    ASSERT_EQ(checkpoint({callback("timeout", 100), callback("heartbeat", 0, 100), callback("neither", 0)}), "");
    EXPECT_NE(callback_id("timeout"), callback_id("heartbeat"));
    now_ = kStart + 100s - 1ms;
    EXPECT_EQ(success("timeout"), "");
    EXPECT_EQ(success("heartbeat"), "");
    now_ = kStart + 100s;
    EXPECT_EQ(success("timeout"), "CallbackTimeoutException");
    EXPECT_EQ(success("heartbeat"), "CallbackTimeoutException");
    EXPECT_EQ(success("neither"), "");
    now_ = kStart + 3600s;
    EXPECT_EQ(success("neither"), "CallbackTimeoutException") << "its execution's time is over";
    now_ = kStart + 1s;
    apply(decide_stop(*execution_, kError, now_));
    EXPECT_EQ(success("neither"), "CallbackTimeoutException") << "its execution was stopped";
}

TEST_F(Checkpoint, ACallbackTimesOutForWhatCameFirst) {
    ASSERT_EQ(checkpoint({callback("t", 10, 20), callback("h", 20, 10)}), "");
    EXPECT_EQ(execution_->next_due(), kStart + 10s);
    now_ = kStart + 60s;
    const auto changes = decide_due(*execution_, now_);
    apply(changes);
    EXPECT_EQ(execution_->find("t")->operation.error->type, "Callback.Timeout");
    EXPECT_EQ(execution_->find("h")->operation.error->type, "Callback.Heartbeat");
    const auto event = render_events(*execution_, changes, 1, true).front();
    EXPECT_EQ(event.at("CallbackTimedOutDetails").at("Error").at("Payload"),
              boost::json::value({{"ErrorType", "Callback.Timeout"}}))
        << "AWS's history names the type alone";
}

TEST_F(Checkpoint, ACallbacksResultIsTextWithinItsLimit) {
    limits_.operation_payload_bytes = 10;
    ASSERT_EQ(checkpoint({callback("c", 0)}), "");
    EXPECT_EQ(success("c", std::string(11, 'x')), "InvalidParameterValueException");
    EXPECT_EQ(success("c", "\xff"), "InvalidParameterValueException");
    EXPECT_EQ(success("c", std::string(10, 'x')), "");
    apply(*decide_callback_success(*execution_, callback_id("c"), "", now_, limits_));
    EXPECT_EQ(status("c"), OperationStatus::succeeded);
    EXPECT_EQ(execution_->find("c")->operation.result, std::nullopt) << "an empty result is none";
}

TEST_F(Checkpoint, AHeartbeatMovesNothingWhereNoneIsAskedFor) {
    ASSERT_EQ(checkpoint({callback("c", 100)}), "");
    const auto beat = decide_callback_heartbeat(*execution_, callback_id("c"), now_);
    ASSERT_TRUE(beat);
    EXPECT_TRUE(beat->empty());
    EXPECT_EQ(execution_->find("c")->heartbeat_at, std::nullopt);
}

// Whoever knows an operation's id and the execution's number knows nothing of its callback's.
TEST_F(Checkpoint, ACallbacksIdIsMadeOfTheSecret) {
    const Head& head = execution_->head();
    EXPECT_NE(make_callback_id(head, "c", "one nonce"), make_callback_id(head, "c", "another"));
}

TEST_F(Checkpoint, AClosedExecutionStaysAsItIs) {
    ASSERT_EQ(checkpoint({wait("w", 1)}), "");
    apply(decide_stop(*execution_, kError, now_));
    now_ += 3600s;
    EXPECT_TRUE(decide_due(*execution_, now_).empty());
    EXPECT_TRUE(decide_stop(*execution_, {}, now_).empty());
    EXPECT_EQ(execution_->next_due(), std::nullopt);
    EXPECT_EQ(decide_invocation_failed(*execution_, kError, now_, limits_).size(), 1U);
    apply(decide_invocation_failed(*execution_, kError, now_, limits_));
    EXPECT_EQ(execution_->head().status, ExecutionStatus::stopped);
    EXPECT_EQ(execution_->invocation_retry_at(), std::nullopt) << "nobody tries again for one that has ended";
}

TEST_F(Checkpoint, PausesGrowToAMinuteAndEndWithWhatSucceeds) {
    std::vector<std::int64_t> pauses;
    for (int failures = 1; failures <= 9; ++failures) pauses.push_back(invocation_backoff(failures).count());
    EXPECT_THAT(pauses, ::testing::ElementsAre(1, 2, 4, 8, 16, 32, 60, 60, 60));
    ASSERT_EQ(checkpoint({callback("c", 0)}), "");
    apply(decide_invocation_failed(*execution_, kError, now_, limits_));
    EXPECT_EQ(execution_->next_due(), now_ + 1s);
    begin("request-2");
    EXPECT_EQ(execution_->next_due(), execution_->deadline()) << "the try is under way";
    EXPECT_EQ(answer(InvocationStatus::pending, {}), "");
    EXPECT_EQ(execution_->consecutive_failures(), 0);
    begin("request-3");
    apply(decide_invocation_failed(*execution_, kError, now_, limits_));
    EXPECT_EQ(execution_->invocation_retry_at(), now_ + 1s);
}

// The clock was ahead when the last change was journaled.
TEST_F(Checkpoint, NoChangeGoesBackInTime) {
    ASSERT_EQ(checkpoint({callback("c", 0, 30), wait("w", 10)}), "");
    now_ = kStart + 1h - 1s;
    apply(*decide_callback_heartbeat(*execution_, callback_id("c"), kStart + 1s));
    ASSERT_EQ(checkpoint({update("s", OperationType::step, OperationAction::start)}), "");
    const TimePoint last = now_;
    now_ = kStart + 20s;
    const std::string id = callback_id("c");
    const std::vector<std::vector<Change>> all = {
        *decide_checkpoint(*execution_, {wait("x", 1)}, now_, "nonce", limits_),
        *decide_callback_success(*execution_, id, "1", now_, limits_),
        *decide_callback_failure(*execution_, id, kError, now_, limits_),
        decide_due(*execution_, now_),
        decide_stop(*execution_, kError, now_),
        decide_invocation_failed(*execution_, kError, now_, limits_),
        *decide_callback_heartbeat(*execution_, id, now_)};
    for (const auto& changes : all) {
        ASSERT_FALSE(changes.empty());
        for (const Change& change : changes) EXPECT_EQ(change.at, last);
    }
    EXPECT_EQ(all.back().front().due, now_ + 30s) << "but what is timed is timed from now";
    apply(all.front());
    EXPECT_EQ(execution_->last_change_at(), last);
}

TEST_F(Checkpoint, AHistoryWithoutDataSaysThatThereIsSome) {
    OperationUpdate done = with_payload(update("s", OperationType::step, OperationAction::succeed), 3);
    OperationUpdate failed = update("t", OperationType::step, OperationAction::fail);
    failed.error = kError;
    const auto changes = *decide_checkpoint(*execution_, {done, failed}, now_, "nonce", limits_);
    apply(changes);
    const auto events = render_events(*execution_, changes, 1, false);
    EXPECT_EQ(boost::json::serialize(events.at(0).at("StepSucceededDetails").at("Result")), R"({"Truncated":true})");
    EXPECT_EQ(boost::json::serialize(events.at(1).at("StepFailedDetails").at("Error")), R"({"Truncated":true})");
}

// Whatever the service did by itself is told, with an invocation if need be.
TEST_F(Checkpoint, WhatTheServiceDidIsNews) {
    ASSERT_EQ(checkpoint({retry("s", 5), wait("w", 6), callback("c", 7)}), "");
    (void)execution_->take_unseen();
    for (const std::string id : {"s", "w", "c"}) {
        now_ = *execution_->next_due();
        EXPECT_FALSE(execution_->has_unseen_change());
        apply(decide_due(*execution_, now_));
        EXPECT_TRUE(execution_->has_unseen_change()) << id;
        const auto told = execution_->take_unseen();
        ASSERT_EQ(told.size(), 1U);
        EXPECT_EQ(told[0].id, id);
        EXPECT_EQ(told[0].next_attempt_at, std::nullopt) << "an attempt that is due is not planned any more";
    }
    EXPECT_EQ(execution_->next_due(), execution_->deadline()) << "and is due no more";
}

TEST_F(Checkpoint, AnInvocationAndARestartKnowEverything) {
    ASSERT_EQ(checkpoint({callback("c", 0)}), "");
    ASSERT_EQ(answer(InvocationStatus::pending, {}), "");
    apply(*decide_callback_success(*execution_, callback_id("c"), "1", now_, limits_));
    Execution after = reloaded();
    EXPECT_TRUE(after.was_invoked());
    EXPECT_FALSE(after.has_unseen_change());
    EXPECT_TRUE(after.begin_invocation("request-2", now_).empty());
    EXPECT_TRUE(execution_->has_unseen_change());
    begin("request-2");
    EXPECT_FALSE(execution_->has_unseen_change());
}

// What nothing is left to wait for is told so once; whoever was told nothing new waits in vain.
TEST_F(Checkpoint, WaitingForNothingIsAMistakeAlsoAfterACheckpoint) {
    ASSERT_EQ(checkpoint({update("s", OperationType::step, OperationAction::succeed)}), "");
    (void)execution_->take_unseen();
    EXPECT_EQ(answer(InvocationStatus::pending, {}), "Cannot return PENDING status with no pending operations.");

    restart(false);
    ASSERT_EQ(checkpoint({callback("c", 0)}), "");
    (void)execution_->take_unseen();
    apply(*decide_callback_success(*execution_, callback_id("c"), "1", now_, limits_));
    EXPECT_EQ(answer(InvocationStatus::pending, {}), "");
    EXPECT_TRUE(execution_->is_running());
}

TEST_F(Checkpoint, TheExecutionsTimeIsOverBeforeALongerWait) {
    ASSERT_EQ(checkpoint({wait("w", 7200)}), "");
    EXPECT_EQ(execution_->next_due(), execution_->deadline());
}

TEST_F(Checkpoint, NothingInsideAClosedContextIsReplayed) {
    OperationUpdate inner = update("inner", OperationType::context, OperationAction::start);
    inner.parent_id = "outer";
    OperationUpdate step = update("step", OperationType::step, OperationAction::succeed);
    step.parent_id = "inner";
    ASSERT_EQ(checkpoint({update("outer", OperationType::context, OperationAction::start), inner, step}), "");
    EXPECT_EQ(execution_->replay_state().size(), 4U);
    ASSERT_EQ(checkpoint({update("outer", OperationType::context, OperationAction::succeed)}), "");
    EXPECT_EQ(execution_->replay_state().size(), 2U);
}

TEST_F(Checkpoint, AHistorySaysWhichAttemptEndedAndWhatItLeft) {
    OperationUpdate poll = with_payload(retry("s", 5), 1);
    ASSERT_EQ(checkpoint({poll}), "");
    EXPECT_EQ(execution_->find("s")->operation.result, "x") << "the next poll begins with it";
    now_ += 5s;
    apply(decide_due(*execution_, now_));
    const auto changes = *decide_checkpoint(*execution_, {update("s", OperationType::step, OperationAction::succeed)},
                                            now_, "", limits_);
    const auto event = render_events(*execution_, decode_changes(encode_changes(changes)), 1, true).front();
    EXPECT_EQ(event.at("StepSucceededDetails").at("RetryDetails").at("CurrentAttempt").to_number<int>(), 2);
}

TEST_F(Checkpoint, AnInvocationThatFailedTheExecutionSaysWhy) {
    (void)answer(InvocationStatus::failed, {}, kError);
    EXPECT_EQ(decode_changes(journal_.back()).front().error, kError);
}

TEST(ListingKeys, ThoseOfOneMomentAreTwo) {
    Head one;
    one.started_at = kStart;
    one.number = 1;
    Head two = one;
    two.number = 2;
    EXPECT_LT(listing_key(one), listing_key(two));
}

}  // namespace
}  // namespace holdpoint::core
