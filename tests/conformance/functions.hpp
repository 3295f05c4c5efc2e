// The functions of the conformance tests: each shows one thing that a durable execution must do, and is named after the
// requirement that asks for it.
#pragma once

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "durable/durable.hpp"

namespace conformance {

struct Function {
    std::string_view id;         // "1-1"; the function is deployed as conf-1-1
    std::function<int()> serve;  // durable::run of its handler
};

/// A row of a suite's table.
template <class Handler>
Function function(std::string_view id, Handler handler, durable::RunOptions options = {}) {
    return {id,
            [handler = std::move(handler), options = std::move(options)] { return durable::run(handler, options); }};
}

std::vector<Function> step_functions();
std::vector<Function> wait_functions();
std::vector<Function> child_functions();
std::vector<Function> callback_functions();
std::vector<Function> invoke_functions();
std::vector<Function> wait_for_condition_functions();
std::vector<Function> wait_for_callback_functions();
std::vector<Function> parallel_functions();
std::vector<Function> map_functions();
std::vector<Function> plugin_functions();

}  // namespace conformance
