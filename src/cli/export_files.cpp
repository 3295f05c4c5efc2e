#include "cli/export_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "base/private_file.hpp"
#include "base/scratch_file.hpp"
#include "cli/session.hpp"

namespace holdpoint::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::array kFiles = {approvals::kRecordsFile, approvals::kCsvFile, approvals::kStatementsFile,
                               approvals::kManifestFile, approvals::kSignatureFile};

[[noreturn]] void fail_with_reason(const std::string& what) {
    throw CommandError(fmt::format("{}: {}", what, std::strerror(errno)));
}

void check_target(const fs::path& folder) {
    std::error_code problem;
    if (!fs::exists(folder, problem)) return;
    if (!fs::is_directory(folder, problem)) throw CommandError(folder.string() + ": expected a folder, found a file");
    if (!fs::is_empty(folder))
        throw CommandError(folder.string() + ": expected no folder or an empty one, found files in it");
}

std::unique_ptr<std::ostream> create_private(const fs::path& path) {
    const int made = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (made < 0) fail_with_reason("cannot write " + path.string());
    ::close(made);
    auto file = std::make_unique<std::ofstream>(path, std::ios::binary);
    if (!*file) fail_with_reason("cannot write " + path.string());
    file->exceptions(std::ios::badbit | std::ios::failbit);
    return file;
}

/// nullptr where there is none.
std::unique_ptr<std::istream> open_file(const fs::path& path) {
    if (!fs::exists(path)) return nullptr;
    auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*file) fail_with_reason("cannot read " + path.string());
    file->exceptions(std::ios::badbit);
    return file;
}

}  // namespace

void write_export(
    const fs::path& folder,
    const std::function<void(const approvals::CreateFile& create, const approvals::Scratch& scratch)>& write) {
    check_target(folder);
    const fs::path parent = folder.parent_path();
    fs::create_directories(parent);
    std::string written = folder.string() + ".XXXXXX";
    if (::mkdtemp(written.data()) == nullptr) fail_with_reason("cannot make a folder in " + parent.string());
    try {
        // What is sorted is as much as what is written, so it is on the same disk: that for temporary files may be
        // memory.
        write([&](std::string_view name) { return create_private(fs::path(written) / name); },
              [&] { return make_scratch_file(written); });
        for (const std::string_view name : kFiles) {
            if (!sync_file((fs::path(written) / name).string())) fail_with_reason(fmt::format("cannot write {}", name));
        }
        fs::rename(written, folder);
    } catch (const std::exception& error) {
        const int reason = errno;
        std::error_code ignored;
        fs::remove_all(written, ignored);
        errno = reason;
        // It says nothing of where and why.
        if (dynamic_cast<const std::ios_base::failure*>(&error) != nullptr)
            fail_with_reason("cannot write the export into " + parent.string());
        throw;
    }
}

void read_export(const fs::path& folder,
                 const std::function<void(const approvals::OpenFile& open, const approvals::Scratch& scratch)>& read) {
    if (!fs::is_directory(folder)) {
        throw CommandError(folder.string() + ": expected a folder that holdpoint audit export wrote, found none");
    }
    const auto is_there = [&](std::string_view name) { return fs::exists(folder / name); };
    if (!std::ranges::any_of(kFiles, is_there)) {
        throw CommandError(folder.string() +
                           ": expected a folder that holdpoint audit export wrote, found no file of one");
    }
    const fs::path temporary = fs::temp_directory_path();
    try {
        read([&](std::string_view name) { return open_file(folder / name); },
             [&] { return make_scratch_file(temporary); });
    } catch (const std::ios_base::failure&) {
        fail_with_reason(fmt::format("cannot read {}, or keep in {} what takes too much memory", folder.string(),
                                     temporary.string()));
    }
}

}  // namespace holdpoint::cli
