// Errors and refusals: the same on the first run and on replay, recorded only when they should be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/throw_exception.hpp>
#include <exception>
#include <ios>
#include <limits>

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/jitter.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

TEST(Errors, LongTextsAreCutBetweenCharactersAndWithinTheLimit) {
    constexpr std::size_t kLimit = 12UL * 1024;
    for (std::size_t shift = 0; shift < 3; ++shift) {
        std::string text(shift, 'a');
        for (int i = 0; i < 12'000; ++i) text += "€";
        const std::string kept = *detail::to_wire({.type = "Long", .message = text, .data = {}, .stack = {}}).message;
        EXPECT_TRUE(holdpoint::is_utf8(kept)) << shift;
        EXPECT_LE(kept.size(), kLimit);
        EXPECT_GT(kept.size(), kLimit - 3);
    }
}

TEST(Errors, LongMessageIsTheSameOnTheFirstRunAndOnReplay) {
    std::vector<std::string> seen;
    LocalService runner([&](Context& context, Json) {
        try {
            context.step("s", [] { throw Error("Long", std::string(20'000, '\x01'), std::string(40'000, '"')); },
                         {.retry = retry::none()});
        } catch (const StepError& error) {
            seen.push_back(error.what() + error.info().data);
        }
        context.wait("pause", 1s);
    });
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[0], seen[1]);
    EXPECT_THAT(seen[0], HasSubstr("… (shortened)"));
}

TEST(Errors, DurableCallInAStepIsNotRecordedAsAFailedAttempt) {
    for (const bool swallows : {false, true}) {
        LocalService runner([&](Context& context, Json) {
            context.step("outer", [&] {
                try {
                    context.step("inner", [] {});
                } catch (const ValidationError&) {
                    if (!swallows) throw;
                }
            });
        });
        runner.start();
        EXPECT_EQ(runner.error_type(), "ValidationError");
        EXPECT_THAT(runner.history(), ElementsAre("ExecutionStarted", "InvocationCompleted", "ExecutionFailed"));
    }
}

TEST(Errors, DurableCallInAStepOfAChildDoesNotCloseTheChild) {
    LocalService runner([](Context& context, Json) {
        context.run_in_child_context("child",
                                     [](Context& child) { child.step("outer", [&] { child.wait("inner", 1s); }); });
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.history(), Each(Not("ContextFailed")));
}

std::string refusal(const std::function<void(Context&)>& body) {
    LocalService runner([&](Context& context, Json) {
        try {
            body(context);
        } catch (const std::exception&) {  // catching it changes nothing
        }
    });
    runner.start();
    return runner.error_type() + ": " + runner.error_message();
}

TEST(Names, AreOneTo256PrintableCharacters) {
    EXPECT_EQ(refusal([](Context& context) { context.step("", [] {}); }), ": ") << "or none at all";
    EXPECT_THAT(refusal([](Context& context) { context.wait(std::string(257, 'n'), 1s); }),
                HasSubstr("a name has 1 to 256 printable ASCII characters, or none at all; this one has 257"));
    EXPECT_THAT(refusal([](Context& context) { context.step("Prüfung", [] {}); }),
                HasSubstr("a name has 1 to 256 printable ASCII characters, or none at all; byte 2 is 0xC3"));
    EXPECT_THAT(refusal([](Context& context) {
                    context.wait_for_callback<int>(std::string(250, 'n'), [](const std::string&) {});
                }),
                HasSubstr("this one has 250 and gets the suffix '-submitter'"));
    EXPECT_EQ(refusal([](Context& context) {
                  context.step(std::string(256, 'n'), [] {});
                  context.wait_for_callback<int>(std::string(246, 'n'), [](const std::string&) {});
              }),
              ": ");
}

TEST(Options, AreChecked) {
    EXPECT_EQ(
        refusal([](Context& context) { context.wait_for_condition<int>("c", [](int s) { return s; }, {}); }),
        "ValidationError: WaitForCondition 'c': no strategy; ConditionOptions::strategy decides whether to go on");
    EXPECT_THAT(refusal([](Context& context) { (void)context.create_callback<int>("c", {.timeout = -1s}); }),
                HasSubstr("Callback 'c': the timeout is -1 seconds; it is 0 (none) to 99999999"));
    EXPECT_THAT(
        refusal([](Context& context) { (void)context.create_callback<int>("c", {.heartbeat_timeout = 100'000'000s}); }),
        HasSubstr("Callback 'c': the heartbeat timeout is 100000000 seconds; it is 0 (none) to 99999999"));
    EXPECT_EQ(refusal([](Context& context) {
                  (void)context.create_callback<int>("c", {.timeout = 99'999'999s, .heartbeat_timeout = 99'999'999s});
              }),
              ": ");
    const auto of_sub_type = [](std::size_t length) {
        return refusal([&](Context& context) {
            context.run_in_child_context("c", [](Context&) {}, {.sub_type = std::string(length, 'x')});
        });
    };
    EXPECT_EQ(of_sub_type(32), ": ");
    EXPECT_THAT(of_sub_type(33), HasSubstr("is not made of 1 to 32 of a-z, A-Z, 0-9, - and _"));
    EXPECT_THAT(refusal([](Context& context) { context.invoke<int>("i", "", 1); }),
                HasSubstr("invoke 'i': no function; give its name with version or alias"));
    EXPECT_THAT(refusal([](Context& context) { context.wait("w", std::chrono::hours::max()); }),
                HasSubstr("a wait lasts 1 to 31622400 seconds"));
    EXPECT_THAT(refusal([](Context& context) { context.wait("w", std::chrono::duration<double>(1e300)); }),
                HasSubstr("a wait lasts 1 to 31622400 seconds"));
}

TEST(Retries, DelayIsAtMost366Days) {
    const auto due = [](const RetryStrategy& strategy) {
        LocalService runner([&](Context& context, Json) { context.step("s", [] { throw 1; }, {.retry = strategy}); });
        runner.start();
        EXPECT_EQ(runner.error_message(), "");
        return runner.execution().operations().empty() ? 0 : runner.execution().operations()[0].seconds;
    };
    EXPECT_EQ(due([](const ErrorInfo&, int) { return std::chrono::seconds(34'560'000); }), 31'622'400);
    EXPECT_EQ(due(retry::exponential({.initial = std::chrono::seconds::max(),
                                      .max = std::chrono::seconds::max(),
                                      .rate = std::numeric_limits<double>::max(),
                                      .jitter = retry::Jitter::none})),
              31'622'400);
    EXPECT_EQ(due(retry::fixed({.pause = 0s})), 1);
}

TEST(Retries, APauseOfNothingIsASecondHoweverOftenItGrew) {
    constexpr int kOften = 4000;  // by then the factor is more than a double holds
    const auto step = retry::exponential({.attempts = 5000, .initial = 0s, .jitter = Jitter::none});
    EXPECT_EQ(step({}, kOften), 1s);
    const auto poll =
        wait_strategy<int>([](int) { return true; }, {.attempts = 5000, .initial = 0s, .jitter = Jitter::none});
    EXPECT_EQ(poll(0, kOften), 1s);
}

template <class F>
std::string refusal_of(F&& make) {
    try {
        (void)make();
    } catch (const ValidationError& error) {
        return error.what();
    }
    return "";
}

TEST(Retries, OptionsOutOfRangeAreRefusedWhereTheStrategyIsMade) {
    constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(refusal_of([] { return retry::exponential({.attempts = 0}); }),
              "retry::exponential: attempts is 0; it is at least 1");
    EXPECT_EQ(refusal_of([] { return retry::exponential({.initial = -1s}); }),
              "retry::exponential: initial is -1 seconds; it is at least 0");
    EXPECT_EQ(refusal_of([] { return retry::exponential({.max = -2s}); }),
              "retry::exponential: max is -2 seconds; it is at least 0");
    EXPECT_EQ(refusal_of([] { return retry::exponential({.rate = 0.1}); }),
              "retry::exponential: rate is 0.1; it is a finite number of at least 1");
    EXPECT_EQ(refusal_of([&] { return retry::exponential({.rate = kNoNumber}); }),
              "retry::exponential: rate is nan; it is a finite number of at least 1");
    EXPECT_EQ(refusal_of([] { return retry::linear({.attempts = -1}); }),
              "retry::linear: attempts is -1; it is at least 1");
    EXPECT_EQ(refusal_of([] { return retry::linear({.increment = -1s}); }),
              "retry::linear: increment is -1 seconds; it is at least 0");
    EXPECT_EQ(refusal_of([] { return retry::fixed({.attempts = 0}); }),
              "retry::fixed: attempts is 0; it is at least 1");
    EXPECT_EQ(refusal_of([] { return retry::fixed({.pause = -1s}); }),
              "retry::fixed: pause is -1 seconds; it is at least 0");
    const auto go_on = [](int) { return true; };
    EXPECT_EQ(refusal_of([&] { return wait_strategy<int>(go_on, {.attempts = 0}); }),
              "wait_strategy: attempts is 0; it is at least 1");
    EXPECT_EQ(refusal_of([&] { return wait_strategy<int>(go_on, {.rate = 0.5}); }),
              "wait_strategy: rate is 0.5; it is a finite number of at least 1");
    LocalService runner(
        [](Context& context, Json) { context.step("s", [] {}, {.retry = retry::fixed({.attempts = 0})}); });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
}

TEST(Payloads, MayBeLiterals) {
    LocalService runner([](Context& context, Json) {
        auto future = context.invoke_async<std::string>("i", "echo", "future");
        return context.invoke<std::string>("i", "echo", "literal") + future.get();
    });
    runner.fake_function("echo", [](const std::string& payload, const Invoked&) { return payload; }, 0s);
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.result(), "\"literalfuture\"") << runner.error_message();
}

TEST(Thrown, NestedExceptionsAreRecordedAsTheOuterOne) {
    const auto nested = [] {
        try {
            throw std::invalid_argument("inner");
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    };
    std::string step_type;
    LocalService runner([&](Context& context, Json) {
        try {
            context.step("s", nested, {.retry = retry::none()});
        } catch (const StepError& error) {
            step_type = error.info().type;
        }
        nested();
    });
    runner.start();
    EXPECT_EQ(step_type, "runtime_error");
    EXPECT_EQ(runner.error_type(), "runtime_error");
    EXPECT_EQ(runner.error_message(), "outer");
}

TEST(Results, ThatAreNoJsonAreNotRecordedNorTriedAgain) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        return context.step("s", [&] {
            ++runs;
            return std::numeric_limits<double>::quiet_NaN();
        });
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "SerdesError");
    EXPECT_EQ(runner.error_message(), "$: a number that is not finite cannot be written as JSON");
    EXPECT_EQ(runs, 1);
    LocalService handler([](Context&, Json) { return std::vector<std::string>{"a", "\xff"}; });
    handler.start();
    EXPECT_EQ(handler.error_type(), "SerdesError");
    EXPECT_EQ(handler.error_message(), "$[1]: text that is not UTF-8 cannot be written as JSON");
}

TEST(WithRetry, DoesNothingAgainForAResultThatCannotBeWritten) {
    int runs = 0;
    LocalService runner([&](Context& context, Json) {
        context.with_retry(
            "r",
            [&](Context& child, int) {
                child.step("charge", [&] { ++runs; });
                return std::numeric_limits<double>::infinity();
            },
            retry::fixed({.pause = 1s}));
    });
    runner.start();
    runner.advance(1min);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(runner.error_type(), "SerdesError");
    EXPECT_EQ(runner.error_message(), "$: a number that is not finite cannot be written as JSON");
}

TEST(Results, MayBeReferencesAndLiterals) {
    const std::string text = "kept";
    LocalService runner([&](Context& context, Json) {
        const std::string a = context.step("a", [&]() -> const std::string& { return text; });
        const std::string b = context.run_in_child_context("b", [&](Context&) -> const std::string& { return text; });
        const std::string c = context.step("c", [] { return "literal"; });
        const std::string d = context.step("d", [&] { return std::string_view(text); });
        return a + b + c + d;
    });
    runner.start();
    EXPECT_EQ(runner.result(), "\"keptkeptliteralkept\"");
}
TEST(Checkpoints, RefusalSaysOnceWhatItIs) {
    LocalService runner([](Context& context, Json) { context.step("s", [] {}); });
    runner.before_checkpoint = [](int) {
        return holdpoint::Error{"InvalidParameterValueException", 400, "no such thing", {}};
    };
    runner.start();
    EXPECT_EQ(runner.error_type(), "CheckpointError");
    EXPECT_EQ(runner.error_message(), "InvalidParameterValueException: no such thing (in a checkpoint of STEP 's')");
}

TEST(Checkpoints, RefusalNamesTheOperationsThatWereInIt) {
    LocalService runner([](Context& context, Json) {
        for (int i = 0; i < 5; ++i) context.step("small", [] {});
        context.step("large", [] { return std::string(2UL << 20U, 'x'); });
    });
    runner.start();
    EXPECT_EQ(runner.error_message(),
              "InvalidParameterValueException: STEP output payload size must be less than or equal to 1048576 bytes. "
              "(in a checkpoint of STEP 'large')");
    LocalService many([](Context& context, Json) {
        context.run_in_child_context("a", [](Context& a) {
            a.run_in_child_context(
                "b", [](Context& b) { b.run_in_child_context("c", [](Context& c) { c.step("d", [] {}); }); });
        });
    });
    many.before_checkpoint = [](int) { return holdpoint::Error{"AccessDeniedException", 403, "no", {}}; };
    many.start();
    EXPECT_EQ(many.error_message(),
              "AccessDeniedException: no (in a checkpoint of CONTEXT 'a', CONTEXT 'b', CONTEXT 'c' and 1 more)");
}

TEST(Errors, TextThatIsNoUtf8IsRecordedReadably) {
    LocalService runner([](Context& context, Json) {
        context.step("s", [] { throw std::runtime_error("caf\xe9, na\xc3\xafve \xf0\x9f"); }, {.retry = retry::none()});
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "caf\\xE9, na\xc3\xafve \\xF0\\x9F");
}

/// A class within one that is a template, as clients of services have them.
template <class T>
struct Client {
    struct Timeout : std::runtime_error {
        using std::runtime_error::runtime_error;
    };
};
template <class T>
struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// What is recorded as the type of what `body` throws.
template <class F>
std::string type_of(const F& body) {
    LocalService runner([&](Context& context, Json) { context.step("s", body, {.retry = retry::none()}); });
    runner.start();
    return runner.error_type();
}

TEST(Errors, AreRecordedWithTheNameOfTheirOwnClass) {
    const auto local = []<class T>(T) {
        struct Local : std::runtime_error {
            using std::runtime_error::runtime_error;
        };
        throw Local("no");
    };
    EXPECT_EQ(type_of([] { throw Client<std::vector<int>>::Timeout("no"); }), "Timeout");
    EXPECT_EQ(type_of([] { throw Failure<std::vector<std::string>>("no"); }), "Failure");
    EXPECT_EQ(type_of([&] { local(std::vector<int>()); }), "Local");
    EXPECT_EQ(type_of([] { throw std::ios_base::failure("no"); }), "failure") << "no [abi:cxx11]";
    EXPECT_EQ(type_of([] { boost::throw_exception(std::out_of_range("no")); }), "out_of_range") << "no wrapexcept";
    EXPECT_EQ(type_of([] { boost::throw_exception(Client<int>::Timeout("no")); }), "Timeout");
}

TEST(WithRetry, RefusesANameThatTheNameOfItsPauseWouldNotFit) {
    const auto run = [](std::size_t length) {
        LocalService runner([&](Context& context, Json) {
            context.with_retry(std::string(length, 'n'), [](Context&, int) { throw std::runtime_error("no"); });
        });
        runner.start();
        return runner.error_message();
    };
    EXPECT_EQ(run(237), "") << "it waits for its second attempt";
    EXPECT_THAT(run(238), HasSubstr("this one has 238 and gets the suffix '-backoff-"));
}

TEST(WithRetry, TakesAPauseThatIsTooLongAsTheLongest) {
    LocalService runner([](Context& context, Json) {
        context.with_retry(
            "again", [](Context&, int) { throw std::runtime_error("no"); },
            [](const ErrorInfo&, int) -> RetryDecision { return std::chrono::hours(24 * 1000); });
    });
    runner.start();
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(runner.execution().next_due(), runner.clock().now() + std::chrono::hours(24 * 366));
}

TEST(Retries, AskedAboutAnInterruptedStepOneIsToldThat) {
    std::string seen;
    LocalService runner([&](Context& context, Json) {
        try {
            throw std::invalid_argument("what the author handles meanwhile");
        } catch (const std::invalid_argument&) {
            const auto predicate = [&](const ErrorInfo&) {
                seen += retry::on<std::invalid_argument>()({}) ? "the author's " : "";
                seen += retry::on<StepInterruptedError>()({}) ? "interrupted" : "";
                return false;
            };
            context.step(
                "s", [] {},
                {.retry = retry::fixed({.when = predicate}), .semantics = StepSemantics::at_most_once_per_retry});
        }
    });
    runner.before_checkpoint = [](int number) -> std::optional<holdpoint::Error> {
        if (number == 2) throw Crash{};
        return std::nullopt;
    };
    runner.start();
    runner.advance(60s);
    EXPECT_EQ(seen, "interrupted");
}

TEST(Retries, AStrategyMayNotUseTheContext) {
    LocalService runner([](Context& context, Json) {
        const auto alerting = [&](const ErrorInfo&, int) -> RetryDecision {
            context.step("alert", [] {});
            return 1s;
        };
        context.step("charge", [] { throw std::runtime_error("no"); }, {.retry = alerting});
    });
    runner.start();
    EXPECT_EQ(runner.error_type(), "ValidationError");
    EXPECT_THAT(runner.error_message(), HasSubstr("'alert' was called in the body of the step 'charge'"));
}

TEST(Retries, AnExpressionMayBeSearchedForInTheLongestMessage) {
    const std::string longest(32UL * 1024, 'a');
    EXPECT_FALSE(retry::on_message("(a|b)*timed? out")({.message = longest}));
    EXPECT_TRUE(retry::on_message("^(a|b)*timed? out$")({.message = longest + "time out"}));
    EXPECT_FALSE(retry::on_message("(a+)+b")({.message = std::string(100, 'a')})) << "in no time";
    try {
        (void)retry::on_message(R"((a)\1)");
        ADD_FAILURE();
    } catch (const ValidationError& error) {
        EXPECT_STREQ(error.what(), R"(retry::on_message: '(a)\1' refers back to a group, which is not supported)");
    }
    try {
        (void)retry::on_message("(a");
        ADD_FAILURE();
    } catch (const ValidationError& error) {
        EXPECT_THAT(error.what(), HasSubstr("retry::on_message: '(a' is no regular expression: "));
    }
}

TEST(Errors, JitterComesFromWhoeverGivesIt) {
    const auto pauses = [](holdpoint::Random& random) {
        const detail::JitterFrom jitter(random);
        const RetryStrategy strategy = retry::exponential({.attempts = 20, .max = std::chrono::hours(100)});
        std::vector<std::chrono::seconds> drawn;
        for (int attempt = 1; attempt < 20; ++attempt) drawn.push_back(strategy(ErrorInfo{}, attempt).value());
        return drawn;
    };
    holdpoint::SeededRandom first(7);
    holdpoint::SeededRandom again(7);
    holdpoint::SeededRandom other(8);
    const auto drawn = pauses(first);
    EXPECT_EQ(drawn, pauses(again));
    EXPECT_NE(drawn, pauses(other));
}

}  // namespace
}  // namespace durable::testing
