// Callbacks: answers, failures and timeouts, before and after somebody waits for them.
#include <string>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using namespace std::chrono_literals;

struct Doubled {
    int count = 0;
    int doubled = 0;
};
BOOST_DESCRIBE_STRUCT(Doubled, (), (count, doubled))

std::string basic(Context& context, std::string name) {
    return context.create_callback<std::string>(name).result();
}

std::string named(Context& context, Json) {
    return context.create_callback<std::string>("approval").result();
}

std::string short_heartbeat(Context& context, std::string name) {
    return context.create_callback<std::string>(name, {.heartbeat_timeout = 5s}).result();
}

std::string long_heartbeat(Context& context, std::string name) {
    return context.create_callback<std::string>(name, {.heartbeat_timeout = 10s}).result();
}

std::string failure_after_a_step(Context& context, std::string name) {
    const auto callback = context.create_callback<std::string>(name);
    context.step("", [] {});
    return callback.result();
}

std::string timeout_after_a_step(Context& context, std::string name) {
    const auto callback = context.create_callback<std::string>(name, {.timeout = 5s});
    context.step("", [] {});
    return callback.result();
}

std::string failure_during_a_wait(Context& context, std::string name) {
    const auto callback = context.create_callback<std::string>(name);
    context.wait("", 5s);
    return callback.result();
}

std::string timeout_during_a_wait(Context& context, std::string name) {
    const auto callback = context.create_callback<std::string>(name, {.timeout = 3s});
    context.wait("", 6s);
    return callback.result();
}

/// Catches whatever the callback ends with, and goes on.
std::string outcome_then_wait(Context& context, const durable::Callback<std::string>& callback) {
    std::string outcome;
    try {
        outcome = callback.result();
    } catch (const durable::CallbackError& error) {
        outcome = "caught: " + error.info().type;
    }
    context.wait("", 2s);
    return outcome;
}

std::string caught_failure(Context& context, std::string name) {
    return outcome_then_wait(context, context.create_callback<std::string>(name));
}

std::string caught_timeout(Context& context, std::string name) {
    return outcome_then_wait(context, context.create_callback<std::string>(name, {.timeout = 3s}));
}

Doubled own_format(Context& context, std::string name) {
    const auto callback = context.create_callback<int>(
        name, {.serdes = {.deserialize = [](const std::string& text, const auto&) { return std::stoi(text); }}});
    const int count = callback.result();
    return {.count = count, .doubled = 2 * count};
}

using Two = std::vector<std::string>;

Two one_after_the_other(Context& context, Two names) {
    const std::string first = context.create_callback<std::string>(names.at(0)).result();
    const std::string second = context.create_callback<std::string>(names.at(1)).result();
    return {first, second};
}

Two second_one_first(Context& context, Two names) {
    const auto first = context.create_callback<std::string>(names.at(0));
    const auto second = context.create_callback<std::string>(names.at(1));
    const std::string result = second.result();
    return {first.result(), result};
}

}  // namespace

std::vector<Function> callback_functions() {
    return {
        function("4-1", basic),
        function("4-2", named),
        function("4-4", short_heartbeat),
        function("4-5", long_heartbeat),
        function("4-7", failure_after_a_step),
        function("4-8", timeout_after_a_step),
        function("4-10", failure_during_a_wait),
        function("4-11", timeout_during_a_wait),
        function("4-13", caught_failure),
        function("4-14", caught_timeout),
        function("4-16", own_format),
        function("4-17", one_after_the_other),
        function("4-19", second_one_first),
    };
}

}  // namespace conformance
