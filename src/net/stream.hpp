// A blocking byte stream with a time limit on every wait: TCP, a Unix socket, or TLS on top of TCP.
#pragma once

#include <netdb.h>

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/meters.hpp"
#include "base/owned.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {

/// A limit on all that is done since it was made, however many waits that is. Zero: none.
class Deadline {
public:
    explicit Deadline(std::chrono::milliseconds limit) : limit_(limit) {}
    /// How long the next wait may be, at most `step` (zero: no limit of its own); an error text once all of it is over.
    [[nodiscard]] std::expected<std::chrono::milliseconds, std::string> left(std::chrono::milliseconds step) const;

private:
    std::chrono::milliseconds limit_;
    Stopwatch watch_;
};

/// Ends, from another thread, the waits at the sockets that are under it; nothing comes under it afterwards.
class Cutoff {
public:
    void cut();
    /// False: it was cut already.
    [[nodiscard]] bool add(int descriptor);
    void remove(int descriptor);

private:
    std::mutex mutex_;  // so that no descriptor is closed, and then another file's, while it is shut down
    std::set<int> descriptors_;
    bool is_cut_ = false;
};

/// Owns a socket's descriptor.
class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket();
    Socket(Socket&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), cutoff_(std::move(other.cutoff_)) {}
    Socket& operator=(Socket&&) = delete;

    [[nodiscard]] int get() const { return descriptor_; }
    /// Waits for `events` (poll); an error text when the limit passed. A zero limit waits for ever.
    [[nodiscard]] std::expected<void, std::string> wait(short events, std::chrono::milliseconds limit) const;
    [[nodiscard]] bool is_quiet() const;
    /// Once, when it is connected or about to be. False: it was cut already.
    [[nodiscard]] bool put_under(std::shared_ptr<Cutoff> cutoff);

private:
    int descriptor_;
    std::shared_ptr<Cutoff> cutoff_;  // shared: a socket may outlive who opened it
};

/// A limit is for the whole call, however the peer drips; zero waits for ever.
class Stream {
public:
    virtual ~Stream() = default;
    /// Some bytes, at least one; 0 when the peer ended.
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

using Lookup = std::function<std::expected<Addresses, int>(const std::string& host, const std::string& port)>;

/// The same for a connection, given up when it takes longer than `limit` (zero: none), which the system knows none of.
/// What is given up goes on in a thread of its own until the system's resolver ends it.
[[nodiscard]] std::expected<Addresses, std::string> resolve_within(const std::string& host, const std::string& port,
                                                                   std::chrono::milliseconds limit,
                                                                   const Lookup& lookup);

/// Whether a Unix socket can have that path: the system has room for some hundred bytes. (Linux, unix(7))
[[nodiscard]] bool fits_socket(const std::string& path);

struct ConnectLimits {
    std::chrono::milliseconds step;    // for the name, for each address, and for TLS
    std::chrono::milliseconds all{0};  // zero: no limit
    std::shared_ptr<Cutoff> cutoff = nullptr;
    Trust trust = Trust::aws;
};

[[nodiscard]] std::expected<std::unique_ptr<Stream>, std::string> connect_stream(const Endpoint& endpoint,
                                                                                 const ConnectLimits& limits);
[[nodiscard]] inline std::expected<std::unique_ptr<Stream>, std::string> connect_stream(
    const Endpoint& endpoint, std::chrono::milliseconds limit) {
    return connect_stream(endpoint, ConnectLimits{.step = limit});
}

/// Speaks TLS on a connected socket; verifies the peer's certificate and name. (tls_stream.cpp)
[[nodiscard]] std::expected<std::unique_ptr<Stream>, std::string> start_tls(Socket socket, const std::string& host,
                                                                            std::chrono::milliseconds limit,
                                                                            Trust trust);

}  // namespace holdpoint::net
