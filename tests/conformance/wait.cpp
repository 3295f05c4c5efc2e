// Waits.
#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using namespace std::chrono_literals;

void basic(Context& context, Json) {
    context.wait("", 2s);
}

void named(Context& context, Json) {
    context.wait("custom_wait_name", 2s);
}

void minutes(Context& context, Json) {
    context.wait("", 1min);
}

void hours(Context& context, Json) {
    context.wait("", 1h);
}

}  // namespace

std::vector<Function> wait_functions() {
    return {function("2-1", basic), function("2-2", named), function("2-4", minutes), function("2-5", hours)};
}

}  // namespace conformance
