// Polled conditions.
#include <stdexcept>
#include <string>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::Context;
using durable::Json;
using durable::WaitDecision;
using namespace std::chrono_literals;

/// Polls every `pause` while the state is below `limit`.
auto below(int limit, std::chrono::seconds pause = 1s) {
    return [=](const int& state, int) -> WaitDecision {
        if (state < limit) return pause;
        return std::nullopt;
    };
}

int plus_one(const int& state) {
    return state + 1;
}

int basic(Context& context, int limit) {
    return context.wait_for_condition<int>("", plus_one, {.strategy = below(limit)});
}

int immediate(Context& context, int limit) {
    return context.wait_for_condition<int>("", [](int state) { return state; },
                                           {.initial_state = 5, .strategy = below(limit)});
}

int initial_state(Context& context, int limit) {
    return context.wait_for_condition<int>("", plus_one, {.initial_state = 5, .strategy = below(limit)});
}

int fixed_pause(Context& context, int limit) {
    return context.wait_for_condition<int>("", plus_one, {.strategy = below(limit, 2s)});
}

int broken_check(const int&) {
    throw std::runtime_error("the check is broken");
}

int failing_check(Context& context, Json) {
    return context.wait_for_condition<int>("", broken_check, {.strategy = below(1)});
}

std::string caught_failure(Context& context, Json) {
    try {
        (void)context.wait_for_condition<int>("", broken_check, {.strategy = below(1)});
    } catch (const durable::WaitForConditionError&) {
        return "recovered";
    }
    return "no failure";
}

Json null_state(Context& context, Json) {
    return context.wait_for_condition<Json>("", [](const Json&) { return Json(); },
                                            {.strategy = [](const Json&, int) { return WaitDecision(); }});
}

std::string own_format(Context& context, Json) {
    return context.wait_for_condition<std::string>(
        "", [](const std::string& state) { return state + "x"; },
        {.strategy = [](const std::string& state, int) -> WaitDecision {
             if (state.size() < 2) return 1s;
             return std::nullopt;
         },
         .serdes = {.serialize = [](const std::string& state, const auto&) { return "state:" + state; },
                    .deserialize = [](const std::string& text, const auto&) { return text.substr(6); }}});
}

int two_in_turn(Context& context, Json) {
    const int first = context.wait_for_condition<int>("", plus_one, {.strategy = below(2)});
    return context.wait_for_condition<int>("", plus_one, {.initial_state = first, .strategy = below(4)});
}

}  // namespace

std::vector<Function> wait_for_condition_functions() {
    return {
        function("6-1", basic),       function("6-2", immediate),     function("6-4", initial_state),
        function("6-5", fixed_pause), function("6-7", failing_check), function("6-8", caught_failure),
        function("6-10", null_state), function("6-11", own_format),   function("6-13", two_in_turn),
    };
}

}  // namespace conformance
