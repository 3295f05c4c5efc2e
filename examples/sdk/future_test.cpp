// Futures: docs/sdk/futures.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <stdexcept>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [future]
std::string trip(durable::Context& ctx, const std::string& city) {
    auto flight = ctx.step_async("flight", [city] { return "flight to " + city; });
    auto hotel = ctx.run_in_child_context_async("hotel", [city](durable::Context& child) {
        child.wait("ask around", 1h);
        return "room in " + city;
    });
    return flight.get() + ", " + hotel.get();
}
// [/future]

TEST(Future, TwoAtOnce) {
    Runner runner(trip);
    runner.run(std::string("Oslo"));
    EXPECT_EQ(runner.result<std::string>(), "flight to Oslo, room in Oslo");
}

// [combinators]
std::string combine(durable::Context& ctx, const durable::Json&) {
    auto number = ctx.step_async("number", [] { return 7; });
    auto text = ctx.step_async("text", [] { return std::string("seven"); });
    const auto [n, t] = ctx.all("both", number, text);  // throws the first failure

    auto bad =
        ctx.step_async("bad", []() -> int { throw std::runtime_error("no"); }, {.retry = durable::retry::none()});
    auto good = ctx.step_async("good", [] { return 1; });
    const int any = ctx.any("one that works", bad, good);  // CombinatorError when every one fails

    auto failing =
        ctx.step_async("failing", []() -> int { throw std::runtime_error("no"); }, {.retry = durable::retry::none()});
    const auto [settled, other] = ctx.all_settled("whatever becomes of them", failing, good);  // throws nothing
    return t + std::to_string(n + any) + (settled.succeeded() ? "" : settled.error->message) +
           std::to_string(*other.value);
}
// [/combinators]

TEST(Future, Combinators) {
    Runner runner(combine);
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "seven8no1");
}

// [race]
std::string answer_or_deadline(durable::Context& ctx, const durable::Json&) {
    auto callback = ctx.create_callback<std::string>("answer");
    auto answer = callback.result_async();
    auto deadline = ctx.wait_async("deadline", std::chrono::hours(48));
    // Futures of different types: which is over first. Of one type: ctx.race(…) answers its result.
    if (ctx.select("first", answer, deadline) == 0) return answer.get();
    return "too late";
}
// [/race]

TEST(Future, Select) {
    Runner runner(answer_or_deadline);
    runner.run();
    runner.complete_callback("answer", std::string("yes"));
    EXPECT_EQ(runner.result<std::string>(), "yes");
    Runner late(answer_or_deadline);
    late.run();
    EXPECT_EQ(late.advance(48h), ExecutionStatus::succeeded);
    EXPECT_EQ(late.result<std::string>(), "too late");
}

// [list]
int sum(durable::Context& ctx, const std::vector<int>& numbers) {
    std::vector<durable::Future<int>> squares;
    for (const int n : numbers) squares.push_back(ctx.step_async("square", [n] { return n * n; }));
    int sum = 0;
    for (const int square : ctx.all("all", squares)) sum += square;
    return sum;
}
// [/list]

TEST(Future, List) {
    Runner runner(sum);
    runner.run(std::vector<int>{1, 2, 3});
    EXPECT_EQ(runner.result<int>(), 14);
}

}  // namespace
