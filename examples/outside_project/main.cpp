#include "order.hpp"

int main() {
    return durable::run(order);
}
