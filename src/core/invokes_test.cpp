// Invokes: what a checkpoint may ask for, how they end, and what users see of it.
#include "core/invokes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/checkpoint.hpp"
#include "core/rows.hpp"
#include "core/testing_execution.hpp"

namespace holdpoint::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::ExecutionStatus;
using wire::OperationStatus;

wire::OperationUpdate invoke_update() {
    wire::OperationUpdate update;
    update.id = "i";
    update.name = "bill";
    update.type = wire::OperationType::chained_invoke;
    update.sub_type = "ChainedInvoke";
    update.action = wire::OperationAction::start;
    update.payload = "1";
    update.function_name = "billing:live";
    update.tenant_id = "acme";
    return update;
}

class Invokes : public InvokedExecution {
protected:
    Result<std::vector<Change>> checkpoint(const wire::OperationUpdate& update) const {
        return decide_checkpoint(execution_, {update}, kNow, "nonce", limits_);
    }
    void start() {
        auto changes = checkpoint(invoke_update());
        ASSERT_TRUE(changes);
        changes->front().version = "3";
        changes->front().invoked_arn = "arn:child";
        apply(*changes);
    }
    void end(InvokeOutcome outcome) { apply(decide_invoke_ended(execution_, "i", std::move(outcome), kNow, limits_)); }
    boost::json::object last_event() const { return render_events(execution_, journal_.back(), 1, true).back(); }

    Limits limits_;
};

std::string refusal(const Result<std::vector<Change>>& result) {
    return result ? "accepted" : result.error().name + ": " + result.error().message;
}

TEST_F(Invokes, StartIsSeenInTheHistory) {
    start();
    EXPECT_EQ(boost::json::serialize(last_event().at("ChainedInvokeStartedDetails")),
              R"({"FunctionName":"billing:live","TenantId":"acme","Input":{"Payload":"1","Truncated":false},)"
              R"("ExecutedVersion":"3","DurableExecutionArn":"arn:child"})");
    EXPECT_TRUE(execution_.has_pending_operation());
    EXPECT_FALSE(execution_.has_unseen_change() && execution_.take_unseen().empty());
}

TEST_F(Invokes, NothingIsSentToAFunctionThatIsNotThere) {
    apply(*checkpoint(invoke_update()));  // without a version: none was found
    EXPECT_EQ(boost::json::serialize(last_event().at("ChainedInvokeStartedDetails")),
              R"({"FunctionName":"billing:live","TenantId":"acme"})");
}

TEST_F(Invokes, IllegalUpdatesAreRefused) {
    const auto with = [](auto change) {
        wire::OperationUpdate update = invoke_update();
        change(update);
        return update;
    };
    EXPECT_EQ(refusal(checkpoint(with([](auto& u) { u.action = wire::OperationAction::cancel; }))),
              "InvalidParameterValueException: Invalid action for the given operation type.");
    EXPECT_EQ(refusal(checkpoint(with([](auto& u) { u.function_name.reset(); }))),
              "InvalidParameterValueException: Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.");
    EXPECT_EQ(refusal(checkpoint(with([](auto& u) { u.payload = std::string(1024 * 1024 + 1, 'x'); }))),
              "InvalidParameterValueException: CHAINED_INVOKE input payload size must be less than or equal to 1048576 "
              "bytes.");
    start();
    EXPECT_EQ(refusal(checkpoint(invoke_update())),
              "InvalidParameterValueException: Cannot start a CHAINED_INVOKE operation that already exists.");
}

TEST_F(Invokes, ItsOptionsHaveLimits) {
    const auto problem = [](auto change) {
        wire::CheckpointRequest request{.checkpoint_token = "token", .updates = {invoke_update()}, .client_token = {}};
        change(request.updates.front());
        const auto result = validate(request);
        return result ? "accepted" : result.error().name + ": " + result.error().message;
    };
    EXPECT_EQ(problem([](auto& u) { u.tenant_id = "a.Z_0:/=+-@ b"; }), "accepted");
    EXPECT_EQ(problem([](auto& u) { u.tenant_id = "a;b"; }),
              "ValidationException: 1 validation error detected: Value 'a;b' at "
              "'updates.1.member.chainedInvokeOptions.tenantId' failed to satisfy constraint: Member must satisfy "
              R"(regular expression pattern: [a-zA-Z0-9\._:\/=+\-@ ]+)");
    for (const auto& wrong :
         {problem([](auto& u) { u.tenant_id = ""; }), problem([](auto& u) { u.tenant_id = std::string(257, 'a'); }),
          problem([](auto& u) { u.function_name = ""; }),
          problem([](auto& u) { u.trace_header = std::string(8193, 'a'); })}) {
        EXPECT_THAT(wrong, HasSubstr("Member must have length"));
    }
}

TEST_F(Invokes, TheTraceIsTheOneAskedFor) {
    wire::OperationUpdate update = invoke_update();
    update.trace_header = "Root=1-2-3";
    apply(*checkpoint(update));
    EXPECT_EQ(started_invoke(*execution_.find("i")).trace_header, "Root=1-2-3") << "also after a restart";
}

TEST_F(Invokes, EndWakesTheHandler) {
    start();
    (void)execution_.take_unseen();
    end({.status = ExecutionStatus::succeeded, .result = "42", .error = {}});
    EXPECT_EQ(execution_.find("i")->operation.status, OperationStatus::succeeded);
    EXPECT_EQ(execution_.find("i")->operation.result, "42");
    EXPECT_FALSE(execution_.find("i")->payload) << "it is needed no more";
    EXPECT_TRUE(execution_.has_unseen_change());
    EXPECT_THAT(execution_.begin_invocation("next", kNow), ElementsAre("i"));
    EXPECT_EQ(last_event().at("EventType").as_string(), "ChainedInvokeSucceeded");
}

TEST_F(Invokes, EveryOtherEndIsAnError) {
    const wire::ErrorObject error{.message = "no", .type = "Bad", .data = {}, .stack_trace = {}};
    struct Case {
        InvokeOutcome outcome;
        OperationStatus status;
        std::string event;
        std::string message;
        std::optional<std::string> type;
    };
    const std::vector<Case> cases = {
        {{.status = ExecutionStatus::failed, .result = {}, .error = error},
         OperationStatus::failed,
         "ChainedInvokeFailed",
         "no",
         "Bad"},
        {{.status = ExecutionStatus::stopped, .result = {}, .error = error},
         OperationStatus::stopped,
         "ChainedInvokeStopped",
         "no",
         "Bad"},
        {{.status = ExecutionStatus::timed_out, .result = {}, .error = {}, .timeout_seconds = 9},
         OperationStatus::timed_out,
         "ChainedInvokeTimedOut",
         "CHAINED_INVOKE timed out after 9 seconds.",
         "ChainedInvoke.Timeout"},
        {{.status = ExecutionStatus::succeeded, .result = std::string(1024 * 1024 + 1, 'x'), .error = {}},
         OperationStatus::failed,
         "ChainedInvokeFailed",
         "CHAINED_INVOKE output payload size must be less than or equal to 1048576 bytes.",
         {}},
        {{.status = ExecutionStatus::succeeded, .result = "caf\xe9", .error = {}},
         OperationStatus::failed,
         "ChainedInvokeFailed",
         "CHAINED_INVOKE response could not be decoded as UTF-8.",
         {}},
    };
    for (const Case& one : cases) {
        Execution execution(head());
        execution.apply(decide_start(execution.head(), "{}"));
        (void)execution.begin_invocation("request", kNow);
        execution.apply(decide_checkpoint(execution, {invoke_update()}, kNow, "nonce", limits_).value());
        const auto changes = decide_invoke_ended(execution, "i", one.outcome, kNow, limits_);
        execution.apply(decode_changes(encode_changes(changes)));
        const wire::Operation& operation = execution.find("i")->operation;
        EXPECT_EQ(operation.status, one.status);
        EXPECT_TRUE(execution.has_unseen_change()) << "its caller is to be told";
        EXPECT_EQ(operation.error->message, one.message);
        EXPECT_EQ(operation.error->type, one.type) << "what no operation of the API refused has no type";
        const auto event = render_events(execution, changes, 1, true).front();
        EXPECT_EQ(event.at("EventType").as_string(), one.event);
        EXPECT_THAT(boost::json::serialize(event), HasSubstr(one.message));
    }
}

TEST_F(Invokes, AnErrorThatIsTooLargeIsNotKept) {
    start();
    const wire::ErrorObject error{
        .message = std::string(limits_.error_bytes + 1, 'x'), .type = {}, .data = {}, .stack_trace = {}};
    const auto changes = decide_invoke_ended(
        execution_, "i", {.status = ExecutionStatus::failed, .result = {}, .error = error}, kNow, limits_);
    EXPECT_EQ(changes.front().error->message, "Error object size must be less than or equal to 1048576 bytes.");
}

TEST_F(Invokes, AResultBeyondTheDataOfTheExecutionIsNotKept) {
    start();
    limits_.execution_bytes = execution_.bytes_written() + 10;
    const auto ended = [&](std::size_t bytes) {
        return decide_invoke_ended(
                   execution_, "i",
                   {.status = ExecutionStatus::succeeded, .result = std::string(bytes, 'x'), .error = {}}, kNow,
                   limits_)
            .front();
    };
    EXPECT_EQ(ended(10).kind, ChangeKind::succeeded);
    EXPECT_EQ(ended(11).kind, ChangeKind::failed);
    EXPECT_FALSE(ended(11).payload);
    EXPECT_THAT(*ended(11).error->message, HasSubstr("bytes of data"));
}

TEST_F(Invokes, WhatIsClosedStaysAsItIs) {
    start();
    end({.status = ExecutionStatus::succeeded, .result = "1", .error = {}});
    EXPECT_TRUE(decide_invoke_ended(execution_, "i", {.result = "2", .error = {}}, kNow, limits_).empty());
    EXPECT_TRUE(decide_invoke_ended(execution_, "other", {.result = "2", .error = {}}, kNow, limits_).empty());
    wire::OperationUpdate open = invoke_update();
    open.id = "open";
    apply(checkpoint(open).value());
    EXPECT_EQ(decide_invoke_ended(execution_, "open", {.result = "2", .error = {}}, kNow, limits_).size(), 1U);
    apply(decide_stop(execution_, {}, kNow));
    EXPECT_TRUE(decide_invoke_ended(execution_, "open", {.result = "2", .error = {}}, kNow, limits_).empty());
}

TEST_F(Invokes, AResultMayBeAsLongAsTheLimit) {
    start();
    limits_.invoke_payload_bytes = 10;
    const InvokeOutcome outcome{.status = ExecutionStatus::succeeded, .result = std::string(10, 'x'), .error = {}};
    const auto changes = decide_invoke_ended(execution_, "i", outcome, kNow - std::chrono::hours(1), limits_);
    EXPECT_EQ(changes.front().kind, ChangeKind::succeeded);
    EXPECT_EQ(changes.front().at, kNow) << "a history does not go back";
}

TEST_F(Invokes, WhatIsUnderWayIsKnownFromItsJournal) {
    wire::OperationUpdate update = invoke_update();
    update.trace_header = "Root=1";
    auto changes = checkpoint(update).value();
    changes.front().version = "3";
    apply(changes);
    const Change again = started_invoke(*execution_.find("i"));
    EXPECT_EQ(again.function, "billing:live");
    EXPECT_EQ(again.payload, "1");
    EXPECT_EQ(again.tenant_id, "acme");
    EXPECT_EQ(again.trace_header, "Root=1");
    EXPECT_EQ(again.version, "3");
}

TEST_F(Invokes, TheParentIsInTheRow) {
    Head child = head();
    child.parent = ParentOperation{.execution = 7, .id = "i"};
    child.tenant_id = "acme";
    EXPECT_EQ(decode_head(encode_head(child)), child);
}

}  // namespace
}  // namespace holdpoint::core
