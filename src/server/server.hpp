// Server: builds every part over one data folder, serves, and takes everything down in order.
#pragma once

#include <memory>
#include <string>

#include "server/options.hpp"

namespace holdpoint::server {

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
