// Errors and determinism: docs/sdk/errors.md and docs/sdk/determinism.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <stdexcept>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [own]
int withdraw(durable::Context& ctx, int cents) {
    const int balance = ctx.step("balance", [] { return 500; });
    if (cents > balance) {
        throw durable::Error("InsufficientFunds", "there are only " + std::to_string(balance),
                             R"({"missing":)" + std::to_string(cents - balance) + "}");
    }
    return balance - cents;
}
// [/own]

TEST(Errors, OnesOwn) {
    Runner runner(withdraw);
    EXPECT_EQ(runner.run(700), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "InsufficientFunds");
    EXPECT_EQ(runner.error()->message, "there are only 500");
    EXPECT_EQ(runner.error()->data, R"({"missing":200})");
}

// [catch]
std::string careful(durable::Context& ctx, const durable::Json&) {
    try {
        ctx.wait("a day", std::chrono::hours(24));
        return ctx.step("work", []() -> std::string { throw std::runtime_error("no"); },
                        {.retry = durable::retry::none()});
    } catch (const std::exception& error) {  // never `catch (...)` around operations
        return error.what();
    }
}
// [/catch]

TEST(Errors, Catch) {
    Runner runner(careful);
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "no");
}

// [swallowed]
std::string careless(durable::Context& ctx, const durable::Json&) {
    try {
        ctx.wait("a day", std::chrono::hours(24));
    } catch (...) {
        // The signal to suspend was caught here. It does no harm: the next operation throws it again, and
        // whatever the handler returns now is not taken for its result.
    }
    return ctx.step("afterwards", [] { return std::string("a day later"); });
}
// [/swallowed]

TEST(Errors, SwallowedSuspension) {
    Runner runner(careless);
    EXPECT_EQ(runner.start(), ExecutionStatus::running);
    EXPECT_EQ(runner.run_on(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "a day later");
}

// [deterministic]
std::string draw(durable::Context& ctx, const durable::Json&) {
    // Chance, clocks and everything from outside belong into steps; what a step answered once it answers always.
    const int chosen = ctx.step("draw", [] { return std::rand() % 3; });
    if (chosen == 0) ctx.wait("pause", 1h);
    return "drew " + std::to_string(chosen);
}
// [/deterministic]

TEST(Determinism, Draw) {
    Runner runner(draw);
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
}

TEST(Determinism, ChangedCodeIsFound) {
    Runner runner([](durable::Context& ctx, const durable::Json&) {
        ctx.step("one", [] {});
        ctx.wait("pause", 1h);
    });
    runner.start();
    runner.deploy([](durable::Context& ctx, const durable::Json&) {
        ctx.step("two", [] {});
        ctx.wait("pause", 1h);
    });
    EXPECT_EQ(runner.run_on(), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "NonDeterministicExecutionError");
    EXPECT_EQ(
        runner.error()->message.substr(0, 118),
        "Operation 1 of this context was STEP (Step) 'one' when it was recorded, but the code now comes to STEP (Step) "
        "'two'. A");
}

}  // namespace
