#include "engine/state_page.hpp"

namespace holdpoint::engine {

namespace {

/// What a text takes as JSON: payloads mostly are JSON themselves, with many quotes.
std::size_t json_size(std::string_view text) {
    std::size_t bytes = text.size();
    for (const char c : text) {
        if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r') {
            ++bytes;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            bytes += 5;  // \u0001
        }
    }
    return bytes;
}

/// Near enough: payloads, and what the rest takes.
std::size_t size_of(const wire::Operation& operation) {
    constexpr std::size_t kFrame = 400;
    std::size_t bytes = kFrame + json_size(operation.input.value_or("")) + json_size(operation.result.value_or(""));
    if (!operation.error) return bytes;
    for (const auto* text : {&operation.error->message, &operation.error->type, &operation.error->data})
        bytes += json_size(text->value_or(""));
    for (const std::string& line : operation.error->stack_trace.value_or(std::vector<std::string>()))
        bytes += json_size(line) + 3;
    return bytes;
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
