// Batch JSON: how the results of maps and parallels are recorded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "durable/batch.hpp"

namespace durable::detail {

/// {"items":[{"index","name","status","result"|"error"}],"completionReason"}. Results are embedded when they are JSON.
[[nodiscard]] std::string batch_text(const BatchRecord& record, bool items_are_json);
/// Throws SerdesError when it is not such a text.
[[nodiscard]] BatchRecord read_batch_text(const std::string& text, bool items_are_json);

/// What is recorded of a result that is too large: which items were over, and how.
struct BatchSummary {
    std::vector<std::optional<ItemStatus>> statuses;  // by index; nothing: it was never started
    CompletionReason reason = CompletionReason::all_completed;
};
[[nodiscard]] std::string summary_text(std::string_view sub_type, const BatchRecord& record, std::size_t items,
                                       const std::optional<std::string>& summary);
[[nodiscard]] BatchSummary read_summary(const std::string& text);

}  // namespace durable::detail
