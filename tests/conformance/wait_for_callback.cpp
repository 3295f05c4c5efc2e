// wait_for_callback: a callback, a step that hands its id over, and the wait for the answer, in one.
#include <stdexcept>
#include <string>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
namespace retry = durable::retry;
using namespace std::chrono_literals;

struct Decision {
    std::string status;
};
BOOST_DESCRIBE_STRUCT(Decision, (), (status))

/// Here the tests find the callback in the history; a real one sends the id to somebody.
void submit(const std::string&) {}

std::string basic(Context& context, std::string name) {
    return context.wait_for_callback<std::string>(name, submit);
}

std::string named(Context& context, Json) {
    return context.wait_for_callback<std::string>("approval", submit);
}

std::string short_timeout(Context& context, std::string name) {
    return context.wait_for_callback<std::string>(name, submit, {.timeout = 3s});
}

std::string submitter_that_fails(Context& context, std::string name) {
    return context.wait_for_callback<std::string>(
        name, [](const std::string&) { throw std::runtime_error("nobody is there"); },
        {.retry = retry::fixed({.attempts = 2, .pause = 1s})});
}

std::string in_a_child(Context& context, std::string name) {
    return context.run_in_child_context(
        "wrapper", [&](Context& child) { return child.wait_for_callback<std::string>(name, submit); });
}

std::string after_others(Context& context, std::string name) {
    context.wait("", 1s);
    context.step("", [] { return std::string("fixed data"); });
    return context.wait_for_callback<std::string>(name, submit);
}

std::string answer_is_an_object(Context& context, std::string name) {
    return context.wait_for_callback<Decision>(name, submit).status;
}

std::string heartbeat(Context& context, std::string name) {
    return context.wait_for_callback<std::string>(name, submit, {.heartbeat_timeout = 10s});
}

std::string caught_timeout(Context& context, std::string name) {
    try {
        return context.wait_for_callback<std::string>(name, submit, {.timeout = 3s});
    } catch (const durable::CallbackTimeoutError&) {
        return "timed-out-handled";
    }
}

}  // namespace

std::vector<Function> wait_for_callback_functions() {
    return {
        function("7-1", basic),
        function("7-2", named),
        function("7-4", basic),
        function("7-5", short_timeout),
        function("7-7", submitter_that_fails),
        function("7-8", in_a_child),
        function("7-10", after_others),
        function("7-11", answer_is_an_object),
        function("7-13", heartbeat),
        function("7-14", caught_timeout),
    };
}

}  // namespace conformance
