// A blocking byte stream with a time limit on every wait: TCP, a Unix socket, or TLS on top of TCP.
#pragma once

#include <netdb.h>

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/owned.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {

/// Owns a socket's descriptor.
class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket();
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket& operator=(Socket&&) = delete;

    [[nodiscard]] int get() const { return descriptor_; }
    /// Waits for `events` (poll); an error text when the limit passed. A zero limit waits for ever.
    [[nodiscard]] std::expected<void, std::string> wait(short events, std::chrono::milliseconds limit) const;
    [[nodiscard]] bool is_quiet() const;

private:
    int descriptor_;
};

class Stream {
public:
    virtual ~Stream() = default;
    /// Some bytes, at least one; 0 when the peer ended. A zero limit waits for ever.
    [[nodiscard]] virtual std::expected<std::size_t, std::string> read_some(std::span<char> into,
                                                                            std::chrono::milliseconds limit) = 0;
    [[nodiscard]] virtual std::expected<void, std::string> write_all(std::string_view bytes,
                                                                     std::chrono::milliseconds limit) = 0;
    /// False when the peer closed, or sent something that nobody asked for.
    [[nodiscard]] virtual bool is_quiet() const = 0;
    /// The socket under a plain stream, which then is of no more use: to start TLS on it. Nothing of a TLS stream.
    [[nodiscard]] virtual std::optional<Socket> take_socket() = 0;
};

using Addresses = Owned<addrinfo, ::freeaddrinfo>;

/// The addresses of a host for TCP, by getaddrinfo with these flags; or its code, for gai_strerror.
[[nodiscard]] std::expected<Addresses, int> resolve(const std::string& host, const std::string& port, int flags);

/// Whether a Unix socket can have that path: the system has room for some hundred bytes. (Linux, unix(7))
[[nodiscard]] bool fits_socket(const std::string& path);

[[nodiscard]] std::expected<std::unique_ptr<Stream>, std::string> connect_stream(const Endpoint& endpoint,
                                                                                 std::chrono::milliseconds limit);

/// Speaks TLS on a connected socket; verifies the peer's certificate and name. (tls_stream.cpp)
[[nodiscard]] std::expected<std::unique_ptr<Stream>, std::string> start_tls(Socket socket, const std::string& host,
                                                                            std::chrono::milliseconds limit);

}  // namespace holdpoint::net
