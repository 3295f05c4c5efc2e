#include "engine/state_page.hpp"

#include "core/sizes.hpp"

namespace holdpoint::engine {

namespace {

/// Near enough: payloads, and what the rest takes as JSON.
std::size_t size_of(const wire::Operation& operation) {
    constexpr std::size_t kFrame = 400;
    const std::size_t bytes = kFrame + operation.input.value_or("").size() + operation.result.value_or("").size();
    return operation.error ? bytes + core::size_of(*operation.error) : bytes;
}

}  // namespace

StatePage page_of(const core::Execution& execution, std::string_view marker, std::size_t items_max,
                  std::size_t bytes_max) {
    StatePage page;
    const std::size_t from = marker.empty() ? 0 : execution.position_of(marker).value() + 1;
    std::size_t bytes = 0;
    execution.visit_replay_state(from, [&](const wire::Operation& operation) {
        bytes += size_of(operation);
        const bool full = page.operations.size() >= items_max || bytes > bytes_max;
        if (full && !page.operations.empty()) {
            page.next_marker = page.operations.back().id;
            return false;
        }
        page.operations.push_back(operation);
        return true;
    });
    return page;
}

}  // namespace holdpoint::engine
