// Data folder: one server at a time, and the files in it.
#pragma once

#include <string>

#include "base/random.hpp"
#include "identity/sigv4.hpp"

namespace holdpoint::server {

/// Makes the folder (0700) when it is not there, and holds a lock in it until destruction. Throws std::runtime_error
/// when another server holds it.
class DataFolder {
public:
    explicit DataFolder(const std::string& path);
    ~DataFolder();
    DataFolder(const DataFolder&) = delete;
    DataFolder& operator=(const DataFolder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    /// Makes a folder inside (0700) and answers its path.
    [[nodiscard]] std::string folder(const std::string& name) const;

private:
    std::string path_;
    int lock_ = -1;
};

/// The account's own key, from `path` (JSON, 0600); made at the first start.
[[nodiscard]] identity::Credentials load_or_make_credentials(const std::string& path, Random& random);

}  // namespace holdpoint::server
