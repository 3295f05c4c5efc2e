// Code store: executables kept by their content, so that a version stays what it was whatever the build folder does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::api {

struct Code {
    std::string sha256;  // hex; the file's name in the folder
    std::int64_t size = 0;
};

/// Copies the executable at the absolute `path` to `<folder>/<sha256>` (0700, synced, by rename) unless it is there.
/// ValidationError naming `executable` when it is no executable file; a failing disk throws std::runtime_error.
[[nodiscard]] Result<Code> store_code(const std::string& folder, const std::string& executable,
                                      const std::string& path);

/// Removes every file that is not in `digests` (functions::code_in_use). To be called while no deploy is under way: at
/// the server's start.
void remove_unused_code(const std::string& folder, const std::vector<std::string>& digests);

}  // namespace holdpoint::api
