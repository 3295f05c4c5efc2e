// An HTTP/1.1 listener: I/O threads parse and write, the handler answers when it likes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/http.hpp"

namespace holdpoint::net {

/// A certificate (with those that lead to its root) and its key, as PEM files.
struct TlsFiles {
    std::string certificate;
    std::string key;
};

struct ServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  // 0: any free one
    std::size_t threads = 2;
    std::size_t body_bytes_max = 17UL * 1024 * 1024;  // DynamoDB takes batches of 16 MB
    /// Of all requests together, from their first byte to their answer, but for the first 64 KiB of each; who brings
    /// more is told 503.
    std::size_t bodies_bytes_max = 1024UL * 1024 * 1024;
    std::size_t header_bytes_max = 64UL * 1024;
    std::size_t header_count_max = 200;
    std::size_t target_bytes_max = 16UL * 1024;
    std::size_t connections_max = 20000;
    std::size_t connections_per_address_max = 0;  // 0: as many as there may be in all
    /// For the server's own functions: they may have the last quarter of the files that may be open, too. Others are
    /// told 503 there, so that whatever clients do, files, pipes and functions' connections can be opened.
    bool for_functions = false;
    std::chrono::seconds header_timeout{30};  // from the first byte of a request to the end of its headers
    std::chrono::seconds body_timeout{60};    // from there to its last byte
    std::chrono::seconds idle_timeout{120};   // between requests of one connection
    std::optional<TlsFiles> tls = {};         // TLS 1.2 or later instead of plain HTTP
    /// A Unix socket to listen on instead of host and port, in plain HTTP; only its owner may connect. What comes over
    /// it has the peer address 127.0.0.1.
    std::string socket_path = {};
    /// Listens at `port` of every address 127.x.y.z instead of at `host`, for programs of the server's own user (and
    /// root) alone. Throws where the system has no means for it: Linux before 5.7, or without /proc.
    bool every_loopback_address = false;
    /// The bytes that a body may have, by the request's line and headers; asked for large ones only. Empty:
    /// body_bytes_max.
    std::function<std::size_t(const Request&)> body_limit = {};
    /// What is said to a body that is larger than `limit`, by the request's line and headers. Empty: plain text.
    std::function<Response(const Request& head, std::size_t limit)> too_large = {};
    /// Runs on each I/O thread when it has handled all that had come, or much of it; says whether to call it soon
    /// again.
    std::function<bool()> after_round = {};
};

/// Whether every address that the name stands for is this machine's own.
[[nodiscard]] bool is_loopback(const std::string& host);

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
    /// Reads certificate and key again, for connections from now on; answers what should be known of them (such as that
    /// the certificate has expired), or nothing. Throws std::runtime_error, and goes on with those it has.
    std::string reload_tls();
    /// Of the certificate that is served; nothing for plain HTTP.
    [[nodiscard]] std::optional<TimePoint> certificate_expires() const;
    /// Takes no more connections, gives answers under way up to `grace`, then closes everything and joins the threads.
    void stop(std::chrono::milliseconds grace);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::net
