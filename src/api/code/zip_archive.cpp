#include "api/code/zip_archive.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <minizip/unzip.h>
#include <minizip/zip.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

#include "base/encoding.hpp"
#include "base/private_file.hpp"
#include "functions/function.hpp"

namespace holdpoint::api {

namespace fs = std::filesystem;

namespace {

/// Whoever removes a folder holds a file descriptor for each one in it.
constexpr int kDepthMax = 100;
constexpr std::size_t kNameBytesMax = 4096;
constexpr std::size_t kLinkBytesMax = 4096;
constexpr unsigned kMadeOnUnix = 3;
constexpr unsigned kExecutable = 0111;

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

struct CloseUnzip {
    void operator()(void* file) const { ::unzClose(file); }
};
struct CloseZip {
    void operator()(void* file) const { ::zipClose(file, nullptr); }
};

struct Entry {
    std::string name;
    unsigned mode = 0;  // 0: the archive was made where files have none
    std::uint64_t size = 0;
    bool encrypted = false;
    [[nodiscard]] bool is_folder() const { return name.ends_with('/'); }
    [[nodiscard]] bool is_link() const { return (mode & S_IFMT) == S_IFLNK; }
    [[nodiscard]] bool is_special() const {
        const unsigned type = mode & S_IFMT;
        return type != 0 && type != S_IFREG && type != S_IFDIR && type != S_IFLNK;
    }
};

/// Relative, and no part of it is "..".
bool stays_inside(const fs::path& path) {
    return path.is_relative() && std::ranges::none_of(path, [](const fs::path& part) { return part == ".."; });
}

/// Whether a link's target climbs, if at all, before it descends. Behind a name, ".." may be anywhere: that name may be
/// another link.
bool only_descends(const fs::path& target) {
    bool has_name = false;
    for (const fs::path& part : target) {
        if (part == ".." && has_name) return false;
        has_name = has_name || (part != ".." && part != ".");
    }
    return true;
}

class Unpacker {
public:
    Unpacker(void* archive, std::uint64_t size, std::string folder, const UnpackLimits& limits)
        : archive_(archive), size_(size), folder_(std::move(folder)), limits_(limits) {}

    Result<void> run() {
        unz_global_info64 info{};
        if (::unzGetGlobalInfo64(archive_, &info) != UNZ_OK) return damaged("its directory");
        if (info.number_entry == 0) return invalid("Uploaded file must be a non-empty zip");
        int status = ::unzGoToFirstFile(archive_);
        for (; status == UNZ_OK; status = ::unzGoToNextFile(archive_)) {
            auto entry = read_entry();
            if (!entry) return std::unexpected(entry.error());
            if (auto ok = unpack(*entry); !ok) return ok;
        }
        if (status != UNZ_END_OF_LIST_OF_FILE) return damaged("its directory");
        // Last, so that no entry is ever written through a link.
        for (const auto& [name, target] : links_) {
            if (auto ok = make_link(name, target); !ok) return ok;
        }
        return check_bootstrap();
    }

private:
    static std::unexpected<Error> damaged(std::string_view what) {
        return invalid(
            fmt::format("Could not unzip uploaded file: {} is damaged. Please check your file, then try to "
                        "upload again.",
                        what));
    }

    Result<Entry> read_entry() {
        unz_file_info64 info{};
        std::string name(kNameBytesMax, '\0');
        if (::unzGetCurrentFileInfo64(archive_, &info, name.data(), name.size(), nullptr, 0, nullptr, 0) != UNZ_OK ||
            info.size_filename == 0 || info.size_filename >= name.size()) {
            return damaged("an entry's header");
        }
        // Many entries with the same bytes would take hours to unpack, however small the zip is.
        compressed_ += info.compressed_size;
        if (compressed_ > size_) return invalid("The zip's entries overlap, or are larger than the zip itself.");
        name.resize(info.size_filename);
        Entry entry{.name = std::move(name),
                    .mode = info.version >> 8 == kMadeOnUnix ? static_cast<unsigned>(info.external_fa >> 16) : 0,
                    .size = info.uncompressed_size,
                    .encrypted = (info.flag & 1) != 0};
        return check(std::move(entry));
    }

    static Result<Entry> check(Entry entry) {
        if (!is_utf8(entry.name) || entry.name.find('\0') != std::string::npos) {
            return invalid("The zip has an entry whose name is no UTF-8 text.");
        }
        if (!stays_inside(entry.name) || entry.name.find('\\') != std::string::npos) {
            return invalid(
                fmt::format("The zip's entry '{}' leads outside the function's folder; names must be "
                            "relative, with '/' between their parts and without '..'.",
                            entry.name));
        }
        if (entry.encrypted) return invalid(fmt::format("The zip's entry '{}' is encrypted.", entry.name));
        if (entry.is_special()) {
            return invalid(
                fmt::format("The zip's entry '{}' is neither a file, a folder nor a symbolic link.", entry.name));
        }
        return entry;
    }

    Result<void> unpack(const Entry& entry) {
        const fs::path target = folder_ / entry.name;
        const std::string plain = fs::path(entry.name).lexically_normal();
        if (auto ok = make_folders(fs::path(plain).parent_path(), entry.name); !ok) return ok;
        if (entry.is_folder()) return {};
        if (auto ok = take_places(1); !ok) return ok;
        if (!names_.insert(plain).second) return invalid(fmt::format("The zip has '{}' twice.", entry.name));
        if (::unzOpenCurrentFile(archive_) != UNZ_OK) return damaged(entry.name);
        Result<void> read = entry.is_link() ? read_link(plain, entry.name) : write_file(entry, target);
        const int closed = ::unzCloseCurrentFile(archive_);  // tells whether the checksum was right
        if (read && closed != UNZ_OK) return damaged(entry.name);
        return read;
    }

    Result<void> take_places(std::uint64_t count) {
        places_ += count;
        if (places_ <= limits_.places) return {};
        return invalid(fmt::format("The zip has more than {} files and folders.", limits_.places));
    }

    /// `folder` is relative and in its normal form; empty is the root.
    Result<void> make_folders(const fs::path& folder, std::string_view name) {
        if (std::distance(folder.begin(), folder.end()) > kDepthMax) {
            return invalid(fmt::format("The zip's entry '{}' is more than {} folders deep.", name, kDepthMax));
        }
        std::error_code problem;
        std::uint64_t missing = 0;
        for (fs::path part = folder; !part.empty() && !fs::exists(folder_ / part, problem); part = part.parent_path()) {
            ++missing;
        }
        if (auto ok = take_places(missing); !ok) return ok;
        fs::create_directories(folder_ / folder, problem);
        return problem ? cannot_write(name, problem.value()) : Result<void>();
    }

    /// Some reasons are the archive's, all others the machine's: its disk may be full.
    static std::unexpected<Error> cannot_write(std::string_view name, int reason) {
        std::string message = fmt::format("The zip's entry '{}' cannot be unpacked: {}.", name, std::strerror(reason));
        for (const int own : {EEXIST, EISDIR, ENOTDIR, ENAMETOOLONG}) {
            if (reason == own) return invalid(std::move(message));
        }
        return fail("ServiceException", 500, std::move(message));
    }

    /// Counts what really comes out: an entry's header may say anything.
    Result<void> count(std::size_t bytes) {
        unpacked_ += bytes;
        if (unpacked_ <= limits_.bytes) return {};
        return invalid(fmt::format("Unzipped size must be smaller than {} bytes", limits_.bytes));
    }

    Result<void> write_file(const Entry& entry, const fs::path& target) {
        // Not writable: a version never changes, also not by its own doing.
        const mode_t mode = entry.mode == 0 ? 0444 : ((entry.mode & 0555) | 0400);
        const int file = ::open(target.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (file < 0) return cannot_write(entry.name, errno);
        Result<void> written;
        std::vector<char> buffer(65536);
        while (written) {
            const int size = ::unzReadCurrentFile(archive_, buffer.data(), static_cast<unsigned>(buffer.size()));
            if (size < 0) written = damaged(entry.name);
            if (size <= 0) break;
            written = count(static_cast<std::size_t>(size));
            if (written && !write_all(file, {buffer.data(), static_cast<std::size_t>(size)})) {
                written = cannot_write(entry.name, errno);
            }
        }
        if (::fchmod(file, mode) != 0 && written) written = cannot_write(entry.name, errno);
        ::close(file);
        return written;
    }

    Result<void> read_link(const std::string& plain, const std::string& name) {
        std::string target(kLinkBytesMax, '\0');
        const int size = ::unzReadCurrentFile(archive_, target.data(), static_cast<unsigned>(target.size()));
        if (size <= 0 || static_cast<std::size_t>(size) >= target.size()) return damaged(name);
        target.resize(static_cast<std::size_t>(size));
        const fs::path resolved = (fs::path(plain).parent_path() / target).lexically_normal();
        if (fs::path(target).is_absolute() || !stays_inside(resolved) || target.find('\0') != std::string::npos) {
            return invalid(fmt::format("The zip's symbolic link '{}' leads outside the function's folder, to '{}'.",
                                       name, target.c_str()));
        }
        if (!only_descends(target)) {
            return invalid(
                fmt::format("The zip's symbolic link '{}' may lead outside the function's folder: its target '{}' has "
                            "'..' behind a name.",
                            name, target));
        }
        links_.emplace_back(plain, std::move(target));
        return count(static_cast<std::size_t>(size));
    }

    Result<void> make_link(const std::string& name, const std::string& target) {
        std::error_code problem;
        fs::create_symlink(target, folder_ / name, problem);
        return problem ? cannot_write(name, problem.value()) : Result<void>();
    }

    [[nodiscard]] Result<void> check_bootstrap() const {
        const fs::path bootstrap = folder_ / functions::kBootstrap;
        std::error_code problem;
        if (!fs::is_regular_file(bootstrap, problem)) {
            return invalid(
                "The zip has no file `bootstrap` at its root, which is what the runtimes provided.al2023 and "
                "provided.al2 start. Name your executable so, and zip the content of the folder, not the folder.");
        }
        if (::access(bootstrap.c_str(), X_OK) != 0) {
            return invalid(
                "`bootstrap` is not executable: run `chmod +x bootstrap` and zip it again with a program "
                "that keeps the permissions of files.");
        }
        std::ifstream stream(bootstrap, std::ios::binary);
        std::string start(4, '\0');
        stream.read(start.data(), static_cast<std::streamsize>(start.size()));
        constexpr std::string_view kElf =
            "\x7f"
            "ELF";
        if (start == kElf || start.starts_with("#!")) return {};
        return invalid("`bootstrap` is neither an ELF executable nor a script that starts with #!.");
    }

    void* archive_;
    const std::uint64_t size_;  // of the archive
    const fs::path folder_;
    const UnpackLimits limits_;
    std::uint64_t compressed_ = 0;
    std::uint64_t unpacked_ = 0;
    std::uint64_t places_ = 0;
    std::set<std::string> names_;
    std::vector<std::pair<std::string, std::string>> links_;  // name, target
};

/// Regular files below `folder` by their relative names, in order.
Result<std::vector<std::string>> files_below(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code problem;
    for (auto entry = fs::recursive_directory_iterator(folder, problem); entry != fs::recursive_directory_iterator();
         entry.increment(problem)) {
        if (problem) break;
        const std::string name = entry->path().lexically_relative(folder);
        if (entry->is_symlink(problem) && entry->is_directory(problem)) {
            return invalid(fmt::format("{}: links to folders are not followed; copy the folder there.", name));
        }
        if (entry->is_regular_file(problem)) names.push_back(name);
    }
    if (problem) return invalid(fmt::format("The folder {} cannot be read: {}.", folder, problem.message()));
    std::ranges::sort(names);
    return names;
}

Result<void> add_file(void* archive, const fs::path& path, const std::string& name) {
    struct stat status{};
    std::ifstream stream(path, std::ios::binary);
    if (!stream || ::stat(path.c_str(), &status) != 0) return invalid(fmt::format("{} cannot be read.", path.string()));
    zip_fileinfo info{};
    info.dosDate = 0x21 << 16;  // 1 January 1980, the first day that zip knows
    const bool executable = (status.st_mode & kExecutable) != 0;
    info.external_fa = static_cast<uLong>(S_IFREG | (executable ? 0755 : 0644)) << 16;
    constexpr uLong kMadeBy = kMadeOnUnix << 8 | 30;
    constexpr uLong kNamesAreUtf8 = 1 << 11;
    if (::zipOpenNewFileInZip4_64(archive, name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr, Z_DEFLATED,
                                  Z_BEST_SPEED, 0, -MAX_WBITS, DEF_MEM_LEVEL, Z_DEFAULT_STRATEGY, nullptr, 0, kMadeBy,
                                  kNamesAreUtf8, 1) != ZIP_OK) {
        return invalid(fmt::format("{} cannot be packed.", path.string()));
    }
    bool good = true;
    std::vector<char> buffer(65536);
    while (good && stream) {
        stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        const auto size = static_cast<unsigned>(stream.gcount());
        good = size == 0 || ::zipWriteInFileInZip(archive, buffer.data(), size) == ZIP_OK;
    }
    good = ::zipCloseFileInZip(archive) == ZIP_OK && good && stream.eof();
    return good ? Result<void>() : invalid(fmt::format("{} cannot be packed.", path.string()));
}

}  // namespace

Result<void> unpack_zip(const std::string& path, const std::string& folder, const UnpackLimits& limits) {
    std::error_code problem;
    const std::uint64_t size = fs::file_size(path, problem);
    const std::unique_ptr<void, CloseUnzip> archive(problem ? nullptr : ::unzOpen64(path.c_str()));
    if (archive) return Unpacker(archive.get(), size, folder, limits).run();
    return invalid("Could not unzip uploaded file. Please check your file, then try to upload again.");
}

Result<void> pack_folder(const std::string& folder, const std::string& path) {
    const auto names = files_below(folder);
    if (!names) return std::unexpected(names.error());
    if (names->empty()) return invalid(fmt::format("The folder {} has no files.", folder));
    std::unique_ptr<void, CloseZip> archive(::zipOpen64(path.c_str(), APPEND_STATUS_CREATE));
    if (!archive) return invalid(fmt::format("{} cannot be written: {}.", path, std::strerror(errno)));
    for (const std::string& name : *names) {
        if (auto ok = add_file(archive.get(), fs::path(folder) / name, name); !ok) return ok;
    }
    if (::zipClose(archive.release(), nullptr) == ZIP_OK) return {};
    return invalid(fmt::format("{} cannot be written: {}.", path, std::strerror(errno)));
}

}  // namespace holdpoint::api
