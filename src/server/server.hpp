// Server: builds every part over one data folder, serves, and takes everything down in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/limits.hpp"

namespace holdpoint::server {

struct Options {
    std::string data;  // folder; made when it is not there
    std::string host = "127.0.0.1";
    std::uint16_t port = 4566;  // 0: any free one
    std::string region = "us-east-1";
    std::string account = "000000000000";
    core::Limits limits = {};
};

class Server {
public:
    /// Throws std::runtime_error that says what to do: the folder is in use or damaged, the address is taken.
    explicit Server(const Options& options);
    /// Takes no more requests, ends function processes, writes what is queued.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// http://host:port
    [[nodiscard]] const std::string& url() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::server
