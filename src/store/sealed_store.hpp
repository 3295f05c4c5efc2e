// Sealed stores: the values of rows and the text of log lines are encrypted on their way to disk. Keys of rows are not:
// they are what rows are found and ordered by.
#pragma once

#include <memory>

#include "base/seal.hpp"
#include "store/log_store.hpp"
#include "store/store.hpp"

namespace holdpoint::store {

/// What was there before in plain stays readable, and is sealed when it is written again. Reads throw SealError when a
/// value was changed, moved to another key, or sealed under another key.
[[nodiscard]] std::unique_ptr<Store> make_sealed_store(std::unique_ptr<Store> store, SealKey key);
[[nodiscard]] std::unique_ptr<LogStore> make_sealed_log_store(std::unique_ptr<LogStore> logs, SealKey key);

}  // namespace holdpoint::store
