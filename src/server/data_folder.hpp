// Data folder: one server at a time, and the files in it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/seal.hpp"
#include "identity/sigv4.hpp"
#include "server/options.hpp"
#include "store/store.hpp"

namespace holdpoint::server {

/// Keys of the server; without them clients would need new ones, and subscribers would see another certificate.
inline constexpr std::array kKeyFiles{"credentials.json", "sns-signing.pem", "data.key"};
/// Everything in the folder that nobody else may read.
inline constexpr std::array kSecretFiles{"credentials.json", "sns-signing.pem",  "data.key",         "server.json",
                                         "holdpoint.db",     "holdpoint.db-wal", "holdpoint.db-shm", "logs.db",
                                         "logs.db-wal",      "logs.db-shm"};

/// Makes the folder (0700) when it is not there, and holds a lock in it until destruction: a file that names the
/// process that has it. Throws std::runtime_error when another server holds it, or when others than its owner may read
/// what is secret in it.
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

/// Throws std::runtime_error when no server's data is in the folder, or when that cannot be seen: what is done to a
/// mistyped one is done to nothing.
void require_server_data(const std::string& folder);

/// That of its file or of the environment. Throws BadConfiguration when it cannot be read.
[[nodiscard]] std::optional<SealKey> read_master_key(const Options& options);

struct KeyFileProblem {
    std::string what;
    std::string advice;
};

/// Why a key file (its path ends with one of kKeyFiles) cannot be used with this text; nothing when it can.
[[nodiscard]] std::optional<KeyFileProblem> problem_of_key_file(const std::string& path, const std::string& text);

/// When payloads are encrypted and data.key, their key, is not there. `disk` is the store as it is on disk.
[[nodiscard]] std::optional<KeyFileProblem> lack_of_data_key(const std::string& folder, store::Store& disk);

/// The path of the key that signs notifications; it may not be there yet. Throws BadConfiguration when it is damaged.
[[nodiscard]] std::string signing_key_file(const DataFolder& folder, const SealKey* master);

/// The account's own key, from `path` (JSON, 0600), sealed under `master` when there is one; made at the first start.
/// Throws BadConfiguration when it is damaged.
[[nodiscard]] identity::Credentials load_or_make_credentials(const std::string& path, Random& random,
                                                             const SealKey* master = nullptr);

/// The key under which the store's values are sealed: read from the folder; made when `wanted` and not there yet;
/// nothing for a store in plain. Once there it stays, and so does sealing. Throws SealError without its master key, and
/// BadConfiguration when it is damaged, or is missed by what is encrypted under it on `disk`: no other can take its
/// place.
[[nodiscard]] std::optional<SealKey> load_or_make_data_key(const DataFolder& folder, const SealKey* master, bool wanted,
                                                           store::Store& disk);

/// Seals every key file of the folder under `next`, whether it is sealed under `current`, under `next` already (after a
/// rotation that was broken off) or not at all. Answers their names.
std::vector<std::string> reseal(const DataFolder& folder, const SealKey* current, const SealKey& next);

}  // namespace holdpoint::server
