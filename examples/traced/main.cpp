// A durable function whose executions a collector is told of: a step that may have to be tried again, a wait, and steps
// in a context.
//
// Its event is {"id": "7", "busy": 1, "settle": 5}: the card terminal is busy that often, and the payment settles after
// that many seconds. It answers the parcel's number.
#include <durable/durable.hpp>
#include <durable/opentelemetry.hpp>

struct Order {
    std::string id;
    int busy = 0;
    std::chrono::seconds settle{};
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, busy, settle))

std::string process(durable::Context& ctx, const Order& order) {
    ctx.step("charge",
             [&](durable::StepContext& step) {
                 step.logger().info("charging");
                 if (step.attempt() <= order.busy) throw durable::Error("TerminalBusy", "the card terminal is busy");
             },
             {.retry = durable::retry::fixed({.attempts = 3, .pause = std::chrono::seconds(1)})});

    ctx.wait("settle", order.settle);

    return ctx.run_in_child_context("ship", [&](durable::Context& ship) {
        ship.step("pack", [] {});
        return ship.step("label", [&] { return "parcel-" + order.id; });
    });
}

// [main]
int main() {
    return durable::run(process, {.plugins = {durable::opentelemetry()}});
}
// [/main]
