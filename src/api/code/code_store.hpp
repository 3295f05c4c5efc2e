// Code store: the functions' executables and unpacked archives, each kept under the digest of its content, so that a
// version stays what it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/rows.hpp"

namespace holdpoint::api {

struct Code {
    std::string sha256;  // hex; of the executable or of the archive
    std::int64_t size = 0;
    bool is_zip = false;
};

/// From any thread. What is stored is on disk when the call returns; it is whole, or not there at all.
class CodeStore {
public:
    CodeStore(std::string folder, Random& random) : folder_(std::move(folder)), random_(random) {}

    /// Copies the executable at `path` to <folder>/<sha256>.
    [[nodiscard]] Result<Code> add_executable(const std::string& name, const std::string& path);
    /// Unpacks an archive to <folder>/<sha256>/.
    [[nodiscard]] Result<Code> add_zip(std::string_view archive);
    /// The same for a folder with a `bootstrap`, or for the file of an archive.
    [[nodiscard]] Result<Code> add_package(const std::string& path);
    /// Removes what no function and no version refers to. Call once, before requests are served: code is stored a
    /// moment before it is referred to.
    void remove_unused(const RowReader& rows);

private:
    [[nodiscard]] std::string temporary() const;
    [[nodiscard]] Result<Code> add_zip_file(const std::string& path);

    std::string folder_;
    Random& random_;
};

}  // namespace holdpoint::api
