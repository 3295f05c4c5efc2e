// Invokes: docs/sdk/invoke.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [invoke]
struct Item {
    std::string sku;
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(Item, (), (sku, count))

struct Stock {
    int available = 0;
};
BOOST_DESCRIBE_STRUCT(Stock, (), (available))

std::string check_stock(durable::Context& ctx, const Item& item) {
    try {
        const auto stock = ctx.invoke<Stock>("stock", "inventory:1", item, {.tenant_id = "shop-7"});
        return stock.available >= item.count ? "in stock" : "sold out";
    } catch (const durable::InvokeTimedOutError&) {
        return "unknown: it took too long";
    } catch (const durable::InvokeFailedError& error) {
        return "unknown: " + error.info().type;
    }
}
// [/invoke]

TEST(Invoke, FakeFunctionAnswers) {
    Runner runner(check_stock);
    runner.fake_function("inventory:1", [](const Item& item) { return Stock{.available = item.sku == "a" ? 5 : 0}; });
    runner.run(Item{.sku = "a", .count = 3});
    EXPECT_EQ(runner.result<std::string>(), "in stock");
    EXPECT_EQ(runner.operation("stock").type, "CHAINED_INVOKE");
}

TEST(Invoke, FakeFunctionFails) {
    Runner runner(check_stock);
    runner.fake_function("inventory:1", [](const Item&) -> Stock { throw durable::Error("NoDatabase", "down"); });
    runner.run(Item{.sku = "a", .count = 3});
    EXPECT_EQ(runner.result<std::string>(), "unknown: NoDatabase");
    Runner slow(check_stock);
    slow.fake_function("inventory:1", [](const Item&) -> Stock { throw durable::testing::FunctionTimedOut(); }, 1h);
    slow.run(Item{.sku = "a", .count = 3});
    EXPECT_EQ(slow.result<std::string>(), "unknown: it took too long");
}

}  // namespace
