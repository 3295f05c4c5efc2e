// TLS over a socket. OpenSSL is set up at the first use, so that programs that speak plain HTTP do not pay for it.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "base/ip.hpp"
#include "base/owned.hpp"
#include "net/stream.hpp"

namespace holdpoint::net {

namespace {

std::string tls_error(std::string_view doing) {
    char text[256] = "unknown error";
    const auto code = ERR_get_error();
    ERR_clear_error();
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER) return std::string(doing) + ": no TLS is spoken there";
    if (code != 0) ERR_error_string_n(code, text, sizeof text);
    return std::string(doing) + ": " + text;
}

/// Whether a folder has certificates under the hashes of their names, so that OpenSSL reads those alone that it needs.
bool is_hashed(const std::filesystem::path& folder) {
    std::error_code problem;
    for (std::filesystem::directory_iterator entry(folder, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        const std::string name = entry->path().filename().string();
        if (name.size() == 10 && name.ends_with(".0") && name.find_first_not_of("0123456789abcdef") == 8) return true;
    }
    return false;
}

/// The system's certificates. To read a whole bundle takes 15 ms of a function's first request, so a folder goes first.
void trust_system(SSL_CTX* context) {
    for (const char* folder : {X509_get_default_cert_dir(), "/etc/ssl/certs"}) {
        if (is_hashed(folder) && SSL_CTX_load_verify_locations(context, nullptr, folder) == 1) return;
    }
    // A static OpenSSL may know no folder of this system's: the places where distributions keep bundles.
    for (const char* bundle :
         {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"}) {
        if (SSL_CTX_load_verify_locations(context, bundle, nullptr) == 1) return;
    }
}

bool is_set(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

struct Authorities {
    Owned<SSL_CTX, SSL_CTX_free> context;
    std::string problem = {};  // why there are none, where somebody named them
};

/// Certificates to trust: AWS_CA_BUNDLE as in AWS's SDKs; else SSL_CERT_FILE and SSL_CERT_DIR as OpenSSL has it; else
/// the system's.
Authorities make_context(Trust trust) {
    Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
    std::string problem;
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    if (trust == Trust::aws && is_set("AWS_CA_BUNDLE")) {
        const char* bundle = std::getenv("AWS_CA_BUNDLE");
        if (SSL_CTX_load_verify_locations(context.get(), bundle, nullptr) != 1)
            problem = std::string(" (AWS_CA_BUNDLE: there are no certificates in ") + bundle + ")";
    } else if (is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR")) {
        SSL_CTX_set_default_verify_paths(context.get());
    } else {
        trust_system(context.get());
    }
    ERR_clear_error();
    return {.context = std::move(context), .problem = std::move(problem)};
}

const Authorities& shared_authorities(Trust trust) {
    if (trust == Trust::aws) {
        static const Authorities of_aws = make_context(Trust::aws);
        return of_aws;
    }
    static const Authorities of_everybody_else = make_context(Trust::everybody_else);
    return of_everybody_else;
}

int send_without_signal(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto socket = static_cast<int>(BIO_get_fd(bio, nullptr));
    const ssize_t count = ::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (count <= 0 && BIO_sock_should_retry(static_cast<int>(count)) != 0) BIO_set_retry_write(bio);
    return static_cast<int>(count);
}

/// OpenSSL's own writes raise SIGPIPE where the other side is gone, which ends a program that does not expect it, such
/// as a function: all else is as with its sockets.
bool put_on_socket(SSL* session, int socket) {
    static const Owned<BIO_METHOD, BIO_meth_free> method = [] {
        const BIO_METHOD* usual = BIO_s_socket();
        Owned<BIO_METHOD, BIO_meth_free> made(BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE"));
        BIO_meth_set_write(made.get(), send_without_signal);
        BIO_meth_set_read(made.get(), BIO_meth_get_read(usual));
        BIO_meth_set_ctrl(made.get(), BIO_meth_get_ctrl(usual));
        BIO_meth_set_create(made.get(), BIO_meth_get_create(usual));
        BIO_meth_set_destroy(made.get(), BIO_meth_get_destroy(usual));
        return made;
    }();
    BIO* bio = BIO_new(method.get());
    if (bio == nullptr) return false;
    BIO_set_fd(bio, socket, BIO_NOCLOSE);
    SSL_set_bio(session, bio, bio);  // it owns it
    return true;
}

class TlsStream final : public Stream {
public:
    TlsStream(Socket socket, Owned<SSL, SSL_free> session) : socket_(std::move(socket)), session_(std::move(session)) {}

    std::expected<void, std::string> handshake(std::chrono::milliseconds limit) {
        const Deadline deadline(limit);
        while (true) {
            const int result = SSL_connect(session_.get());
            if (result == 1) return {};
            auto ready = wait_for(result, deadline, limit, "TLS handshake failed");
            if (ready) continue;
            // OpenSSL's own text says that the certificate was refused, and not why.
            const long verdict = SSL_get_verify_result(session_.get());
            if (verdict == X509_V_OK) return ready;
            return std::unexpected(std::string("its certificate was refused: ") +
                                   X509_verify_cert_error_string(verdict));
        }
    }

    std::expected<std::size_t, std::string> read_some(std::span<char> into, std::chrono::milliseconds limit) override {
        const Deadline deadline(limit);
        while (true) {
            const int count =
                SSL_read(session_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1U << 20)));
            if (count > 0) return static_cast<std::size_t>(count);
            if (SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN) return 0U;
            if (auto ready = wait_for(count, deadline, limit, "cannot read"); !ready)
                return std::unexpected(ready.error());
        }
    }

    std::expected<void, std::string> write_all(std::string_view bytes, std::chrono::milliseconds limit) override {
        const Deadline deadline(limit);
        while (!bytes.empty()) {
            const int count = SSL_write(session_.get(), bytes.data(),
                                        static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20)));
            if (count > 0) {
                bytes.remove_prefix(static_cast<std::size_t>(count));
                continue;
            }
            if (auto ready = wait_for(count, deadline, limit, "cannot write"); !ready) return ready;
        }
        return {};
    }

    bool is_quiet() const override { return SSL_pending(session_.get()) == 0 && socket_.is_quiet(); }
    std::optional<Socket> take_socket() override { return std::nullopt; }

private:
    std::expected<void, std::string> wait_for(int result, const Deadline& deadline, std::chrono::milliseconds limit,
                                              std::string_view doing) {
        const auto left = deadline.left(limit);
        if (!left) return std::unexpected(left.error());
        switch (SSL_get_error(session_.get(), result)) {
            case SSL_ERROR_WANT_READ:
                return socket_.wait(POLLIN, *left);
            case SSL_ERROR_WANT_WRITE:
                return socket_.wait(POLLOUT, *left);
            default:
                return std::unexpected(tls_error(doing));
        }
    }

    Socket socket_;
    Owned<SSL, SSL_free> session_;
};

}  // namespace

std::expected<std::unique_ptr<Stream>, std::string> start_tls(Socket socket, const std::string& host,
                                                              std::chrono::milliseconds limit, Trust trust) {
    const Authorities& trusted = shared_authorities(trust);
    Owned<SSL, SSL_free> session(SSL_new(trusted.context.get()));
    if (!session) return std::unexpected(tls_error("cannot start TLS"));
    if (!put_on_socket(session.get(), socket.get())) return std::unexpected(tls_error("cannot start TLS"));
    // An address is no name there, and servers refuse it. (RFC 6066, section 3)
    if (!IpAddress::read(host)) SSL_set_tlsext_host_name(session.get(), host.c_str());
    SSL_set1_host(session.get(), host.c_str());
    SSL_set_mode(session.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(session));
    if (auto done = stream->handshake(limit); !done) {
        return std::unexpected("TLS with " + host + ": " + done.error() + trusted.problem);
    }
    return stream;
}

}  // namespace holdpoint::net
