// History: the records of an execution, rebuilt from the events of its history. (AWS API, GetDurableExecutionHistory)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/durable.hpp"

namespace durable::testing {

struct History {
    std::string execution_id;
    holdpoint::TimePoint started_at;
    std::optional<std::string> input;
    holdpoint::wire::ExecutionStatus status = holdpoint::wire::ExecutionStatus::running;
    std::optional<std::string> result;
    std::optional<holdpoint::wire::ErrorObject> error;
    std::vector<holdpoint::wire::Operation> operations;  // in order of start
    std::unordered_map<std::string, std::size_t> index;  // of an operation's id
};

/// From `{"Events": […]}` or the list alone, in either order. std::invalid_argument, naming the event that is wrong.
[[nodiscard]] History read_history(std::string_view json);

}  // namespace durable::testing
