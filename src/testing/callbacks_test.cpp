// Callbacks and timers: what comes while a checkpoint is under way, errors as their senders wrote them, lifetimes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(CallbackRace, AnswerThatComesWithTheLastCheckpointIsTaken) {
    LocalService runner([](Context& context, Json) {
        auto callback = context.create_callback<int>("decision");
        // The child's START is queued, so waiting sends it; its answer brings the decision.
        return context.run_in_child_context("child", [&](Context&) { return callback.result(); });
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) runner.succeed_callback("decision", "7");
        return std::nullopt;
    };
    runner.start();
    EXPECT_EQ(runner.result(), "7") << runner.error_message();
    EXPECT_EQ(runner.invocations(), 1);
}

TEST(CallbackRace, AnswerDuringAStepIsTaken) {
    LocalService runner([](Context& context, Json) {
        auto callback = context.create_callback<int>("decision");
        context.step("notify", [] {});
        return callback.result();
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) runner.succeed_callback("decision", "7");
        return std::nullopt;
    };
    runner.start();
    EXPECT_EQ(runner.result(), "7");
    EXPECT_EQ(runner.invocations(), 1);
}

TEST(TimerRace, WhatIsDueWhenTheCheckpointIsAnsweredNeedsNoOtherInvocation) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        context.wait("pause", 1s);
        context.step("flaky",
                     [&] {
                         if (++runs == 1) throw Error("NoLuck", "not this time");
                     },
                     {.retry = retry::fixed({.pause = 5s})});
        return context.wait_for_condition<int>(
            "until 3", [](int state) { return state + 1; },
            {.strategy = [](int state, int) -> WaitDecision { return state < 3 ? WaitDecision(5s) : std::nullopt; }});
    });
    runner.after_checkpoint = [&](int) { runner.advance(5s); };
    runner.start();
    EXPECT_EQ(runner.result(), "3") << runner.error_message();
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(runner.invocations(), 1);
}

/// What a handler sees of a failed wait_for_callback when it happens, and again when it is replayed.
std::vector<std::string> seen_of(
    const std::function<void(LocalService&)>& answer, WaitForCallbackOptions<int> options = {},
    const std::function<void(const std::string&)>& submit = [](const std::string&) {}) {
    std::vector<std::string> seen;
    LocalService runner([&](Context& context, Json) {
        const auto describe = [&](std::string_view kind, const CallbackError& error) {
            std::string text = std::string(kind) + " type=" + error.info().type + " message=" + error.what() +
                               " data=" + error.info().data;
            for (const std::string& line : error.info().stack) text += " stack=" + line;
            seen.push_back(text);
        };
        try {
            context.wait_for_callback<int>("ask", submit, options);
        } catch (const CallbackTimeoutError& error) {
            describe("timeout", error);
        } catch (const CallbackExternalError& error) {
            describe("external", error);
        } catch (const CallbackSubmitterError& error) {
            describe("submitter", error);
        }
        context.wait("replay", 1s);
    });
    runner.start();
    answer(runner);
    runner.advance(1s);
    EXPECT_FALSE(runner.is_running());
    EXPECT_EQ(runner.error_message(), "");
    return seen;
}

TEST(WaitForCallback, ErrorIsWhatTheOtherSideSentAlsoOnReplay) {
    const std::string expected = R"(external type=Rejected message=no data={"code":7})";
    EXPECT_THAT(seen_of([](LocalService& runner) {
                    runner.fail_callback("ask-callback",
                                         {.type = "Rejected", .message = "no", .data = R"({"code":7})"});
                }),
                ::testing::ElementsAre(expected, expected));
    const std::string without_data = "external type=Rejected message=no data=";
    EXPECT_THAT(seen_of([](LocalService& runner) {
                    runner.fail_callback("ask-callback", {.type = "Rejected", .message = "no"});
                }),
                ::testing::ElementsAre(without_data, without_data));
    const std::string late = "timeout type=Callback.Timeout message=Callback timed out data=";
    EXPECT_THAT(seen_of([](LocalService& runner) { runner.advance(60s); }, {.timeout = 60s}),
                ::testing::ElementsAre(late, late));
    const std::string unsent = "submitter type=NoMail message=down data=";
    EXPECT_THAT(seen_of([](LocalService&) {}, {.retry = retry::none()},
                        [](const std::string&) { throw Error("NoMail", "down"); }),
                ::testing::ElementsAre(unsent, unsent));
}

TEST(WaitForCallback, RecordsTheTypeThatWasSent) {
    LocalService runner(
        [](Context& context, Json) { context.wait_for_callback<int>("ask", [](const std::string&) {}); });
    runner.start();
    runner.fail_callback("ask-callback", {.type = "Rejected", .message = "no"});
    EXPECT_EQ(runner.error_type(), "Rejected");
    for (const auto& state : runner.execution().operations()) {
        if (state.operation.type != holdpoint::wire::OperationType::context) continue;
        EXPECT_EQ(state.operation.error->type, "Rejected");
        EXPECT_EQ(state.operation.error->data, std::nullopt);
    }
}

TEST(ChildContext, ErrorOfACallbackInsideKeepsItsDataToItself) {
    LocalService runner([](Context& context, Json) -> std::string {
        auto callback = context.create_callback<int>("decision");
        try {
            context.run_in_child_context("child", [&](Context&) { return callback.result(); });
        } catch (const ChildContextError& error) {
            return error.info().type + "/" + error.info().data;
        }
        return "unreachable";
    });
    runner.start();
    runner.fail_callback("decision", {.type = "Rejected", .message = "no"});
    EXPECT_EQ(runner.result(), "\"Rejected/\"");
}

TEST(Callback, OutlivesTheChildThatCreatedIt) {
    LocalService runner([](Context& context, Json) {
        std::optional<Callback<int>> callback;
        context.run_in_child_context("child",
                                     [&](Context& child) { callback = child.create_callback<int>("decision"); });
        context.step("other", [] {});
        return callback->result();
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) runner.succeed_callback("decision", "7");
        return std::nullopt;
    };
    runner.start();
    EXPECT_EQ(runner.result(), "7") << runner.error_message();
}

TEST(ClosedChild, WaitingForWhatItDidNotWaitForIsFoundOut) {
    const auto handler = [](bool asks) {
        return [asks](Context& context, Json) {
            const auto text = context.run_in_child_context("large", [&](Context& child) {
                auto callback = child.create_callback<RawText>("decision");
                if (asks) (void)callback.result();
                return std::string(300 * 1024, 'x');
            });
            context.wait("pause", 1s);
            return text.size();
        };
    };
    LocalService runner(handler(false));
    runner.start();
    runner.deploy(handler(true));
    runner.advance(1s);
    EXPECT_FALSE(runner.is_running());
    EXPECT_EQ(runner.error_type(), "NonDeterministicExecutionError");
    EXPECT_THAT(runner.error_message(), HasSubstr("'decision'"));
}

TEST(ClosedChild, NewOperationsInsideAreFoundOut) {
    using Body = std::function<void(Context&, const Future<int>&)>;
    const auto handler = [](const Body& more) {
        return [more](Context& context, Json) {
            context.run_in_child_context("large", [&](Context& child) {
                const auto known = child.step_async("known", [] { return 1; });
                (void)known.get();
                more(child, known);
                return std::string(300'000, 'x');
            });
            context.wait("pause", 1s);
        };
    };
    const auto step = [](Context& inner) { inner.step("new", [] { ADD_FAILURE() << "it runs"; }); };
    const std::pair<const char*, Body> changes[] = {
        {"CONTEXT (RunInChildContext) 'new'",
         [](Context& child, auto&) { child.run_in_child_context("new", [](Context&) {}); }},
        {"STEP (Step) 'new'",
         [&](Context& child, auto&) { child.run_in_child_context("virtual", step, {.is_virtual = true}); }},
        {"CONTEXT (Map) 'new'",
         [](Context& child, auto&) { child.map("new", std::vector<int>(), [](Context&, int) {}); }},
        {"CONTEXT (RunInChildContext) 'new'",
         [](Context& child, const Future<int>& known) { (void)child.race("new", known); }},
    };
    for (const auto& [what, change] : changes) {
        LocalService runner(handler([](Context&, auto&) {}));
        runner.start();
        runner.deploy(handler(change));
        runner.advance(1s);
        EXPECT_EQ(runner.error_type(), "NonDeterministicExecutionError");
        EXPECT_THAT(runner.error_message(),
                    HasSubstr(std::string("was recorded as finished comes to a new operation, ") + what));
    }
}

TEST(ClosedChild, FuturesInsideDoTheirWorkOnce) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        context.run_in_child_context("large", [&](Context& child) {
            const auto future =
                child.run_in_child_context_async("v", [&](Context&) { return ++runs; }, {.is_virtual = true});
            (void)future.get();
            (void)future.get();
            return std::string(300'000, 'x');
        });
        context.wait("pause", 1s);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(runs, 2) << "once in each invocation";
}

}  // namespace
}  // namespace durable::testing
