// Code of the author's in options: what it throws fails the operation as documented, the same on replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <typeinfo>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;
using namespace std::chrono_literals;

const std::vector<int> kItems{1, 2};

[[noreturn]] void fail(const char* why) {
    throw std::runtime_error(why);
}

Serdes<int> unwritable() {
    return {.serialize = [](const int&, const SerdesContext&) -> std::string { fail("unwritable"); },
            .deserialize = [](const std::string&, const SerdesContext&) { return 0; }};
}
Serdes<int> unreadable() {
    return {.serialize = [](const int& n, const SerdesContext&) { return std::to_string(n); },
            .deserialize = [](const std::string&, const SerdesContext&) -> int { fail("unreadable"); }};
}

/// What `body` throws, on the first run and on replay, which must be the same; and the history, without the pause.
struct Thrown {
    std::string error;
    std::vector<std::string> history;
};
Thrown thrown_by(const std::function<void(Context&)>& body) {
    std::vector<std::string> seen;
    LocalService runner([&](Context& context, Json) {
        try {
            body(context);
            seen.emplace_back("nothing");
        } catch (const ChildContextError& error) {
            seen.push_back("ChildContextError " + error.info().type + ": " + error.what());
        } catch (const StepError& error) {
            seen.push_back("StepError " + error.info().type + ": " + error.what());
        } catch (const SerdesError& error) {
            seen.push_back((typeid(error) == typeid(SerdesError) ? "SerdesError: " : "a subclass: ") +
                           std::string(error.what()));
        } catch (const std::exception& error) {
            seen.push_back("undocumented: " + std::string(error.what()));
        }
        context.wait("pause", 1s);
    });
    runner.fake_function("number", [](const std::string&, const Invoked&) { return std::string("7"); }, 0s);
    runner.start();
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen.size(), 2U);
    if (seen.empty()) return {};
    EXPECT_EQ(seen.front(), seen.back());
    return {.error = seen.front(), .history = runner.history()};
}

int itself(Context&, int n) {
    return n;
}
std::string large(Context&) {
    return std::string(300'000, 'x');
}

TEST(ItemName, ThatThrowsFailsTheMap) {
    const MapOptions<int, int> options{.item_name = [](const int&, std::size_t) -> std::string { fail("no name"); }};
    const Thrown thrown = thrown_by([&](Context& context) { context.map("m", kItems, itself, options); });
    EXPECT_EQ(thrown.error, "ChildContextError runtime_error: no name");
    EXPECT_THAT(thrown.history, Contains("ContextFailed"));
    EXPECT_EQ(thrown_by([&](Context& context) { (void)context.map_async("m", kItems, itself, options).get(); }).error,
              thrown.error);
}

TEST(Serialize, ThatThrowsFailsTheMap) {
    MapOptions<int, int> options;
    options.serdes = {
        .serialize = [](const BatchResult<int>&, const SerdesContext&) -> std::string { fail("unwritable"); },
        .deserialize = [](const std::string&, const SerdesContext&) { return BatchResult<int>(); }};
    const Thrown thrown = thrown_by([&](Context& context) { context.map("m", kItems, itself, options); });
    EXPECT_EQ(thrown.error, "ChildContextError runtime_error: unwritable");
    EXPECT_THAT(thrown.history, Contains("ContextFailed"));
}

// What is recorded is not asked for again, so an operation in there was missing on replay, and those behind it had its
// number.
TEST(AskedOnce, HasNoOperations) {
    const auto error_of = [](const std::function<void(Context&)>& body, int threads = 4) {
        LocalService runner(
            [&](Context& context, Json) {
                body(context);
                context.wait("pause", 1s);
            },
            {.threads = threads});
        runner.start();
        runner.advance(1s);
        return runner.error_type() + ": " + runner.error_message();
    };
    const std::string refused = "ValidationError: The durable operation Step 'inner' was called in ";
    const std::string why =
        "; what it answers is recorded, and it is not called again on replay, so put durable operations beside it.";
    for (const int threads : {0, 4}) {
        const auto decides = [&](Context& context) {
            context.map("m", kItems, itself, {.completion = {.should_complete = [&](const BatchProgress&) {
                                                  context.step("inner", [] {});
                                                  return CompletionDecision::go_on;
                                              }}});
        };
        EXPECT_EQ(error_of(decides, threads), refused + "should_complete of 'm'" + why) << threads;
    }
    EXPECT_EQ(error_of([&](Context& context) {
                  MapOptions<int, int> options;
                  options.serdes = {
                      .serialize =
                          [&](const BatchResult<int>&, const SerdesContext&) {
                              return context.step("inner", [] { return std::string("[]"); });
                          },
                      .deserialize = [](const std::string&, const SerdesContext&) { return BatchResult<int>(); }};
                  context.map("m", kItems, itself, options);
              }),
              refused + "serialize of 'm'" + why);
    EXPECT_EQ(error_of([&](Context& context) {
                  MapOptions<int, std::string> options;
                  options.summary = [&](const BatchResult<std::string>&) {
                      return context.step("inner", [] { return std::string("much"); });
                  };
                  context.map("m", kItems, [](Context& item, int) { return large(item); }, options);
              }),
              refused + "summary of 'm'" + why);
    EXPECT_EQ(error_of([&](Context& context) {
                  context.run_in_child_context("c", large, {.summary = [&](const std::string&) {
                                                   return context.step("inner", [] { return std::string("much"); });
                                               }});
              }),
              refused + "summary of 'c'" + why);
}

TEST(Summary, ThatThrowsFailsItsContext) {
    const Thrown child = thrown_by([](Context& context) {
        context.run_in_child_context("c", large,
                                     {.summary = [](const std::string&) -> std::string { fail("no summary"); }});
    });
    EXPECT_EQ(child.error, "ChildContextError runtime_error: no summary");
    EXPECT_THAT(child.history, Contains("ContextFailed"));
    const Thrown map = thrown_by([](Context& context) {
        context.map("m", kItems, [](Context& item, int) { return large(item); },
                    {.summary = [](const BatchResult<std::string>&) -> std::string { fail("no summary"); }});
    });
    EXPECT_EQ(map.error, "ChildContextError runtime_error: no summary");
    EXPECT_THAT(map.history, Contains("ContextFailed"));
}

TEST(MapError, ThatThrowsIsWhatTheChildFailsWith) {
    const ChildOptions<void> options{.map_error = [](const ErrorInfo&) -> ErrorInfo { fail("no error"); }};
    const auto body = [](Context&) { throw Error("Broken", "no"); };
    const Thrown thrown = thrown_by([&](Context& context) { context.run_in_child_context("c", body, options); });
    EXPECT_EQ(thrown.error, "ChildContextError runtime_error: no error");
    EXPECT_THAT(thrown.history, Contains("ContextFailed"));
    EXPECT_EQ(thrown_by([&](Context& context) { context.run_in_child_context_async("c", body, options).get(); }).error,
              thrown.error);
}

// Replay maps a recorded error again, but of a future where that is made, not where it is asked: an operation in there
// had another place each time.
TEST(MapError, HasNoOperations) {
    for (const bool is_async : {false, true}) {
        LocalService runner(
            [&](Context& context, Json) {
                const auto body = [](Context&) { throw Error("Broken", "no"); };
                const ChildOptions<void> options{.map_error = [&](const ErrorInfo& error) {
                    context.step("inner", [] {});
                    return error;
                }};
                try {
                    if (is_async) {
                        const auto future = context.run_in_child_context_async("c", body, options);
                        context.step("between", [] {});
                        future.get();
                    } else {
                        context.run_in_child_context("c", body, options);
                    }
                } catch (const ChildContextError&) {
                }
                context.wait("pause", 1s);
            },
            {.threads = 0});
        runner.start();
        runner.advance(1s);
        EXPECT_EQ(runner.error_type(), "ValidationError") << is_async;
        EXPECT_EQ(runner.error_message(),
                  "The durable operation Step 'inner' was called in map_error of 'c'; it is called again on replay, "
                  "where a future may learn of its error at another place, so put durable operations beside it.")
            << is_async;
    }
}

TEST(Deserialize, ThatThrowsIsASerdesError) {
    const std::string expected = "SerdesError: deserialize threw runtime_error: unreadable";
    const auto five = [] { return 5; };
    const auto child = [](Context&) { return 5; };
    EXPECT_EQ(thrown_by([&](Context& context) { context.step("s", five, {.serdes = unreadable()}); }).error, expected);
    EXPECT_EQ(
        thrown_by([&](Context& context) { (void)context.step_async("s", five, {.serdes = unreadable()}).get(); }).error,
        expected);
    EXPECT_EQ(
        thrown_by([&](Context& context) { context.run_in_child_context("c", child, {.serdes = unreadable()}); }).error,
        expected);
    EXPECT_EQ(
        thrown_by([&](Context& context) { context.map("m", kItems, itself, {.item_serdes = unreadable()}); }).error,
        expected);
    EXPECT_EQ(thrown_by([&](Context& context) {
                  context.invoke<int>("i", "number", 1, {.result_serdes = unreadable()});
              }).error,
              expected);
    const Thrown odd = thrown_by([&](Context& context) {
        Serdes<int> serdes = unreadable();
        serdes.deserialize = [](const std::string&, const SerdesContext&) -> int { throw 42; };
        context.step("s", five, {.serdes = serdes});
    });
    EXPECT_EQ(odd.error, "SerdesError: deserialize threw Unknown: thrown was no std::exception but int");
    EXPECT_THAT(odd.history, Contains("StepSucceeded"));
}

TEST(Deserialize, OfAWholeBatchIsASerdesErrorToo) {
    MapOptions<int, int> options;
    options.serdes = {
        .serialize = [](const BatchResult<int>&, const SerdesContext&) { return std::string("mine"); },
        .deserialize = [](const std::string&, const SerdesContext&) -> BatchResult<int> { fail("unreadable"); }};
    EXPECT_EQ(thrown_by([&](Context& context) { context.map("m", kItems, itself, options); }).error,
              "SerdesError: deserialize threw runtime_error: unreadable");
}

TEST(Serialize, OfAPayloadIsAPlainSerdesErrorAndInvokesNothing) {
    const Thrown thrown =
        thrown_by([](Context& context) { context.invoke<int>("i", "number", 1, {.payload_serdes = unwritable()}); });
    EXPECT_EQ(thrown.error, "SerdesError: unwritable");
    EXPECT_THAT(thrown.history, Not(Contains("ChainedInvokeStarted")));
}

TEST(Serialize, ThatAnswersNoUtf8FailsTheOperation) {
    const std::string told =
        "SerdesError: text that is recorded is UTF-8, but byte 1 of what serialize answered is 0xFF";
    const std::string raw = "SerdesError: text that is recorded is UTF-8, but byte 0 of the RawText is 0xFE";
    const std::string short_text =
        "SerdesError: text that is recorded is UTF-8, but byte 0 of what summary answered is";
    const Serdes<int> bytes{.serialize = [](const int&, const SerdesContext&) { return std::string("a\xff"); },
                            .deserialize = [](const std::string&, const SerdesContext&) { return 0; }};
    MapOptions<int, int> whole;
    whole.serdes = {.serialize = [](const BatchResult<int>&, const SerdesContext&) { return std::string("a\xff"); },
                    .deserialize = [](const std::string&, const SerdesContext&) -> BatchResult<int> { return {}; }};
    const auto five = [](auto&...) { return 5; };
    const auto thrown = [](const std::function<void(Context&)>& body) { return thrown_by(body).error; };
    EXPECT_EQ(thrown([&](Context& context) { context.step("s", [] { return 5; }, {.serdes = bytes}); }),
              "StepError " + told);
    EXPECT_EQ(thrown([&](Context& context) { context.step("s", [] { return RawText{"\xfe"}; }); }), "StepError " + raw);
    EXPECT_EQ(thrown([&](Context& context) { context.run_in_child_context("c", five, {.serdes = bytes}); }),
              "ChildContextError " + told);
    EXPECT_EQ(
        thrown([&](Context& context) { context.map("m", kItems, itself, {.item_serdes = bytes}).throw_if_error(); }),
        "ChildContextError " + told);
    EXPECT_EQ(thrown([&](Context& context) { context.map("m", kItems, itself, whole); }), "ChildContextError " + told);
    EXPECT_EQ(thrown([&](Context& context) { context.invoke<int>("i", "number", 1, {.payload_serdes = bytes}); }),
              told);
    EXPECT_THAT(thrown([&](Context& context) {
                    context.run_in_child_context("c", large,
                                                 {.summary = [](const std::string&) { return std::string("\xff"); }});
                }),
                ::testing::StartsWith("ChildContextError " + short_text));
    EXPECT_THAT(thrown([&](Context& context) {
                    context.map("m", kItems, [](Context& item, int) { return large(item); },
                                {.summary = [](const BatchResult<std::string>&) { return std::string("\xff"); }});
                }),
                ::testing::StartsWith("ChildContextError " + short_text));
}

TEST(Serialize, ARawResultThatIsNoUtf8FailsTheExecution) {
    LocalService runner([](Context&, Json) { return RawText{"a\xff"}; });
    runner.start();
    EXPECT_EQ(runner.error_type(), "SerdesError");
    EXPECT_EQ(runner.error_message(), "text that is recorded is UTF-8, but byte 1 of the RawText is 0xFF");
}

TEST(Serialize, ThatThrowsNoExceptionFailsAStepAtOnce) {
    Serdes<int> serdes = unwritable();
    serdes.serialize = [](const int&, const SerdesContext&) -> std::string { throw 42; };
    EXPECT_EQ(thrown_by([&](Context& context) { context.step("s", [] { return 1; }, {.serdes = serdes}); }).error,
              "StepError SerdesError: thrown was no std::exception but int");
}

}  // namespace
}  // namespace durable::testing
