// Combinators over futures that cannot be read, were moved from, or are none at all; the same on replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// What `body` comes to, on the first run and on replay, which must be the same.
std::string twice(const std::function<std::string(Context&)>& body) {
    std::vector<std::string> seen;
    LocalService runner([&](Context& context, Json) {
        seen.push_back(body(context));
        context.wait("pause", 1s);
    });
    const auto answering = [](std::string text) { return [text](const std::string&, const Invoked&) { return text; }; };
    runner.fake_function("text", answering("\"seven\""), 0s);
    runner.fake_function("number", answering("7"), 1h);
    runner.start();
    runner.advance(1h);
    runner.advance(1s);
    EXPECT_EQ(runner.error_message(), "");
    EXPECT_EQ(seen.size(), 2U);
    if (seen.empty()) return "nothing";
    EXPECT_EQ(seen.front(), seen.back());
    return seen.front();
}

/// The error that fails the execution.
std::string refusal(const std::function<void(Context&)>& body) {
    LocalService runner([&](Context& context, Json) { body(context); });
    runner.start();
    return runner.error_type() + ": " + runner.error_message();
}

TEST(MovedFrom, FuturesAreRefused) {
    EXPECT_EQ(refusal([](Context& context) {
                  auto future = context.step_async("s", [] { return 1; });
                  const auto other = std::move(future);
                  (void)future.get();  // NOLINT(bugprone-use-after-move)
              }),
              "ValidationError: this future was moved from");
    const auto in_a_list = [](const auto& call) {
        return refusal([&](Context& context) {
            std::vector<Future<int>> futures;
            futures.push_back(context.step_async("s", [] { return 1; }));
            const auto other = std::move(futures.front());
            call(context, futures);
        });
    };
    const auto refused = [](const char* combinator) {
        return std::string("ValidationError: ") + combinator + " 'c': this future was moved from";
    };
    using List = const std::vector<Future<int>>&;
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.any("c", futures); }), refused("any"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.all("c", futures); }), refused("all"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.race("c", futures); }), refused("race"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.select("c", futures.front()); }),
              refused("select"));
    EXPECT_EQ(in_a_list([](Context& context, List futures) { (void)context.all_settled("c", futures); }),
              refused("all_settled"));
}

TEST(None, AreAllOver) {
    EXPECT_EQ(twice([](Context& context) {
                  const std::vector<Future<int>> none;
                  return std::to_string(context.all("all", none).size() + context.all_settled("settled", none).size()) +
                         context.step("after", [] { return std::string("!"); });
              }),
              "0!");
}

TEST(None, HaveNoFirst) {
    const std::vector<Future<int>> none;
    EXPECT_EQ(refusal([&](Context& context) { (void)context.any("none", none); }),
              "ValidationError: any 'none' was given no futures");
    EXPECT_EQ(refusal([&](Context& context) { (void)context.race("none", none); }),
              "ValidationError: race 'none' was given no futures");
    EXPECT_EQ(refusal([](Context& context) { (void)context.select(""); }),
              "ValidationError: select was given no futures");
}

TEST(Futures, OfAnotherContextAreNamed) {
    const auto inside = [](const char* name) {
        return refusal([&](Context& context) {
            auto future = context.step_async(name, [] { return 1; });
            context.run_in_child_context("child", [&](Context&) { return future.get(); });
        });
    };
    EXPECT_THAT(inside("charge"), StartsWith("ValidationError: The durable operation Future::get 'charge' was called "
                                             "on a context that the running body was not given"));
    EXPECT_THAT(inside(""), StartsWith("ValidationError: The durable operation Future::get was called on a context"));
}

}  // namespace
}  // namespace durable::testing
