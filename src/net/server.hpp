// An HTTP/1.1 listener: I/O threads parse and write, the handler answers when it likes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.hpp"

namespace holdpoint::net {

struct ServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one
    std::size_t threads = 2;
    std::size_t body_bytes_max = 17UL * 1024 * 1024;  // DynamoDB takes batches of 16 MB
    /// More than body_bytes_max for some targets; 0 for all others.
    std::function<std::size_t(std::string_view target)> larger_body = {};
    std::size_t header_bytes_max = 64UL * 1024;
    std::size_t connections_max = 20000;
    std::chrono::seconds header_timeout{30};  // from the first byte of a request to its last
    std::chrono::seconds idle_timeout{120};   // between requests of one connection
};

/// Outlives every Respond that it hands out.
class Server {
public:
    /// Binds at once (throws std::runtime_error naming the address when it cannot) and serves until stop() or
    /// destruction.
    Server(ServerOptions options, Handler handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    /// Takes no more connections, gives answers under way up to `grace`, then closes everything and joins the threads.
    void stop(std::chrono::milliseconds grace);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::net
