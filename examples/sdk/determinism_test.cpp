// Order of evaluation, and variables that steps change: docs/sdk/determinism.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> names(const Runner& runner) {
    std::vector<std::string> names;
    for (const durable::OperationInfo& operation : runner.operations()) names.push_back(operation.name);
    return names;
}

// [order]
struct Offer {
    int price = 0;
    int postage = 0;
};
BOOST_DESCRIBE_STRUCT(Offer, (), (price, postage))

int total(durable::Context& ctx, const durable::Json&) {
    // Not `return ctx.step("price", …) + ctx.step("postage", …);`: either of them may run first.
    const int price = ctx.step("price", [] { return 350; });
    const int postage = ctx.step("postage", [] { return 50; });
    return price + postage;
}

Offer offer(durable::Context& ctx, const durable::Json&) {
    // In braces the order is that of the text.
    return Offer{.price = ctx.step("price", [] { return 350; }), .postage = ctx.step("postage", [] { return 50; })};
}
// [/order]

TEST(Determinism, OrderOfEvaluation) {
    Runner sum(total);
    EXPECT_EQ(sum.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(sum.result<int>(), 400);
    EXPECT_EQ(names(sum), (std::vector<std::string>{"price", "postage"}));
    Runner list(offer);
    EXPECT_EQ(list.run(), ExecutionStatus::succeeded);
    EXPECT_EQ(list.result<Offer>().price, 350);
    EXPECT_EQ(names(list), (std::vector<std::string>{"price", "postage"}));
}

// [captured]
int by_reference(durable::Context& ctx, const durable::Json&) {
    int found = 0;
    ctx.step("search", [&] { found = 7; });  // wrong: on replay this body does not run
    ctx.wait("pause", 1h);
    return found;
}

int by_result(durable::Context& ctx, const durable::Json&) {
    const int found = ctx.step("search", [] { return 7; });
    ctx.wait("pause", 1h);
    return found;
}

TEST(Determinism, WhatAStepChangesIsLostOnReplay) {
    Runner wrong(by_reference);
    wrong.run();
    EXPECT_EQ(wrong.result<int>(), 0);  // what the second run of the handler has
    Runner right(by_result);
    right.run();
    EXPECT_EQ(right.result<int>(), 7);
}
// [/captured]

}  // namespace
