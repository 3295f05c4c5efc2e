#include "base/scratch_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>

namespace holdpoint {

namespace {

[[noreturn]] void fail_with_reason(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

std::unique_ptr<std::iostream> make_scratch_file(const std::filesystem::path& folder) {
    // Its name is taken at once, so that it is gone when it is closed, however this process ends.
    std::string path = (folder / "holdpoint.XXXXXX").string();
    const int made = ::mkstemp(path.data());
    if (made < 0) fail_with_reason("cannot make a file in " + folder.string());
    ::close(made);
    auto file = std::make_unique<std::fstream>(path, std::ios::in | std::ios::out | std::ios::binary);
    const int reason = errno;
    ::unlink(path.c_str());
    errno = reason;
    if (!*file) fail_with_reason("cannot open a file in " + folder.string());
    file->exceptions(std::ios::badbit | std::ios::failbit);
    return file;
}

void with_scratch_files(const std::function<void(const MakeFile& make)>& work) {
    const std::filesystem::path folder = std::filesystem::temp_directory_path();
    try {
        work([&] { return make_scratch_file(folder); });
    } catch (const std::ios_base::failure&) {  // says nothing of where and why
        fail_with_reason("cannot keep in " + folder.string() + " what takes too much memory");
    }
}

}  // namespace holdpoint
