// Child contexts: grouping, errors, large results, formats.
#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using durable::StepContext;
namespace retry = durable::retry;
using namespace std::chrono_literals;

struct NameAndValue {
    std::string name;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(NameAndValue, (), (name, value))

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string basic(Context& context, std::string text) {
    return context.run_in_child_context("", [&](Context& child) { return child.step("", [&] { return text; }); });
}

std::string named(Context& context, NameAndValue input) {
    return context.run_in_child_context(input.name,
                                        [&](Context& child) { return child.step("", [&] { return input.value; }); });
}

void fail_inside(Context& context) {
    context.run_in_child_context("child", [](Context& child) {
        child.step("", [] { throw std::runtime_error("it never works"); }, {.retry = retry::none()});
    });
}

void error(Context& context, Json) {
    fail_inside(context);
}

std::string caught_error(Context& context, std::string text) {
    try {
        fail_inside(context);
    } catch (const durable::ChildContextError&) {
        return context.step("recover", [&] { return text; });
    }
    return "no error";
}

std::string step_with_retry(Context& context, std::string text) {
    return context.run_in_child_context("child", [&](Context& child) {
        return child.step("",
                          [&](StepContext& step) {
                              if (step.attempt() == 1) throw std::runtime_error("not yet");
                              return text;
                          },
                          {.retry = retry::fixed({.attempts = 2, .pause = 1s})});
    });
}

void exhausted_retries(Context& context, Json) {
    context.run_in_child_context("child", [](Context& child) {
        child.step("", [] { throw std::runtime_error("it never works"); },
                   {.retry = retry::fixed({.attempts = 2, .pause = 1s})});
    });
}

std::string step_and_wait(Context& context, std::string text) {
    return context.run_in_child_context("child", [&](Context& child) {
        const std::string result = child.step("", [&] { return text; });
        child.wait("", 1s);
        return result;
    });
}

/// Above 256 KiB, the body runs again on replay; its logger says so when it is not silent.
void large_result(Context& context, std::string text) {
    (void)context.run_in_child_context("child", [&](Context& child) {
        const std::string small = child.step("", [&] { return text; });
        child.logger().on_replay_too().info(text);
        return std::string(300 * 1024, small.empty() ? 'x' : small.front());
    });
    context.wait("", 1s);
}

std::string wait_inside(Context& context, std::string text) {
    const std::string result = context.run_in_child_context("child", [&](Context& child) {
        child.wait("", 1s);
        return text;
    });
    return context.step("", [&] { return result; });
}

std::string own_format(Context& context, std::string text) {
    return context.run_in_child_context(
        "child", [&](Context& child) { return child.step("", [&] { return text; }); },
        {.serdes = {.serialize = [](const std::string& value, const auto&) { return upper_case(value); },
                    .deserialize = [](const std::string& recorded, const auto&) { return recorded; }}});
}

Json null_result(Context& context, Json) {
    return context.run_in_child_context("child", [](Context&) { return Json(); });
}

std::string logger_only(Context& context, std::string text) {
    const std::string result = context.run_in_child_context("child", [&](Context& child) {
        child.logger().on_replay_too().info(text);
        return text;
    });
    context.wait("", 1s);
    return result;
}

}  // namespace

std::vector<Function> child_functions() {
    return {
        function("3-1", basic),          function("3-2", named),           function("3-4", error),
        function("3-5", caught_error),   function("3-7", step_with_retry), function("3-8", exhausted_retries),
        function("3-10", step_and_wait), function("3-11", large_result),   function("3-13", wait_inside),
        function("3-14", own_format),    function("3-16", null_result),    function("3-17", logger_only),
    };
}

}  // namespace conformance
