// An order: charge the card, let a clerk look at large amounts, ship.
#pragma once

#include <durable/durable.hpp>

struct Order {
    std::string id;
    int cents = 0;
    std::optional<std::chrono::seconds> cooling_off;  // half an hour when the order does not say
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, cents, cooling_off))

struct Receipt {
    std::string payment;
    std::string parcel;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (payment, parcel))

inline Receipt order(durable::Context& ctx, Order order) {
    // Once for each attempt, and one attempt: if the process is lost in it, a person has to look whether it was
    // charged.
    const std::string payment =
        ctx.step("charge", [&] { return "payment of " + order.id; },
                 {.retry = durable::retry::none(), .semantics = durable::StepSemantics::at_most_once_per_retry});
    if (order.cents > 100'000) {
        // Whoever has the id answers it: aws lambda send-durable-execution-callback-success --callback-id …
        const bool is_fine =
            ctx.wait_for_callback<bool>("clerk", [&](const std::string& id, durable::StepContext& step) {
                step.logger().info("asking the clerk", {{"order", order.id}});
                (void)id;  // hand it to the clerk here; it is a secret, so it does not belong into logs
            });
        if (!is_fine) throw durable::Error("Refused", "the clerk refused order " + order.id);
    }
    ctx.wait("cooling off", order.cooling_off.value_or(std::chrono::minutes(30)));
    return {.payment = payment, .parcel = ctx.step("ship", [&] { return "parcel of " + order.id; })};
}
