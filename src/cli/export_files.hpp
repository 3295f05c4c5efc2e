// Export files: an export's folder, as it is written and as it is read, and files for what does not fit into memory.
#pragma once

#include <filesystem>
#include <functional>

#include "approvals/domain/export_folder.hpp"
#include "approvals/domain/sorting.hpp"

namespace holdpoint::cli {

/// Writes a folder for its owner alone, all of it or nothing: it gets its name when `write` is done. CommandError,
/// also when it is there and has files in it.
void write_export(
    const std::filesystem::path& folder,
    const std::function<void(const approvals::CreateFile& create, const approvals::Scratch& scratch)>& write);

/// CommandError unless `folder` has files of an export, and what `read` does with them can be done.
void read_export(const std::filesystem::path& folder,
                 const std::function<void(const approvals::OpenFile& open, const approvals::Scratch& scratch)>& read);

}  // namespace holdpoint::cli
