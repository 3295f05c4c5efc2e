// The testing library: docs/sdk/testing.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <fstream>
#include <sstream>

using namespace std::chrono_literals;

namespace {

// [function]
struct Order {
    std::string id;
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, cents))

std::string ship(durable::Context& ctx, const Order& order) {
    const auto payment = ctx.step("charge", [&] { return "payment of " + order.id; });
    if (order.cents > 100'000 && !ctx.wait_for_callback<bool>("clerk", [](const std::string&) {}, {.timeout = 72h})) {
        return "refused";
    }
    const auto carrier = ctx.invoke<std::string>("carrier", "carriers:1", order.id);
    ctx.wait("cooling off", 24h);
    return payment + " by " + carrier;
}
// [/function]

// [first]
using durable::testing::ExecutionStatus;
using durable::testing::Runner;

TEST(Ship, SmallOrderTakesADay) {
    Runner runner(ship);
    runner.fake_function("carriers:1", [](const std::string& id) { return "van " + id; });
    const auto begin = runner.now();
    EXPECT_EQ(runner.run(Order{.id = "o-1", .cents = 500}), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "payment of o-1 by van o-1");
    EXPECT_EQ(runner.now() - begin, 24h);  // in less than a millisecond
}
// [/first]

// [callback]
TEST(Ship, ClerkDecides) {
    Runner runner(ship);
    EXPECT_EQ(runner.run(Order{.id = "o-2", .cents = 200'000}), ExecutionStatus::running);
    runner.complete_callback("clerk-callback", false);
    EXPECT_EQ(runner.result<std::string>(), "refused");
}

TEST(Ship, NobodyDecides) {
    Runner runner(ship);
    runner.run(Order{.id = "o-2", .cents = 200'000});
    EXPECT_EQ(runner.advance(72h), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "Callback.Timeout");
}
// [/callback]

// [functions]
TEST(Ship, CarrierTakesItsTimeAndFails) {
    Runner runner(ship);
    runner.fake_function(
        "carriers:1", [](const std::string&) -> std::string { throw durable::Error("Strike", "no vans"); }, 2h);
    EXPECT_EQ(runner.start(Order{.id = "o-1", .cents = 500}), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(2h), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "Strike");
}
// [/functions]

// [crash]
TEST(Ship, ChargesOnceOrTwiceWhenItsProcessDies) {
    for (const bool recorded : {false, true}) {
        Runner runner(ship);
        runner.fake_function("carriers:1", [](const std::string&) { return std::string("van"); });
        recorded ? runner.crash_after_checkpoint(1) : runner.crash_before_checkpoint(1);
        EXPECT_EQ(runner.run(Order{.id = "o-1", .cents = 500}), ExecutionStatus::succeeded);
        EXPECT_EQ(runner.operation("charge").status, "SUCCEEDED");
    }
}
// [/crash]

// [history]
TEST(Ship, HistoryTellsWhatHappened) {
    Runner runner(ship);
    runner.fake_function("carriers:1", [](const std::string&) { return std::string("van"); });
    runner.run(Order{.id = "o-1", .cents = 500});
    EXPECT_EQ(
        runner.history(),
        (std::vector<std::string>{"ExecutionStarted", "StepStarted", "StepSucceeded", "ChainedInvokeStarted",
                                  "InvocationCompleted", "ChainedInvokeSucceeded", "WaitStarted", "InvocationCompleted",
                                  "WaitSucceeded", "InvocationCompleted", "ExecutionSucceeded"}));
    for (const durable::OperationInfo& operation : runner.operations()) EXPECT_EQ(operation.status, "SUCCEEDED");
}
// [/history]

std::string history_of_production() {
    Runner runner(ship);
    runner.fake_function("carriers:1", [](const std::string&) { return std::string("van"); });
    runner.run(Order{.id = "o-1", .cents = 500});
    return runner.history_json();
}

std::string read_file(const std::string& path) {
    std::ofstream(path) << history_of_production();
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string history_path() {
    return ::testing::TempDir() + "history.json";
}

// [replay]
TEST(Ship, NewCodeFitsWhatIsUnderWay) {
    const std::string history = read_file(history_path());  // as it was exported
    const durable::testing::ReplayReport report = durable::testing::replay(ship, history);
    EXPECT_TRUE(report.fits()) << report.differences.front();
}
// [/replay]

TEST(Ship, ChangedCodeDoesNotFit) {
    const auto report = durable::testing::replay(
        [](durable::Context& ctx, const Order& order) {
            return ctx.step("bill", [&] { return "payment of " + order.id; });
        },
        history_of_production());
    ASSERT_FALSE(report.fits());
    EXPECT_TRUE(report.differences.front().starts_with(
        "Operation 1 of this context was STEP (Step) 'charge' when it was recorded, but the code now comes to STEP"))
        << report.differences.front();
}

}  // namespace
