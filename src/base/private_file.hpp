// Private files: small files with secrets, for their owner alone, written whole or not at all, sealed when there is a
// key.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/seal.hpp"

namespace holdpoint {

/// Nothing when there is no such file. Throws std::runtime_error that says what to do when others may read it.
[[nodiscard]] std::optional<std::string> read_private_file(const std::string& path);
/// 0600, synced, renamed into its place.
void write_private_file(const std::string& path, const std::string& text);

/// However many calls it takes. False: see errno.
[[nodiscard]] bool write_all(int file, std::string_view bytes);

/// Until then what was written to a file may be gone after a power cut. False: see errno.
[[nodiscard]] bool sync_file(const std::string& path);

/// Until then a file that was renamed into `folder` may be gone after a power cut. False: see errno.
[[nodiscard]] bool sync_folder(const std::string& folder);

/// The same for a file that is sealed under `key` when there is one: a plain one is sealed now. SealError when it is
/// sealed and the key is missing or another.
[[nodiscard]] std::optional<std::string> read_key_file(const std::string& path, const SealKey* key);
void write_key_file(const std::string& path, const std::string& text, const SealKey* key);

/// Throws std::runtime_error that says what to do when one of the named files is in `folder` and others than its owner
/// may read it, or enter the folder.
void check_private(const std::string& folder, const std::vector<std::string>& names);

}  // namespace holdpoint
