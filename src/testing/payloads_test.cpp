// Payloads: what is sent of a value, what is read back, and what becomes of things that are thrown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "sdk/context_core.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

namespace wire = holdpoint::wire;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const wire::Operation& operation(const LocalService& runner, std::size_t index) {
    return runner.execution().operations().at(index).operation;
}

TEST(Payloads, NothingIsSentForNoValueAndNullForNull) {
    LocalService runner([](Context& context, Json) {
        context.step("nothing", [] {});
        context.step("null", [] { return std::optional<int>(); });
        context.run_in_child_context("no child", [](Context&) {});
    });
    runner.start();
    EXPECT_EQ(operation(runner, 0).result, std::nullopt);
    EXPECT_EQ(operation(runner, 1).result, "null");
    EXPECT_EQ(operation(runner, 2).result, std::nullopt);
    EXPECT_FALSE(runner.execution().result().has_value());
}

TEST(Payloads, NullAndNothingReadTheSame) {
    for (const std::string sent : {"", "null"}) {
        std::vector<bool> were_empty;
        LocalService runner([&](Context& context, Json) {
            const auto optional = context.create_callback<std::optional<int>>("optional");
            const auto json = context.create_callback<Json>("json");
            const auto none = context.create_callback<void>("none");
            were_empty.push_back(!optional.result());
            were_empty.push_back(json.result().is_null());
            none.result();
        });
        runner.start();
        for (const char* name : {"optional", "json", "none"}) runner.succeed_callback(name, sent);
        EXPECT_FALSE(runner.is_running());
        EXPECT_EQ(runner.error_message(), "") << "sent: '" << sent << "'";
        EXPECT_THAT(were_empty, Each(true));
    }
}

TEST(Payloads, AnExecutionWithoutInputHasNone) {
    LocalService runner([](Context&, std::optional<int> input) { return input.value_or(-1); });
    runner.start(std::nullopt);
    EXPECT_EQ(runner.result(), "-1");
}

// JSON keeps less than memory does; whoever sees more on the first run than on replay takes another way then.
TEST(Payloads, AreReadBackAlsoOnTheFirstRun) {
    const Serdes<double> rounded{
        .serialize = [](const double& value, const SerdesContext&) { return std::to_string(std::lround(value)); },
        .deserialize = [](const std::string& text, const SerdesContext&) { return std::stod(text); }};
    std::vector<double> seen;
    LocalService runner([&](Context& context, Json) {
        const auto third = [](auto&...) { return 3.25; };
        seen.push_back(context.step("step", [] { return 3.25; }, {.serdes = rounded}));
        seen.push_back(context.run_in_child_context("child", [](Context&) { return 3.25; }, {.serdes = rounded}));
        seen.push_back(context.step_async("step", [] { return 3.25; }, {.serdes = rounded}).get());
        seen.push_back(
            context.map("map", std::vector<int>(1), [](Context&, int) { return 3.25; }, {.item_serdes = rounded})
                .results()
                .at(0));
        seen.push_back(context.parallel<double>("parallel", {third}, {.item_serdes = rounded}).results().at(0));
        seen.push_back(context.wait_for_condition<double>(
            "condition", [](double) { return 3.25; },
            {.strategy = [](double, int) -> WaitDecision { return std::nullopt; }, .serdes = rounded}));
        context.wait("pause", 1s);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen.size(), 12U) << "on the first run and on replay";
    EXPECT_THAT(seen, Each(3.0));
}

/// Whether a child's result of so many of these characters is left out of its record.
bool is_left_out(std::size_t count, std::string_view character) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += character;
    LocalService runner([&](Context& context, Json) {
        return context.run_in_child_context("c", [&](Context&) { return text; }).size();
    });
    runner.start();
    EXPECT_EQ(runner.result(), std::to_string(text.size()));
    return operation(runner, 0).replay_children;
}

TEST(Payloads, AreMeasuredInBytes) {
    constexpr std::size_t kMax = std::size_t{256} * 1024;
    EXPECT_FALSE(is_left_out(kMax - 2, "x")) << "with its quotes it has exactly 256 KiB";
    EXPECT_TRUE(is_left_out(kMax - 1, "x"));
    EXPECT_FALSE(is_left_out(kMax / 3 - 1, "日"));
    EXPECT_TRUE(is_left_out(kMax / 3 + 1, "日")) << "a third of the characters, but three bytes each";
}

TEST(Callbacks, AreReadAsJsonUnlessTheirTypeSaysRawText) {
    LocalService runner([](Context& context, Json) {
        const auto json = context.create_callback<std::string>("json");
        const auto raw = context.create_callback<RawText>("raw");
        return json.result() + " " + raw.result().text;
    });
    runner.start();
    runner.succeed_callback("json", "\"yes\"");
    runner.succeed_callback("raw", "\"yes\"");
    EXPECT_EQ(runner.result(), R"("yes \"yes\"")");
    LocalService plain([](Context& context, Json) { return context.create_callback<std::string>("json").result(); });
    plain.start();
    plain.succeed_callback("json", "yes");
    EXPECT_EQ(plain.error_type(), "SerdesError") << "what is no JSON is never taken for a value";
}

// The call that creates it answers the same on replay; its outcome comes where it is asked for.
TEST(Callbacks, CreatingOneThatFailedMeanwhileThrowsNothing) {
    LocalService runner([](Context& context, Json) -> std::string {
        const auto callback = context.create_callback<int>("answer");
        const std::string between = context.step("between", [] { return "between"; });
        context.wait("pause", 1h);
        try {
            return std::to_string(callback.result());
        } catch (const CallbackExternalError& error) {
            return between + ", then " + error.info().type;
        }
    });
    runner.start();
    runner.fail_callback("answer", {.type = "Refused", .message = "no"});
    runner.advance(1h);
    EXPECT_EQ(runner.result(), "\"between, then Refused\"") << runner.error_message();
}

struct Odd {};

/// "type: message" of what leaves an operation whose code throws something.
std::string thrown_by(const std::function<void(Context&)>& operation) {
    LocalService runner([&](Context& context, Json) -> std::string {
        try {
            operation(context);
        } catch (const DurableOperationError& error) {
            return error.info().type + ": " + error.what();
        }
        return "nothing";
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    return runner.result();
}

TEST(Thrown, WhatIsNoExceptionIsAnErrorToo) {
    const std::string odd = "\"Unknown: thrown was no std::exception but Odd\"";
    EXPECT_EQ(thrown_by([](Context& context) { context.step("s", [] { throw Odd{}; }, {.retry = retry::none()}); }),
              odd);
    EXPECT_EQ(thrown_by([](Context& context) { context.run_in_child_context("c", [](Context&) { throw Odd{}; }); }),
              odd);
    EXPECT_EQ(thrown_by([](Context& context) {
                  context.wait_for_condition<int>("c", [](int) -> int { throw Odd{}; },
                                                  {.strategy = [](int, int) -> WaitDecision { return 1s; }});
              }),
              odd);
    EXPECT_EQ(thrown_by([](Context& context) {
                  context.wait_for_callback<int>("c", [](const std::string&) { throw Odd{}; },
                                                 {.retry = retry::none()});
              }),
              odd);
    EXPECT_EQ(thrown_by([](Context& context) {
                  context.step_async("s", [] { throw Odd{}; }, {.retry = retry::none()}).get();
              }),
              odd);
    EXPECT_EQ(
        thrown_by([](Context& context) { context.with_retry("r", [](Context&, int) { throw Odd{}; }, retry::none()); }),
        odd);
    EXPECT_EQ(thrown_by([](Context& context) {
                  const auto result = context.map("m", std::vector<int>(1), [](Context&, int) { throw Odd{}; });
                  throw DurableOperationError(*result.find(0)->error);
              }),
              odd);
}

// It failed the execution with an error of the standard library's, and nothing was recorded of the step.
TEST(Thrown, AnExceptionWithoutTextIsAnErrorToo) {
    struct Silent : std::exception {
        [[nodiscard]] const char* what() const noexcept override { return nullptr; }
    };
    EXPECT_EQ(thrown_by([](Context& context) { context.step("s", [] { throw Silent(); }, {.retry = retry::none()}); }),
              "\"Silent: \"");
    EXPECT_EQ(thrown_by([](Context& context) {
                  context.run_in_child_context_async("c", [](Context&) { throw Silent(); }).get();
              }),
              "\"Silent: \"");
}

TEST(Thrown, WhatIsNoExceptionIsTriedAgainLikeAnyError) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        return context.step("s",
                            [&] {
                                if (++runs == 1) throw 42;
                                if (runs == 2) throw "text";
                                return runs;
                            },
                            {.retry = retry::fixed({.attempts = 3, .pause = 1s})});
    });
    runner.start();
    runner.advance(2s);
    EXPECT_EQ(runner.result(), "3") << runner.error_message();
}

TEST(Thrown, WhatIsNoExceptionFailsTheHandler) {
    LocalService runner([](Context&, Json) { throw Odd{}; });
    runner.start();
    EXPECT_EQ(runner.error_type(), "Unknown");
    EXPECT_THAT(runner.error_message(), HasSubstr("no std::exception but Odd"));
}

TEST(Retries, AreAtLeastASecondApart) {
    for (const int pause : {-5, 0, 1, 2}) {
        LocalService runner([&](Context& context, Json) {
            context.step("s", [] { throw Error("Broken", "no"); },
                         {.retry = [&](const ErrorInfo&, int) { return std::chrono::seconds(pause); }});
        });
        runner.start();
        EXPECT_EQ(runner.error_message(), "") << pause;
        EXPECT_EQ(runner.execution().operations().at(0).seconds, std::max(1, pause));
        LocalService polling([&](Context& context, Json) {
            context.wait_for_condition<int>("c", [](int n) { return n; }, {.strategy = [&](int, int) -> WaitDecision {
                                                return std::chrono::seconds(pause);
                                            }});
        });
        polling.start();
        EXPECT_EQ(polling.error_message(), "") << pause;
        EXPECT_EQ(polling.execution().operations().at(0).seconds, std::max(1, pause));
    }
}

TEST(Plugins, ALogLineIsWrittenAlsoWhenOneFailsOverIt) {
    struct Faulty final : Plugin {
        void enrich_log(Logger::Fields& fields) override {
            fields.emplace_back("half", "done");
            throw 42;
        }
    };
    LocalService runner(
        [](Context& context, Json) {
            context.logger().info("hello");
            return context.step("s", [](StepContext& step) {
                step.logger().info("hello");
                return 1;
            });
        },
        {.plugins = {std::make_shared<Faulty>()}});
    ::testing::internal::CaptureStdout();
    runner.start();
    const std::string written = ::testing::internal::GetCapturedStdout();
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 2);
    EXPECT_EQ(runner.result(), "1");
}

}  // namespace
}  // namespace durable::testing
