#include "base/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace holdpoint {

namespace fs = std::filesystem;

namespace {

void refuse_if_open(const std::string& path, bool is_folder) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return;
    throw std::runtime_error("others than their owner may use " + path + ", where secrets are: chmod " +
                             (is_folder ? "700 " : "600 ") + path + ", and change what they may have read");
}

bool sync(const std::string& path, int kind) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | kind);
    const bool good = file >= 0 && ::fsync(file) == 0;
    const int reason = errno;
    if (file >= 0) ::close(file);
    errno = reason;
    return good;
}

std::string name_of(const std::string& path) {
    return fs::path(path).filename().string();
}

std::string folder_of(const std::string& path) {
    const std::string folder = fs::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

}  // namespace

bool write_all(int file, std::string_view bytes) {
    // One call takes 2 GB at most, and on a disk that is about to be full what still fits: only the next says why.
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::optional<std::string> read_private_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
        throw std::runtime_error("cannot read " + path + ": " + std::strerror(errno));
    }
    refuse_if_open(path, false);
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

void write_private_file(const std::string& path, const std::string& text) {
    const std::string temporary = path + ".new";
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool done = file >= 0 && write_all(file, text) && ::fsync(file) == 0;
    int reason = errno;
    if (file >= 0) ::close(file);
    if (done) {
        done = ::rename(temporary.c_str(), path.c_str()) == 0 && sync_folder(folder_of(path));
        reason = errno;
    }
    if (done) return;
    ::unlink(temporary.c_str());  // a part of a secret
    throw std::runtime_error("cannot write " + path + ": " + std::strerror(reason));
}

bool sync_file(const std::string& path) {
    return sync(path, 0);
}

bool sync_folder(const std::string& folder) {
    return sync(folder, O_DIRECTORY);
}

std::optional<std::string> read_key_file(const std::string& path, const SealKey* key) {
    auto text = read_private_file(path);
    if (!text) return text;
    if (!is_sealed(*text)) {
        if (key != nullptr) write_key_file(path, *text, key);
        return text;
    }
    if (key == nullptr) {
        throw SealError(
            path +
            " is sealed: give its master key in HOLDPOINT_MASTER_KEY or HOLDPOINT_MASTER_KEY_FILE (`up`: or "
            "with --master-key-file)");
    }
    auto plain = key->open(*text, name_of(path));
    if (!plain)
        throw SealError("the master key is not the one that " + path + " is sealed under, or the file is damaged");
    return plain;
}

void write_key_file(const std::string& path, const std::string& text, const SealKey* key) {
    write_private_file(path, key == nullptr ? text : key->seal(text, name_of(path)));
}

void check_private(const std::string& folder, const std::vector<std::string>& names) {
    bool has_secrets = false;
    for (const std::string& name : names) {
        const std::string path = (fs::path(folder) / name).string();
        std::error_code problem;
        if (!fs::exists(path, problem)) continue;
        has_secrets = true;
        refuse_if_open(path, false);
    }
    if (has_secrets) refuse_if_open(folder, true);
}

}  // namespace holdpoint
