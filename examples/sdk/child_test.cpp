// Child contexts: docs/sdk/run-in-child-context.md and docs/sdk/with-retry.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [child]
struct Quote {
    int net = 0;
    int tax = 0;
};
BOOST_DESCRIBE_STRUCT(Quote, (), (net, tax))

Quote make_quote(durable::Context& ctx, int amount) {
    const int net = ctx.step("net", [&] { return amount * 9 / 10; });
    ctx.wait("let prices settle", 1min);
    return {.net = net, .tax = ctx.step("tax", [&] { return net / 5; })};
}

int quote(durable::Context& ctx, int amount) {
    const Quote made =
        ctx.run_in_child_context("quote", [&](durable::Context& child) { return make_quote(child, amount); });
    return made.net + made.tax;
}
// [/child]

TEST(Child, Groups) {
    Runner runner(quote);
    EXPECT_EQ(runner.run(100), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 108);
    EXPECT_EQ(runner.operation("tax").parent_id, runner.operation("quote").id);
}

// [errors]
std::string guarded(durable::Context& ctx, const durable::Json&) {
    try {
        ctx.run_in_child_context("risky",
                                 [](durable::Context& child) {
                                     child.step("one", [] {});
                                     throw durable::Error("TooRisky", "not today");
                                 },
                                 {.map_error = [](const durable::ErrorInfo& error) {
                                     return durable::ErrorInfo{.type = "Refused", .message = error.message};
                                 }});
    } catch (const durable::ChildContextError& error) {
        return error.info().type + ": " + error.what();
    }
    return "done";
}
// [/errors]

TEST(Child, Errors) {
    Runner runner(guarded);
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "Refused: not today");
}

// [large]
std::size_t report(durable::Context& ctx, const durable::Json&) {
    const std::string text = ctx.run_in_child_context(
        "render",
        [](durable::Context& child) {
            const int pages = child.step("pages", [] { return 3; });
            return std::string(static_cast<std::size_t>(pages) * 100'000, 'x');
        },
        {.summary = [](const std::string& all) { return "a report of " + std::to_string(all.size()) + " bytes"; }});
    ctx.wait("pause", 1s);
    return text.size();
}
// [/large]

TEST(Child, LargeResultRunsAgain) {
    Runner runner(report);
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 300'000);
    EXPECT_EQ(runner.operation("render").result, "a report of 300000 bytes");
}

// [with-retry]
std::string book(durable::Context& ctx, const durable::Json&) {
    return ctx.with_retry(
        "booking",
        [](durable::Context& attempt_context, int attempt) {
            const std::string hold = attempt_context.step("hold", [&] { return "hold-" + std::to_string(attempt); });
            attempt_context.wait("let it settle", 10s);
            return attempt_context.step("confirm",
                                        [&] {
                                            if (attempt == 1) throw durable::Error("Expired", "the hold was lost");
                                            return "confirmed " + hold;
                                        },
                                        {.retry = durable::retry::none()});
        },
        durable::retry::fixed({.attempts = 3, .pause = 1min}));
}
// [/with-retry]

TEST(WithRetry, TriesAllOfItAgain) {
    Runner runner(book);
    const auto begin = runner.now();
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "confirmed hold-2");
    EXPECT_EQ(runner.now() - begin, 10s + 1min + 10s);
    EXPECT_EQ(runner.operation("booking-backoff-1").type, "WAIT");
}

}  // namespace
