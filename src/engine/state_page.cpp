#include "engine/state_page.hpp"

#include <unordered_map>

namespace holdpoint::engine {

namespace {

/// Near enough: payloads, and what the rest takes as JSON.
std::size_t size_of(const wire::Operation& operation) {
    constexpr std::size_t kFrame = 400;
    std::size_t bytes = kFrame + operation.input.value_or("").size() + operation.result.value_or("").size();
    if (operation.error) {
        bytes += operation.error->message.value_or("").size() + operation.error->data.value_or("").size();
    }
    return bytes;
}

}  // namespace

StatePage page_of(const core::Execution& execution, std::string_view marker, std::size_t items_max,
                  std::size_t bytes_max) {
    StatePage page;
    std::unordered_map<std::string_view, std::size_t> places;
    places.emplace(execution.head().id, 0);
    for (const auto& state : execution.operations()) places.emplace(state.operation.id, places.size());
    const std::size_t after = marker.empty() ? 0 : places.at(marker) + 1;
    std::size_t bytes = 0;
    for (wire::Operation& operation : execution.replay_state()) {
        if (places.at(operation.id) < after) continue;
        bytes += size_of(operation);
        const bool full = page.operations.size() >= items_max || bytes > bytes_max;
        if (full && !page.operations.empty()) {
            page.next_marker = page.operations.back().id;
            break;
        }
        page.operations.push_back(std::move(operation));
    }
    return page;
}

}  // namespace holdpoint::engine
