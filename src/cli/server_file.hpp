// The server's file: where the server of a data folder answers, and with which credentials; written by `up`, read by
// `env`.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/seal.hpp"

namespace holdpoint::cli {

struct ServerFile {
    std::string url;  // http://127.0.0.1:4566
    std::string access_key_id;
    std::string secret_access_key;
    std::string region;
    friend bool operator==(const ServerFile&, const ServerFile&) = default;
};

/// `$HOLDPOINT_DATA`, else `$XDG_DATA_HOME/holdpoint`, else `~/.local/share/holdpoint`; empty where nobody knows what ~
/// is: then it has to be named.
[[nodiscard]] std::string default_data_folder();

/// Writes `<data>/server.json` (0600) whole or not at all, sealed under `master` when there is one. Throws
/// std::runtime_error when the folder cannot be written.
void write_server_file(const std::string& data, const ServerFile& file, const SealKey* master = nullptr);
/// Opens a sealed one with `master`, else with the master key of the environment. ServerNotRunning when there is none,
/// MasterKeyNeeded when it cannot be opened, with what to do about it.
[[nodiscard]] Result<ServerFile> read_server_file(const std::string& data, const SealKey* master = nullptr);
/// `up` removes it when it ends well.
void remove_server_file(const std::string& data);

}  // namespace holdpoint::cli
