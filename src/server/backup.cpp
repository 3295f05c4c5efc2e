#include "server/backup.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <iterator>
#include <set>
#include <stdexcept>

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "base/private_file.hpp"
#include "server/data_folder.hpp"
#include "store/maintenance.hpp"

namespace holdpoint::server {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int kFormat = 1;
constexpr const char* kManifest = "manifest.json";
constexpr const char* kDatabase = "holdpoint.db";
constexpr const char* kLogs = "logs.db";

[[noreturn]] void refuse(const std::string& text) {
    throw std::runtime_error(text);
}

/// A file's bytes, without reading them all into memory.
class MappedFile {
public:
    explicit MappedFile(const fs::path& path) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status{};
        if (file < 0 || ::fstat(file, &status) != 0) {
            const int reason = errno;
            if (file >= 0) ::close(file);
            refuse(fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(reason)));
        }
        size_ = static_cast<std::size_t>(status.st_size);
        if (size_ > 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
        ::close(file);
        if (data_ == MAP_FAILED) refuse(fmt::format("cannot read {}", path.string()));
    }
    ~MappedFile() {
        if (data_ != nullptr) ::munmap(data_, size_);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;
    [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

private:
    std::size_t size_ = 0;
    void* data_ = nullptr;
};

void sync(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = file >= 0 && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    if (!done) refuse(fmt::format("cannot write {} to disk", path.string()));
}

void make_folder(const fs::path& path) {
    if (::mkdir(path.c_str(), 0700) != 0) {
        refuse(fmt::format("cannot make the folder {}: {}", path.string(), std::generic_category().message(errno)));
    }
}

/// 0600, or 0700 for what can be executed.
void copy_private(const fs::path& from, const fs::path& to) {
    const MappedFile source(from);
    const bool runs = (fs::status(from).permissions() & fs::perms::owner_exec) != fs::perms::none;
    const int file = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, runs ? 0700 : 0600);
    // Not std::filesystem::copy_file, which calls a full disk an input/output error.
    const bool copied = file >= 0 && write_all(file, source.bytes()) && ::fsync(file) == 0;
    const int reason = errno;
    if (file >= 0) ::close(file);
    if (copied) return;
    refuse(
        fmt::format("cannot copy {} to {}: {}", from.string(), to.string(), std::generic_category().message(reason)));
}

/// Executables and folders of zips, without what is still being stored.
std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> names;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        if (entry.path().extension() != ".new") names.insert(entry.path().filename());
    }
    return names;
}

/// Copies an executable, or the folder of a zip with its links; answers the files' paths in `to`.
std::vector<std::string> copy_code(const fs::path& from, const fs::path& to, const std::string& name) {
    const std::string top = "code/" + name;
    if (!fs::is_directory(from / top)) {
        copy_private(from / top, to / top);
        return {top};
    }
    std::vector<std::string> names;
    make_folder(to / top);
    for (const auto& entry : fs::recursive_directory_iterator(from / top)) {
        const fs::path path = entry.path().lexically_relative(from);
        if (entry.is_symlink()) {
            fs::copy_symlink(entry.path(), to / path);
        } else if (entry.is_directory()) {
            make_folder(to / path);
            continue;
        } else {
            copy_private(entry.path(), to / path);
        }
        names.push_back(path);
    }
    return names;
}

/// Everything in `folder` has its place on disk.
void sync_folders(const fs::path& folder) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.is_directory() && !entry.is_symlink()) sync(entry.path());
    }
    sync(folder);
}

json::object describe(const fs::path& root, const std::string& name) {
    if (fs::is_symlink(root / name)) {
        return {{"path", name}, {"bytes", 0}, {"link", fs::read_symlink(root / name).string()}};
    }
    const MappedFile file(root / name);
    return {{"path", name}, {"bytes", file.bytes().size()}, {"sha256", to_hex(sha256(file.bytes()))}};
}

/// Whether it is there; refuses when that cannot be seen.
bool is_there(const fs::path& path) {
    std::error_code hidden;
    const bool found = fs::exists(path, hidden);
    if (hidden) refuse(fmt::format("cannot read {}: {}", path.string(), hidden.message()));
    return found;
}

json::object read_manifest(const fs::path& backup) {
    if (!is_there(backup / kManifest)) refuse(fmt::format("{} is no backup: it has no {}", backup.string(), kManifest));
    const MappedFile file(backup / kManifest);
    boost::system::error_code problem;
    const json::value value = json::parse(file.bytes(), problem);
    const json::object* const manifest = value.if_object();
    const json::value* const format = manifest == nullptr ? nullptr : manifest->if_contains("format");
    if (problem || format == nullptr) {
        refuse(fmt::format("{} is no backup, or is damaged: its {} is none of a backup's", backup.string(), kManifest));
    }
    if (!format->is_int64() || format->get_int64() != kFormat) {
        refuse(fmt::format("{} has the format {}, and this program reads {}: use the holdpoint that made it",
                           backup.string(), json::serialize(*format), kFormat));
    }
    return *manifest;
}

/// A name that stays inside the folder: a file in it, or below `code`.
bool is_inside(const fs::path& path) {
    const bool climbs = std::ranges::any_of(path, [](const fs::path& part) { return part == ".."; });
    return !path.empty() && path.is_relative() && !climbs &&
           (*path.begin() == "code" || std::distance(path.begin(), path.end()) == 1);
}

/// A zip's link, which leads to something of the zip's.
bool is_link_inside(const fs::path& name, const std::string& target) {
    const fs::path meant = (name.parent_path() / target).lexically_normal();
    return is_inside(meant) && *meant.begin() == "code" && std::distance(meant.begin(), meant.end()) > 1;
}

void check_file(const fs::path& backup, const std::string& name, const json::value& entry) {
    if (!is_inside(name)) refuse(fmt::format("{}: {} names a file outside: '{}'", backup.string(), kManifest, name));
    if (const json::value* link = entry.as_object().if_contains("link")) {
        const std::string target(link->as_string());
        std::error_code problem;
        if (fs::read_symlink(backup / name, problem) == target && is_link_inside(name, target)) return;
        refuse(fmt::format("{} is damaged: it is not the link that {} says. Use another backup",
                           (backup / name).string(), kManifest));
    }
    const MappedFile file(backup / name);
    if (file.bytes().size() != entry.at("bytes").to_number<std::size_t>() ||
        to_hex(sha256(file.bytes())) != entry.at("sha256").as_string()) {
        refuse(fmt::format("{} is damaged: it is not what {} says. Use another backup", (backup / name).string(),
                           kManifest));
    }
}

void check_database(const fs::path& path, bool is_main) {
    const store::Inspection found = store::inspect_database(path);
    if (!found.unreadable.empty()) refuse(fmt::format("cannot read {}: {}", path.string(), found.unreadable));
    if (!found.problems.empty()) {
        refuse(fmt::format("{} is damaged: {}. Use another backup", path.string(), found.problems.front()));
    }
    if (!is_main) return;
    if (!found.is_ours) refuse(path.string() + " is no database of Holdpoint's");
    if (found.schema > store::newest_schema()) {
        refuse(fmt::format("{} has schema version {}, newer than this program's {}: use the newer holdpoint",
                           path.string(), found.schema, store::newest_schema()));
    }
}

/// `entries` are the manifest's files.
BackupSummary summarize(const json::object& manifest) {
    BackupSummary summary;
    summary.made_at = from_epoch_ms(manifest.at("made_at_ms").to_number<std::int64_t>());
    summary.schema = manifest.at("schema").to_number<std::int64_t>();
    for (const json::value& entry : manifest.at("files").as_array()) {
        ++summary.files;
        summary.bytes += entry.at("bytes").to_number<std::uint64_t>();
    }
    return summary;
}

/// Databases first: code is only ever added while a server runs, so what they refer to is there when it is copied.
std::vector<std::string> copy_everything(const fs::path& data, const fs::path& to) {
    const std::set<std::string> code_before = names_in(data / "code");
    std::vector<std::string> names;
    for (const char* database : {kDatabase, kLogs}) {
        if (!fs::exists(data / database)) continue;
        store::copy_database(data / database, to / database);
        names.emplace_back(database);
    }
    for (const char* key : kKeyFiles) {
        if (!fs::exists(data / key)) continue;
        copy_private(data / key, to / key);
        names.emplace_back(key);
    }
    make_folder(to / "code");
    const std::set<std::string> code = names_in(data / "code");
    if (!std::ranges::includes(code, code_before)) {
        refuse("a server was started while its data was copied, and removed unused code: make the backup again");
    }
    for (const std::string& name : code) {
        for (std::string& file : copy_code(data, to, name)) names.push_back(std::move(file));
    }
    return names;
}

void write_manifest(const fs::path& folder, const json::object& manifest) {
    write_private_file(folder / kManifest, json::serialize(manifest) + '\n');
    sync_folders(folder);
}

/// Runs `fill` over a new folder beside `path` and gives it that name when all went well; else removes it.
template <class Fill>
void make_whole(const fs::path& path, const std::string& suffix, Fill fill) {
    const fs::path partial = path.string() + suffix;
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    make_folder(partial);
    try {
        fill(partial);
        fs::rename(partial, path);
        sync(fs::absolute(path).parent_path());
    } catch (...) {
        fs::remove_all(partial, ignored);
        throw;
    }
}

fs::path without_slash(const std::string& path) {
    const fs::path absolute = fs::absolute(path);
    return absolute.has_filename() ? absolute : absolute.parent_path();
}

}  // namespace

BackupSummary make_backup(const std::string& data, const std::string& backup, const Clock& clock) {
    require_server_data(data);
    if (is_there(backup)) refuse(backup + " is there already: name a folder that is not");
    json::object manifest;
    make_whole(without_slash(backup), ".partial", [&](const fs::path& folder) {
        const TimePoint now = clock.now();
        const std::vector<std::string> names = copy_everything(data, folder);
        check_database(folder / kDatabase, true);
        json::array files;
        for (const std::string& name : names) files.emplace_back(describe(folder, name));
        manifest = {{"format", kFormat},
                    {"made_at", to_iso8601(now)},
                    {"made_at_ms", to_epoch_ms(now)},
                    {"schema", store::inspect_database(folder / kDatabase).schema},
                    {"files", std::move(files)}};
        write_manifest(folder, manifest);
    });
    try {
        // A new file: the one that is there may be of root, who made a backup once.
        write_private_file(last_backup_file(data), std::string(manifest.at("made_at").as_string()) + '\n');
    } catch (const std::runtime_error& problem) {
        log::write(log::Level::warn, "the backup is whole, but not noted in the data folder",
                   {{"why", problem.what()}});
    }
    return summarize(manifest);
}

std::string last_backup_file(const std::string& data) {
    return data + "/last-backup";
}

BackupSummary check_backup(const std::string& backup) {
    const json::object manifest = read_manifest(backup);
    try {
        for (const json::value& entry : manifest.at("files").as_array()) {
            check_file(backup, std::string(entry.at("path").as_string()), entry);
        }
        check_database(fs::path(backup) / kDatabase, true);
        if (fs::exists(fs::path(backup) / kLogs)) check_database(fs::path(backup) / kLogs, false);
        return summarize(manifest);
    } catch (const boost::system::system_error&) {
        refuse(fmt::format("{}/{} is damaged: a member is missing or of another kind", backup, kManifest));
    } catch (const std::out_of_range&) {
        refuse(fmt::format("{}/{} is damaged: a member is missing", backup, kManifest));
    }
}

BackupSummary restore_backup(const std::string& backup, const std::string& data) {
    const fs::path target = without_slash(data);
    if (is_there(target) && !(fs::is_directory(target) && fs::is_empty(target))) {
        refuse(fmt::format("{} is not empty: name an empty folder with --data, or move that one away", data));
    }
    const BackupSummary summary = check_backup(backup);
    const json::object manifest = read_manifest(backup);
    fs::create_directories(target.parent_path());
    make_whole(target, ".restoring", [&](const fs::path& folder) {
        make_folder(folder / "code");
        for (const json::value& entry : manifest.at("files").as_array()) {
            const std::string name(entry.at("path").as_string());
            const fs::path from = fs::path(backup) / name;
            fs::create_directories((folder / name).parent_path());
            fs::is_symlink(from) ? fs::copy_symlink(from, folder / name) : copy_private(from, folder / name);
        }
        sync_folders(folder);
    });
    return summary;
}

}  // namespace holdpoint::server
