// Waits and polls: docs/sdk/wait.md and docs/sdk/wait-for-condition.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [wait]
std::string remind(durable::Context& ctx, const std::string& user) {
    ctx.step("welcome", [&] { /* … sends a mail … */ });
    ctx.wait("trial period", std::chrono::hours(24 * 30));
    return ctx.step("remind", [&] { return "reminded " + user; });
}
// [/wait]

TEST(Wait, AMonth) {
    Runner runner(remind);
    EXPECT_EQ(runner.start(std::string("ada")), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(24h * 30 - 1s), ExecutionStatus::running);
    EXPECT_EQ(runner.advance(1s), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "reminded ada");
    EXPECT_EQ(runner.invocations(), 2);
}

// [condition]
struct Job {
    std::string id;
    std::string state = "QUEUED";
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, state))

Job look_at(const Job& job, int poll) {
    // … asks the service …
    return {.id = job.id, .state = poll < 4 ? "RUNNING" : "DONE"};
}

std::string render(durable::Context& ctx, const durable::Json&) {
    const Job job = ctx.step("submit", [] { return Job{.id = "job-1"}; });
    const Job done = ctx.wait_for_condition<Job>(
        "until it is done", [](const Job& state, durable::StepContext& step) { return look_at(state, step.attempt()); },
        {.initial_state = job,
         .strategy = durable::wait_strategy<Job>([](const Job& state) { return state.state != "DONE"; },
                                                 {.attempts = 20, .initial = 10s, .jitter = durable::Jitter::none})});
    return done.state;
}
// [/condition]

TEST(WaitForCondition, PollsUntilItHolds) {
    Runner runner(render);
    const auto begin = runner.now();
    EXPECT_EQ(runner.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(runner.result<std::string>(), "DONE");
    EXPECT_EQ(runner.now() - begin, 10s + 15s + 23s) << "pauses of 10, 15 and 22.5 seconds, in whole seconds";
    EXPECT_EQ(runner.operation("until it is done").sub_type, "WaitForCondition");
}

// [own-strategy]
int count_to_three(durable::Context& ctx, const durable::Json&) {
    return ctx.wait_for_condition<int>(
        "count", [](int n) { return n + 1; },
        {.initial_state = 0, .strategy = [](const int& n, int /*attempt*/) -> durable::WaitDecision {
             if (n == 3) return std::nullopt;  // it holds
             return 1min;                      // the pause before the next poll
         }});
}
// [/own-strategy]

TEST(WaitForCondition, OwnStrategy) {
    Runner runner(count_to_three);
    runner.run();
    EXPECT_EQ(runner.result<int>(), 3);
}

// [exhausted]
std::string give_up(durable::Context& ctx, const durable::Json&) {
    try {
        ctx.wait_for_condition<int>(
            "never", [](int n) { return n + 1; },
            {.initial_state = 0, .strategy = durable::wait_strategy<int>([](int) { return true; }, {.attempts = 3})});
    } catch (const durable::WaitForConditionError& error) {
        return error.info().type;
    }
    return "it held";
}
// [/exhausted]

TEST(WaitForCondition, Exhausted) {
    Runner runner(give_up);
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "WaitForConditionExhausted");
}

}  // namespace
