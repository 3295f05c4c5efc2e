// Transport: how code that calls an HTTP service sends a request; the real one keeps connections alive.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "net/http.hpp"

namespace holdpoint::net {

struct Endpoint {
    bool tls = false;
    std::string host;
    std::string port;
    std::string socket = {};  // the path of a Unix socket to connect to instead; host and port are what Host says
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// `https://host:port` or `http://host` (a path is refused). Nothing when malformed.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view url);

/// Its header `Host`: without the port that goes with the scheme.
[[nodiscard]] std::string host_header(const Endpoint& endpoint);

struct Timeouts {
    std::chrono::milliseconds connect{5000};
    std::chrono::milliseconds read{50000};  // zero: wait for ever (Runtime API's `next`)
    /// For all of it, however the other side drips; zero: no limit.
    std::chrono::milliseconds whole{0};
};

struct TransportError {
    std::string message;
    bool request_was_sent = false;  // the service may have acted on it
};

/// Blocking; safe to use from several threads.
class Transport {
public:
    virtual ~Transport() = default;
    [[nodiscard]] virtual std::expected<Response, TransportError> send(const Endpoint& endpoint, const Request& request,
                                                                       const Timeouts& timeouts) = 0;
    /// Ends what is under way; nothing is sent any more. From any thread.
    virtual void abort() {}
};

/// Whose certificates are trusted: AWS_CA_BUNDLE names AWS's, or those of the server that stands for it, and of nobody
/// else. Without that variable, and for everybody else, SSL_CERT_FILE and SSL_CERT_DIR, or the system's.
enum class Trust { aws, everybody_else };

/// Sends over sockets; sets Host and Content-Length; verifies certificates.
[[nodiscard]] std::unique_ptr<Transport> make_transport(Trust trust = Trust::aws);

}  // namespace holdpoint::net
