// TLS over a socket. OpenSSL is set up at the first use, so that programs that speak plain HTTP do not pay for it.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <cstdlib>
#include <mutex>

#include "net/stream.hpp"

namespace holdpoint::net {

namespace {

std::string tls_error(std::string_view doing) {
    char text[256] = "unknown error";
    if (const auto code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error();
    return std::string(doing) + ": " + text;
}

struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
    void operator()(SSL* session) const { SSL_free(session); }
};

/// Certificates to trust: AWS_CA_BUNDLE as in AWS's SDKs; else SSL_CERT_FILE or the system's (OpenSSL's own rule), and
/// where a static OpenSSL knows no system folder, the places where distributions keep them.
std::unique_ptr<SSL_CTX, FreeContext> make_context() {
    std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (const char* bundle = std::getenv("AWS_CA_BUNDLE"); bundle && *bundle) {
        SSL_CTX_load_verify_locations(context.get(), bundle, nullptr);
        return context;
    }
    SSL_CTX_set_default_verify_paths(context.get());
    for (const char* bundle : {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
        if (SSL_CTX_load_verify_locations(context.get(), bundle, nullptr) == 1) break;
    }
    ERR_clear_error();
    return context;
}

SSL_CTX* shared_context() {
    static const std::unique_ptr<SSL_CTX, FreeContext> context = make_context();
    return context.get();
}

class TlsStream final : public Stream {
public:
    TlsStream(Socket socket, std::unique_ptr<SSL, FreeSession> session)
        : socket_(std::move(socket)), session_(std::move(session)) {}

    std::expected<void, std::string> handshake(std::chrono::milliseconds limit) {
        while (true) {
            const int result = SSL_connect(session_.get());
            if (result == 1) return {};
            if (auto ready = wait_for(result, limit, "TLS handshake failed"); !ready) return ready;
        }
    }

    std::expected<std::size_t, std::string> read_some(std::span<char> into, std::chrono::milliseconds limit) override {
        while (true) {
            const int count =
                SSL_read(session_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1U << 20)));
            if (count > 0) return static_cast<std::size_t>(count);
            if (SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN) return 0U;
            if (auto ready = wait_for(count, limit, "cannot read"); !ready) return std::unexpected(ready.error());
        }
    }

    std::expected<void, std::string> write_all(std::string_view bytes, std::chrono::milliseconds limit) override {
        while (!bytes.empty()) {
            const int count = SSL_write(session_.get(), bytes.data(),
                                        static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20)));
            if (count > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
                continue;
            }
            if (auto ready = wait_for(count, limit, "cannot write"); !ready) return ready;
        }
        return {};
    }

    bool is_quiet() const override { return SSL_pending(session_.get()) == 0 && socket_.is_quiet(); }

private:
    std::expected<void, std::string> wait_for(int result, std::chrono::milliseconds limit, std::string_view doing) {
        switch (SSL_get_error(session_.get(), result)) {
            case SSL_ERROR_WANT_READ:
                return socket_.wait(POLLIN, limit);
            case SSL_ERROR_WANT_WRITE:
                return socket_.wait(POLLOUT, limit);
            default:
                return std::unexpected(tls_error(doing));
        }
    }

    Socket socket_;
    std::unique_ptr<SSL, FreeSession> session_;
};

}  // namespace

std::expected<std::unique_ptr<Stream>, std::string> start_tls(Socket socket, const std::string& host,
                                                              std::chrono::milliseconds limit) {
    std::unique_ptr<SSL, FreeSession> session(SSL_new(shared_context()));
    if (!session) return std::unexpected(tls_error("cannot start TLS"));
    SSL_set_fd(session.get(), socket.get());
    SSL_set_tlsext_host_name(session.get(), host.c_str());
    SSL_set1_host(session.get(), host.c_str());
    SSL_set_mode(session.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(session));
    if (auto done = stream->handshake(limit); !done) return std::unexpected("TLS with " + host + ": " + done.error());
    return stream;
}

}  // namespace holdpoint::net
