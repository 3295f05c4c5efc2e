// Compact store: the values that there are many of (executions, their journals, items) are compressed on their way to
// disk. They are small and much alike, so each is compressed alone, against a dictionary of what such values look like.
#pragma once

#include <memory>
#include <string_view>

#include "store/store.hpp"

namespace holdpoint::store {

/// What was there before stays readable, and becomes compact when it is written again. Reads throw std::runtime_error
/// when a compact value is damaged.
[[nodiscard]] std::unique_ptr<Store> make_compact_store(std::unique_ptr<Store> store);

/// Whether it is a compressed value. No JSON and no text begins as one does.
[[nodiscard]] bool is_compact(std::string_view value);

}  // namespace holdpoint::store
