#include "api/code/code_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "api/code/zip_archive.hpp"
#include "base/encoding.hpp"
#include "base/private_file.hpp"
#include "functions/registry.hpp"

namespace holdpoint::api {

namespace fs = std::filesystem;

namespace {

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidParameterValueException", 400, std::move(message));
}

std::unexpected<Error> not_stored(const std::string& path) {
    return fail("ServiceException", 500, fmt::format("{} cannot be stored: {}", path, std::strerror(errno)));
}

/// Removed at the end, whatever happened.
class Scratch {
public:
    explicit Scratch(std::string path) : path_(std::move(path)) {}
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

Result<std::string> read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    std::stringstream buffer;
    buffer << stream.rdbuf();
    if (!stream) return invalid(fmt::format("The server cannot read {}: {}.", path, std::strerror(errno)));
    return std::move(buffer).str();
}

Result<void> write_file(const std::string& path, std::string_view content, mode_t mode) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    bool good = file >= 0;
    for (std::size_t written = 0; good && written < content.size();) {
        const ssize_t count = ::write(file, content.data() + written, content.size() - written);
        good = count > 0;
        written += good ? static_cast<std::size_t>(count) : 0;
    }
    good = good && ::fsync(file) == 0;
    if (!good && file >= 0) {
        const int reason = std::exchange(errno, 0);
        ::close(file);
        errno = reason;
    }
    if (!good) return not_stored(path);
    ::close(file);
    return {};
}

/// Everything that was written below `folder` is on disk.
bool sync_all(const std::string& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = file >= 0 && ::syncfs(file) == 0;
    if (file >= 0) ::close(file);
    return good;
}

}  // namespace

std::string CodeStore::temporary() const {
    return fmt::format("{}/{}.new", folder_, to_hex(random_.bytes(8)));
}

Result<Code> CodeStore::add_executable(const std::string& name, const std::string& path) {
    const auto content = read_file(path);
    if (!content) return std::unexpected(content.error());
    constexpr std::string_view kElf =
        "\x7f"
        "ELF";
    if (!content->starts_with(kElf) && !content->starts_with("#!")) {
        return invalid(fmt::format("{} ({}) is no executable.", name, path));
    }
    Code code{.sha256 = to_hex(sha256(*content)), .size = static_cast<std::int64_t>(content->size())};
    const std::string target = folder_ + "/" + code.sha256;
    if (fs::exists(target)) return code;
    const Scratch scratch(temporary());
    if (auto ok = write_file(scratch.path(), *content, 0700); !ok) return std::unexpected(ok.error());
    if (::rename(scratch.path().c_str(), target.c_str()) != 0 || !sync_folder(folder_)) return not_stored(target);
    return code;
}

Result<Code> CodeStore::add_zip(std::string_view archive) {
    Code code{.sha256 = to_hex(sha256(archive)), .size = static_cast<std::int64_t>(archive.size()), .is_zip = true};
    const std::string target = folder_ + "/" + code.sha256;
    if (fs::is_directory(target)) return code;
    const Scratch file(temporary());
    const Scratch unpacked(temporary());
    if (auto ok = write_file(file.path(), archive, 0600); !ok) return std::unexpected(ok.error());
    std::error_code problem;
    if (!fs::create_directory(unpacked.path(), problem)) return not_stored(unpacked.path());
    if (auto ok = unpack_zip(file.path(), unpacked.path()); !ok) return std::unexpected(ok.error());
    if (!sync_all(unpacked.path())) return not_stored(target);
    // Another request may have been faster with the same content.
    if (::rename(unpacked.path().c_str(), target.c_str()) != 0 && !fs::is_directory(target)) return not_stored(target);
    if (!sync_folder(folder_)) return not_stored(target);
    return code;
}

Result<Code> CodeStore::add_zip_file(const std::string& path) {
    const auto content = read_file(path);
    return content ? add_zip(*content) : std::unexpected(content.error());
}

Result<Code> CodeStore::add_package(const std::string& path) {
    std::error_code problem;
    if (fs::is_regular_file(path, problem)) return add_zip_file(path);
    if (!fs::is_directory(path, problem)) return invalid(fmt::format("{} is no folder and no zip.", path));
    // Before anything is packed: a folder that was not built may be large.
    if (!fs::exists(fs::path(path) / functions::kBootstrap, problem)) {
        return invalid(
            fmt::format("The folder {} has no `bootstrap`. Build it first: run `sam build` and deploy "
                        ".aws-sam/build/template.yaml, or point CodeUri at the built folder or a zip.",
                        path));
    }
    const Scratch file(temporary());
    if (auto ok = pack_folder(path, file.path()); !ok) return std::unexpected(ok.error());
    return add_zip_file(file.path());
}

void CodeStore::remove_unused(const RowReader& rows) {
    const std::vector<std::string> in_use = functions::code_in_use(rows);
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder_, problem)) {
        const std::string name = entry.path().filename();
        if (std::ranges::find(in_use, name) == in_use.end()) fs::remove_all(entry.path(), problem);
    }
}

}  // namespace holdpoint::api
