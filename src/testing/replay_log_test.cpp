// Logging on replay: what a handler says is written once, however often the handler runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "sdk/log_level.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::ElementsAre;
using namespace std::chrono_literals;

// These tests look at lines, whatever level the environment asks for. The level is read with the first line.
const int kLevelIsSet = ::setenv("AWS_LAMBDA_LOG_LEVEL", "INFO", 1);

/// The messages that were written while `run` ran, in order.
std::vector<std::string> logged(const std::function<void()>& run) {
    ::testing::internal::CaptureStdout();
    run();
    std::istringstream lines(::testing::internal::GetCapturedStdout());
    std::vector<std::string> messages;
    for (std::string line; std::getline(lines, line);) {
        messages.emplace_back(boost::json::parse(line).at("message").as_string());
    }
    return messages;
}

TEST(LogLevel, IsLambdasOrElseTheFunctions) {
    const auto least = [](const char* of_lambda, const char* of_function) {
        return durable::detail::log_threshold(of_lambda, of_function).least;
    };
    EXPECT_EQ(least(nullptr, nullptr), 1);
    EXPECT_EQ(least("", ""), 1);
    EXPECT_EQ(least(nullptr, "DEBUG"), 0);
    EXPECT_EQ(least(nullptr, "debug"), 0);
    EXPECT_EQ(least(nullptr, "Warning"), 2);
    EXPECT_EQ(least("TRACE", "ERROR"), 0) << "Lambda's own is asked first";
    EXPECT_EQ(least("FATAL", nullptr), 4) << "above every line";
    EXPECT_EQ(least(nullptr, "verbose"), 1);
    EXPECT_EQ(durable::detail::log_threshold(nullptr, "verbose").problem,
              "LOG_LEVEL is 'verbose', which is no level; it is TRACE, DEBUG, INFO, WARN, ERROR or FATAL");
}

TEST(ReplayLog, LineBeforeACallbackIsWrittenOnce) {
    LocalService runner([](Context& context, Json) {
        context.logger().info("start");
        auto callback = context.create_callback<int>("decision");
        context.step("notify", [](StepContext& step) { step.logger().info("in the step"); });
        context.logger().info("waiting");
        (void)callback.result();
        context.logger().info("decided");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.succeed_callback("decision", "1");
                }),
                ElementsAre("start", "in the step", "waiting", "decided"));
    EXPECT_EQ(runner.invocations(), 2);
}

TEST(ReplayLog, WaitsAndRetriesAndChildren) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        context.run_in_child_context("child", [&](Context& child) {
            child.logger().info("child begins");
            child.wait("pause", 1s);
            child.logger().info("child goes on");
        });
        context.logger().info("before the step");
        context.step("flaky",
                     [&] {
                         if (++runs < 3) throw Error("NoLuck", "not this time");
                     },
                     {.retry = retry::fixed({.pause = 5s})});
        context.logger().info("after the step");
        context.wait("pause", 1s);
        context.logger().info("end");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1min);
                }),
                ElementsAre("child begins", "child goes on", "before the step", "after the step", "end"));
}

TEST(ReplayLog, LineAfterAFutureOrACombinatorIsWrittenOnce) {
    LocalService runner([](Context& context, Json) {
        const auto pause = context.wait_async("pause", 1s);
        pause.get();
        context.logger().info("after the future");
        const auto callback = context.create_callback<int>("decision");
        const auto answer = callback.result_async();
        (void)context.select("first", answer);
        context.logger().info("after the combinator");
        (void)answer.get();
        context.logger().info("end");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1s);
                    runner.succeed_callback("decision", "1");
                }),
                ElementsAre("after the future", "after the combinator", "end"));
    EXPECT_EQ(runner.invocations(), 3);
}

TEST(ReplayLog, WhyAHandlerFailedIsWrittenOnce) {
    LocalService runner([](Context& context, Json) {
        context.wait("pause", 1s);
        throw Error("NoLuck", "not this time");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1min);
                }),
                ElementsAre("the handler failed"));
}

TEST(ReplayLog, SeveralAnswersAtOnceLoseNoLine) {
    LocalService runner([](Context& context, Json) {
        auto first = context.create_callback<int>("first", {.timeout = 60s});
        auto second = context.create_callback<int>("second", {.timeout = 60s});
        for (const auto* callback : {&first, &second}) {
            try {
                (void)callback->result();
            } catch (const CallbackTimeoutError&) {
            }
            context.logger().info("one is over");
        }
        context.wait("pause", 1s);
        context.logger().info("end");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(2min);
                }),
                ElementsAre("one is over", "one is over", "end"));
}

TEST(ReplayLog, AnswerThatIsNotTheAwaitedOneChangesNothing) {
    LocalService runner([](Context& context, Json) {
        auto later = context.create_callback<int>("later");
        auto sooner = context.create_callback<int>("sooner");
        context.logger().info("waiting for sooner");
        (void)sooner.result();
        context.logger().info("waiting for later");
        context.wait("pause", 1s);
        context.logger().info("pause is over");
        (void)later.result();
        context.logger().info("end");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.succeed_callback("later", "1");
                    runner.succeed_callback("sooner", "1");
                    runner.advance(1s);
                }),
                ElementsAre("waiting for sooner", "waiting for later", "pause is over", "end"));
}

TEST(ReplayLog, ReplayedBodyOfAClosedChildIsSilent) {
    LocalService runner([](Context& context, Json) {
        (void)context.run_in_child_context("large", [&](Context& child) {
            child.step("s", [] {});
            child.logger().info("in the child");
            return std::string(300 * 1024, 'x');
        });
        context.wait("pause", 1s);
        context.logger().info("end");
    });
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1s);
                }),
                ElementsAre("in the child", "end"));
}

TEST(ReplayLog, AfterACrashTheStepThatRunsAgainIsNews) {
    LocalService runner([](Context& context, Json) {
        auto callback = context.create_callback<int>("never asked");
        context.step("s", [] {});
        context.logger().info("after the step");
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) {
            runner.succeed_callback("never asked", "1");
            throw Crash{};
        }
        return std::nullopt;
    };
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1min);
                }),
                ElementsAre("after the step"));
}

TEST(ReplayLog, AfterAnInterruptedStepEverythingIsNews) {
    LocalService runner([](Context& context, Json) {
        auto callback = context.create_callback<int>("never asked");
        try {
            context.step("s", [] {}, {.retry = retry::none(), .semantics = StepSemantics::at_most_once_per_retry});
        } catch (const StepInterruptedError&) {
            context.logger().info("interrupted");
        }
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number != 3) return std::nullopt;
        runner.succeed_callback("never asked", "1");
        throw Crash{};
    };
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1min);
                }),
                ElementsAre("interrupted"));
}

TEST(ReplayLog, AnswerThatThePreviousInvocationTookIsNoNews) {
    LocalService runner([](Context& context, Json) {
        auto sooner = context.create_callback<int>("sooner");
        auto later = context.create_callback<int>("later");
        context.step("a", [] {});
        (void)sooner.result();
        context.logger().info("sooner is answered");
        context.step("b", [] {});
        context.logger().info("waiting for later");
        (void)later.result();
        context.logger().info("end");
    });
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (number == 3) runner.succeed_callback("sooner", "1");
        return std::nullopt;
    };
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.succeed_callback("later", "1");
                }),
                ElementsAre("sooner is answered", "waiting for later", "end"));
    EXPECT_EQ(runner.invocations(), 2);
}

TEST(ReplayLog, ReplayedBodyOfAClosedChildIsSilentAlsoAfterACrash) {
    LocalService runner([](Context& context, Json) {
        (void)context.run_in_child_context("large", [&](Context& child) {
            child.step("s", [] {});
            child.logger().info("in the child");
            return std::string(300 * 1024, 'x');
        });
        context.step("next", [] {});
        context.logger().info("end");
    });
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 3) throw Crash{};
        return std::nullopt;
    };
    EXPECT_THAT(logged([&] {
                    runner.start();
                    runner.advance(1min);
                }),
                ElementsAre("in the child", "end"));
}

}  // namespace
}  // namespace durable::testing
