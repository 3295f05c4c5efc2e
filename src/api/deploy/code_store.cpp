#include "api/deploy/code_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "base/encoding.hpp"

namespace holdpoint::api {
namespace {

constexpr std::int64_t kCodeBytesMax = 512LL * 1024 * 1024;

class File {
public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

std::unexpected<Error> refuse(const std::string& executable, const std::string& path, std::string_view why) {
    return fail("ValidationError", 400, fmt::format("code.{}: {}: {}", executable, path, why));
}

[[noreturn]] void throw_error(const std::string& what, const std::string& path) {
    throw std::runtime_error(fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

Result<std::string> read_executable(const std::string& executable, const std::string& path) {
    if (!path.starts_with('/')) return refuse(executable, path, "must be an absolute path");
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return refuse(executable, path, std::strerror(errno));
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return refuse(executable, path, std::strerror(errno));
    if (!S_ISREG(status.st_mode) || (status.st_mode & S_IXUSR) == 0)
        return refuse(executable, path, "is no executable file");
    if (status.st_size == 0 || status.st_size > kCodeBytesMax)
        return refuse(executable, path, fmt::format("must have 1 to {} bytes", kCodeBytesMax));
    std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return refuse(executable, path, std::strerror(errno));
        if (count == 0) return refuse(executable, path, "changed while it was read; deploy again");
        done += static_cast<std::size_t>(count);
    }
    return bytes;
}

void write_all(int descriptor, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_error("writing", path);
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void write_file(const std::string& folder, const std::string& name, std::string_view bytes) {
    std::string temporary = folder + "/.new-XXXXXX";
    {
        const File file(::mkostemp(temporary.data(), O_CLOEXEC));
        if (file.get() < 0) throw_error("making", temporary);
        try {
            write_all(file.get(), bytes, temporary);
            if (::fchmod(file.get(), S_IRWXU) != 0 || ::fsync(file.get()) != 0) throw_error("writing", temporary);
        } catch (const std::runtime_error&) {
            ::unlink(temporary.c_str());
            throw;
        }
    }
    const std::string final_path = fmt::format("{}/{}", folder, name);
    if (::rename(temporary.c_str(), final_path.c_str()) != 0) throw_error("renaming", temporary);
    const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) throw_error("syncing", folder);
}

}  // namespace

Result<Code> store_code(const std::string& folder, const std::string& executable, const std::string& path) {
    const auto bytes = read_executable(executable, path);
    if (!bytes) return std::unexpected(bytes.error());
    Code code{.sha256 = to_hex(sha256(*bytes)), .size = static_cast<std::int64_t>(bytes->size())};
    std::error_code problem;
    const auto size = std::filesystem::file_size(std::filesystem::path(folder) / code.sha256, problem);
    if (problem || size != bytes->size()) write_file(folder, code.sha256, *bytes);
    return code;
}

void remove_unused_code(const std::string& folder, const std::vector<std::string>& digests) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (std::ranges::find(digests, entry.path().filename().string()) == digests.end())
            std::filesystem::remove(entry.path());
    }
}

}  // namespace holdpoint::api
