// Lifetimes: what becomes of futures and callbacks that are kept longer than the body or the invocation that made them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(KeptFuture, OfAChildIsAbandonedWhenItsBodyEnds) {
    std::atomic<bool> has_left = false;
    bool had_left = false;
    LocalService runner([&](Context& context, Json) {
        std::optional<Future<int>> kept;
        std::atomic<bool> runs = false;
        context.run_in_child_context("child", [&](Context& child) {
            kept = child.step_async("inner", [&](StepContext& step) {
                runs = true;
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
                has_left = true;
                return 1;
            });
            while (!runs) std::this_thread::yield();
        });
        had_left = has_left;
        context.step("after", [] {});
    });
    runner.start();
    EXPECT_TRUE(had_left);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_THAT(runner.history(),
                ElementsAre("ExecutionStarted", "ContextStarted", "StepStarted", "ContextSucceeded", "StepStarted",
                            "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded"));
}

TEST(KeptFuture, OfAChildIsRefusedOutsideAlsoWhenItsResultIsKnown) {
    LocalService runner([](Context& context, Json) {
        std::optional<Future<int>> kept;
        context.run_in_child_context("child", [&](Context& child) {
            kept = child.step_async("inner", [] { return 1; });
            (void)kept->get();
            child.wait("pause", 1s);
        });
        return kept->get();
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("Future::get 'inner' was called on a context that the running body"));
}

TEST(KeptFuture, OfAnEarlierInvocationIsRefused) {
    std::optional<Future<int>> kept;
    LocalService runner([&](Context& context, Json) {
        if (kept) return kept->get();
        kept = context.step_async("step", [] { return 1; });
        const int n = kept->get();
        context.wait("pause", 1s);
        return n;
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("Future::get 'step' was called on a context that the running body"));
    EXPECT_THROW((void)kept->get(), ValidationError) << "nothing runs";
}

TEST(KeptFuture, ThatIsNotOverEndsWithItsInvocation) {
    std::optional<Future<void>> kept;
    {
        LocalService runner([&](Context& context, Json) { kept = context.wait_async("pause", 1s); });
        runner.start();
        EXPECT_EQ(runner.error_message(), "");
    }
    EXPECT_THROW(kept->get(), ValidationError);
    kept.reset();
}

TEST(KeptFuture, ThatRunsDoesNothingNewAfterTheHandlersEnd) {
    std::optional<Future<void>> kept;
    LocalService runner([&](Context& context, Json) {
        std::atomic<bool> runs = false;
        kept = context.run_in_child_context_async("child", [&runs](Context& child) {
            child.step("one", [&](StepContext& step) {
                runs = true;
                while (!step.stop_token().stop_requested()) std::this_thread::yield();
            });
            child.step("two", [] {});
        });
        while (!runs) std::this_thread::yield();
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "ContextStarted", "StepStarted",
                                              "InvocationCompleted", "ExecutionSucceeded"));
    kept.reset();
}

// It was gone with its body, and what was left in memory of it was used.
TEST(KeptContext, IsRefusedWhenItsBodyIsOver) {
    const auto error_of = [](const std::function<void(Context&)>& body) {
        LocalService runner([&](Context& context, Json) { body(context); });
        runner.start();
        return runner.error_type() + ": " + runner.error_message();
    };
    const std::string refused =
        "ValidationError: The durable operation Step 'late' was called on a context whose body is over; a context is "
        "for the body that was given it, so keep no reference to it.";
    EXPECT_EQ(error_of([](Context& context) {
                  Context* kept = nullptr;
                  context.run_in_child_context("child", [&](Context& child) { kept = &child; });
                  kept->step("late", [] {});
              }),
              refused);
    EXPECT_EQ(error_of([](Context& context) {
                  std::atomic<Context*> kept = nullptr;
                  context.map("items", std::vector<int>{1, 2, 3}, [&](Context& item, int) { kept = &item; });
                  context.run_in_child_context("child", [&](Context&) { kept.load()->step("late", [] {}); });
              }),
              refused);
}

// The same when the next invocation runs, or none.
TEST(KeptContext, OfAnEarlierInvocationIsRefused) {
    for (const bool is_childs : {false, true}) {
        Context* kept = nullptr;
        {
            LocalService runner([&](Context& context, Json) {
                if (kept != nullptr) kept->step("late", [] {});
                kept = &context;
                if (is_childs) context.run_in_child_context("child", [&](Context& child) { kept = &child; });
                context.wait("pause", 1s);
            });
            runner.start();
            runner.advance(1s);
            EXPECT_EQ(runner.error_type(), "ValidationError");
            EXPECT_THAT(runner.error_message(), HasSubstr("Step 'late' was called on a context whose body is over"));
        }
        EXPECT_THROW(kept->step("late", [] {}), ValidationError) << "nothing runs";
        kept->logger().debug("of no execution", {{"arn", kept->execution_arn()}});
    }
}

TEST(KeptCallback, OfAnEarlierInvocationIsRefused) {
    std::optional<Callback<int>> kept;
    LocalService runner([&](Context& context, Json) {
        if (kept) return kept->result();
        kept = context.create_callback<int>("decision");
        return kept->result();
    });
    runner.start();
    runner.succeed_callback("decision", "7");
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("Callback::result 'decision' was called in another invocation than"));
    EXPECT_THROW((void)kept->result(), ValidationError) << "nothing runs";
}

}  // namespace
}  // namespace durable::testing
