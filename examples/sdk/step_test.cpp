// Steps: docs/sdk/step.md and docs/sdk/retries.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <stdexcept>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [basic]
struct Order {
    std::string id;
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, cents))

std::string charge(const Order& order, const std::string& idempotency_key) {
    // … calls the payment service …
    return "payment-" + order.id + "-" + idempotency_key.substr(0, 4);
}

std::string pay(durable::Context& ctx, Order order) {
    return ctx.step("charge", [&](durable::StepContext& step) {
        step.logger().info("charging", {{"order", order.id}});
        return charge(order, step.idempotency_key());
    });
}
// [/basic]

TEST(Step, Basic) {
    Runner runner(pay);
    EXPECT_EQ(runner.run(Order{.id = "7", .cents = 100}), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>().substr(0, 10), "payment-7-");
    EXPECT_EQ(runner.operation("charge").sub_type, "Step");
}

// [options]
struct NetworkError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

int reserve(durable::Context& ctx, const durable::Json&) {
    return ctx.step("reserve",
                    [](durable::StepContext& step) {
                        if (step.attempt() < 3) throw NetworkError("connection reset");
                        return step.attempt();
                    },
                    {.retry = durable::retry::exponential({.attempts = 4,
                                                           .initial = 2s,
                                                           .max = 30s,
                                                           .jitter = durable::Jitter::none,
                                                           .when = durable::retry::on<NetworkError>()})});
}
// [/options]

TEST(Step, Options) {
    Runner runner(reserve);
    const auto begin = runner.now();
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<int>(), 3);
    EXPECT_EQ(runner.now() - begin, 2s + 4s);
}

// [at-most-once]
std::string transfer(durable::Context& ctx, const durable::Json&) {
    try {
        return ctx.step("transfer", [] { return std::string("done"); },
                        {.retry = durable::retry::none(), .semantics = durable::StepSemantics::at_most_once_per_retry});
    } catch (const durable::StepInterruptedError&) {
        return "nobody knows: ask the bank";
    }
}
// [/at-most-once]

TEST(Step, AtMostOnce) {
    Runner runner(transfer);
    runner.crash_before_checkpoint(2);  // 1 says that it starts, 2 how it ended
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "nobody knows: ask the bank");
}

// [errors]
std::string with_fallback(durable::Context& ctx, const durable::Json&) {
    try {
        return ctx.step("primary", []() -> std::string { throw durable::Error("CardDeclined", "no money left"); },
                        {.retry = durable::retry::none()});
    } catch (const durable::StepError& error) {
        // info() is what was recorded, and the same on every replay.
        if (error.info().type != "CardDeclined") throw;
        return ctx.step("fallback", [&] { return "invoice, because: " + std::string(error.what()); });
    }
}
// [/errors]

TEST(Step, Errors) {
    Runner runner(with_fallback);
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "invoice, because: no money left");
}

// [strategy]
/// Errors of the service say themselves when to come back; three attempts for others.
durable::RetryDecision patient(const durable::ErrorInfo& error, int attempt) {
    if (error.type == "Throttled") return 60s;
    if (attempt >= 3) return std::nullopt;
    return std::chrono::seconds(attempt);
}

int call(durable::Context& ctx, const durable::Json&) {
    return ctx.step("call",
                    [](durable::StepContext& step) {
                        if (step.attempt() == 1) throw durable::Error("Throttled", "too many requests");
                        if (step.attempt() == 2) throw std::runtime_error("broken pipe");
                        return 42;
                    },
                    {.retry = patient});
}
// [/strategy]

TEST(Step, Strategy) {
    Runner runner(call);
    const auto begin = runner.now();
    runner.run();
    EXPECT_EQ(runner.result<int>(), 42);
    EXPECT_EQ(runner.now() - begin, 62s);
}

TEST(Step, DefaultsAreSixAttempts) {
    int runs = 0;
    Runner runner([&](durable::Context& ctx, const durable::Json&) {
        ctx.step("never", [&] {
            ++runs;
            throw std::runtime_error("no");
        });
    });
    EXPECT_EQ(runner.run(), ExecutionStatus::failed);
    EXPECT_EQ(runs, 6);
    EXPECT_EQ(runner.error()->type, "runtime_error");
}

}  // namespace
