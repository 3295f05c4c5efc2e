// [main]
#include <durable/durable.hpp>

struct Order {
    std::string id;
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, cents))

struct Receipt {
    std::string payment;
    std::string parcel;
};
BOOST_DESCRIBE_STRUCT(Receipt, (), (payment, parcel))

Receipt order(durable::Context& ctx, const Order& order) {
    const std::string payment = ctx.step("charge", [&] { return "payment of " + order.id; });
    ctx.wait("cooling off", std::chrono::seconds(5));  // or a year
    return {.payment = payment, .parcel = ctx.step("ship", [&] { return "parcel of " + order.id; })};
}

int main() {
    return durable::run(order);
}
// [/main]
