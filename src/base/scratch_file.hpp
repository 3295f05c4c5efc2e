// Scratch files: for what does not fit into memory. Nobody else can open them, and they are gone when they are closed.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>

namespace holdpoint {

/// Makes an empty file to write to and read from.
using MakeFile = std::function<std::unique_ptr<std::iostream>()>;

/// In this folder. Throws std::runtime_error; what fails later is an std::ios_base::failure, and errno says why.
[[nodiscard]] std::unique_ptr<std::iostream> make_scratch_file(const std::filesystem::path& folder);

/// Calls `work` with what makes such files in TMPDIR, or in /tmp. Throws std::runtime_error that says where and why
/// when one cannot be written or read.
void with_scratch_files(const std::function<void(const MakeFile& make)>& work);

}  // namespace holdpoint
