#include "api/lambda/histories.hpp"

#include <algorithm>

namespace holdpoint::api {

namespace {

/// One has some hundred bytes for each operation.
constexpr std::size_t kKeptMax = 16;

}  // namespace

core::HistoryIndex Histories::take(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(kept_, number, &core::HistoryIndex::number);
    if (found == kept_.end()) return core::HistoryIndex(number);
    core::HistoryIndex index = std::move(*found);
    kept_.erase(found);
    return index;
}

void Histories::keep(core::HistoryIndex index) {
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [&](const core::HistoryIndex& other) { return other.number() == index.number(); });
    kept_.push_front(std::move(index));
    if (kept_.size() > kKeptMax) kept_.pop_back();
}

}  // namespace holdpoint::api
