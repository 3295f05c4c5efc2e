// The order without a server: half an hour of cooling off takes no time.
#include <durable/testing.hpp>
#include <iostream>

#include "order.hpp"

using durable::testing::ExecutionStatus;
using durable::testing::Runner;

namespace {

int failures = 0;

void expect(bool holds, const char* what) {
    if (holds) return;
    ++failures;
    std::cerr << "expected: " << what << '\n';
}

void small_order_is_shipped_after_cooling_off() {
    Runner runner(order);
    expect(runner.start(Order{.id = "o-1", .cents = 500, .cooling_off = {}}) == ExecutionStatus::running, "it waits");
    expect(runner.advance(std::chrono::minutes(29)) == ExecutionStatus::running, "it still waits");
    expect(runner.advance(std::chrono::minutes(1)) == ExecutionStatus::succeeded, "it is over");
    expect(runner.result<Receipt>().parcel == "parcel of o-1", "the parcel of o-1");
}

void clerk_may_refuse_a_large_order() {
    Runner runner(order);
    expect(runner.run(Order{.id = "o-2", .cents = 200'000, .cooling_off = {}}) == ExecutionStatus::running,
           "the clerk is asked");
    runner.complete_callback("clerk-callback", false);
    expect(runner.status() == ExecutionStatus::failed, "a refused order fails");
    expect(runner.error()->type == "Refused", "as Refused");
}

void lost_process_charges_no_card_twice() {
    Runner runner(order);
    runner.crash_before_checkpoint(2);  // the card was charged, and nobody wrote it down
    expect(runner.run(Order{.id = "o-3", .cents = 500, .cooling_off = {}}) == ExecutionStatus::failed, "it fails");
    expect(runner.error()->type == "StepInterruptedError", "somebody has to look whether the card was charged");
}

}  // namespace

int main() {
    small_order_is_shipped_after_cooling_off();
    lost_process_charges_no_card_twice();
    clerk_may_refuse_a_large_order();
    return failures == 0 ? 0 : 1;
}
