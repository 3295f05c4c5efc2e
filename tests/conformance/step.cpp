// Steps: results, retries, errors, and what a lost process means.
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using durable::StepContext;
using durable::StepSemantics;
namespace retry = durable::retry;
using namespace std::chrono_literals;

struct Person {
    std::string name;
    std::vector<std::string> tags;
};
BOOST_DESCRIBE_STRUCT(Person, (), (name, tags))
struct Profile {
    Person user;
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(Profile, (), (user, count))

struct TransientError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string basic(Context& context, std::string name) {
    return context.step("", [&] { return "Hello, " + name + "!"; });
}

std::string named(Context& context, std::string name) {
    return context.step("custom_step_name", [&] { return "Hello, " + name + "!"; });
}

Profile nested_object(Context& context, Person person) {
    return context.step("", [&] { return Profile{.user = person, .count = static_cast<int>(person.tags.size())}; });
}

Json null_result(Context& context, Json) {
    return context.step("", [] { return Json(); });
}

std::string logger_of_a_step(Context& context, std::string name) {
    return context.step("greet", [&](StepContext& step) {
        step.logger().info("Greeting step started for: " + name);
        const std::string greeting = "Hello, " + name + "!";
        step.logger().info("Greeting step completed with: " + greeting);
        return greeting;
    });
}

std::string step_and_wait(Context& context, Json) {
    const auto computed = context.step("", [] { return std::string("computed"); });
    context.wait("", 2s);
    return computed;
}

std::string failure_is_thrown_again(Context& context, Json) {
    std::string seen;
    try {
        context.step("", [] { throw std::runtime_error("it never works"); }, {.retry = retry::none()});
    } catch (const durable::StepError& error) {
        seen = error.what();
    }
    context.wait("", 1s);
    return seen;
}

/// Fails until it is tried for the `attempt`-th time.
std::string succeed_at(int attempt, StepContext& step) {
    if (step.attempt() < attempt) throw std::runtime_error("not yet");
    return "Operation succeeded";
}

std::string one_retry(Context& context, Json) {
    return context.step("", [](StepContext& step) { return succeed_at(2, step); },
                        {.retry = retry::fixed({.attempts = 3, .pause = 1s})});
}

std::string default_retries(Context& context, Json) {
    return context.step("", [](StepContext& step) { return succeed_at(3, step); });
}

std::string growing_pauses(Context& context, Json) {
    return context.step(
        "", [](StepContext& step) { return succeed_at(3, step); },
        {.retry = retry::exponential({.attempts = 5, .initial = 2s, .rate = 3, .jitter = durable::Jitter::none})});
}

void not_worth_a_retry(Context& context, Json) {
    const auto is_transient = retry::on<TransientError>();
    context.step("", [] { throw TransientError("passes by itself"); },
                 {.retry = retry::fixed({.when = [=](const auto& error) { return !is_transient(error); }})});
}

void lost_at_most_once(Context& context, std::string text) {
    context.step("at_most_once_flaky_step",
                 [&](StepContext& step) {
                     step.logger().info(text);
                     std::_Exit(1);
                 },
                 {.retry = retry::none(), .semantics = StepSemantics::at_most_once_per_retry});
}

void permanent_failure(Context& context, Json) {
    context.step("", [] { throw std::runtime_error("it never works"); }, {.retry = retry::none()});
}

std::string caught_failure(Context& context, Json) {
    try {
        context.step("", [] { throw std::runtime_error("it never works"); }, {.retry = retry::none()});
    } catch (const durable::StepError&) {
        return context.step("", [] { return std::string("fallback_result"); });
    }
    return "no failure";
}

}  // namespace

std::vector<Function> step_functions() {
    return {
        function("1-1", basic),
        function("1-2", named),
        function("1-4", nested_object),
        function("1-5", null_result),
        function("1-7", logger_of_a_step),
        function("1-8", step_and_wait),
        function("1-10", failure_is_thrown_again),
        function("1-11", one_retry),
        function("1-13", default_retries),
        function("1-14", growing_pauses),
        function("1-16", not_worth_a_retry),
        function("1-17", lost_at_most_once),
        function("1-19", permanent_failure),
        function("1-20", caught_failure),
    };
}

}  // namespace conformance
