// Server: builds every part over one data folder, serves, and takes everything down in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/seal.hpp"
#include "core/limits.hpp"
#include "net/server.hpp"

namespace holdpoint::server {

struct Options {
    std::string data;  // folder; made when it is not there
    std::string host = "127.0.0.1";
    std::uint16_t port = 4566;  // 0: any free one
    std::string region = "us-east-1";
    std::string account = "000000000000";
    core::Limits limits = {};
    net::ServerOptions listener = {};        // its limits and its TLS; host and port are those above
    bool insecure_plain_http = false;        // without TLS, also where other machines reach it
    std::optional<SealKey> master_key = {};  // key files are sealed under it
    bool encrypt_payloads = false;           // the store's values too
    double requests_per_second = 0;          // of one caller; 0: as many as it likes
};

class Server {
public:
    /// Throws std::runtime_error that says what to do: the folder is in use or damaged, the address is taken.
    explicit Server(const Options& options);
    /// Takes no more requests, ends function processes, writes what is queued.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// http://host:port, or https://
    [[nodiscard]] const std::string& url() const;
    /// Reads the certificate and its key again; answers what should be known of them, or nothing. Throws
    /// std::runtime_error, and goes on with those it has.
    std::string reload_tls();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::server
