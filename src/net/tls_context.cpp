#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace holdpoint::net {

namespace {

namespace ssl = boost::asio::ssl;

constexpr int kSoonDays = 14;

void check_readable(const std::string& path, const std::string& what) {
    errno = 0;
    if (std::ifstream file(path); file && file.peek() != std::ifstream::traits_type::eof()) return;
    const int reason = errno;
    throw std::runtime_error("cannot read the " + what + " " + path + ": " +
                             (reason == 0 ? "the file is empty" : std::strerror(reason)));
}

/// Days until the certificate ends; negative when it has.
int days_left(SSL_CTX* context) {
    const X509* certificate = SSL_CTX_get0_certificate(context);
    int days = 0;
    int seconds = 0;
    if (certificate == nullptr || ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) {
        return kSoonDays;
    }
    return seconds < 0 ? days - 1 : days;
}

TimePoint end_of(SSL_CTX* context) {
    tm end{};
    (void)ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &end);
    return from_epoch_ms(::timegm(&end) * 1000);
}

std::string warning_of(SSL_CTX* context, const TlsFiles& files) {
    std::string warning;
    const int days = days_left(context);
    if (days < 0) {
        warning = "the certificate " + files.certificate + " has expired: clients will refuse it";
    } else if (days < kSoonDays) {
        warning = "the certificate " + files.certificate + " expires in " + std::to_string(days) + " days";
    }
    struct stat status{};
    if (::stat(files.key.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
        warning += (warning.empty() ? "" : "; ") + ("everybody on this machine may read " + files.key) +
                   ": chmod 600 " + files.key;
    }
    return warning;
}

std::string not_its_key(const TlsFiles& files) {
    return "the key " + files.key + " is not that of the certificate " + files.certificate +
           ": in a chain the server's own comes first";
}

}  // namespace

LoadedTls load_tls(const TlsFiles& files) {
    check_readable(files.certificate, "certificate");
    check_readable(files.key, "certificate's key");
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    // Of TLS 1.2 what keeps old connections secret when a key is lost; TLS 1.3 has nothing else.
    SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // Nobody is there to type a passphrase.
    SSL_CTX_set_default_passwd_cb(native, [](char*, int, int, void*) { return 0; });
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(native, files.certificate.c_str()) != 1) {
        throw std::runtime_error("the file " + files.certificate + " holds no certificate in PEM form");
    }
    if (SSL_CTX_use_PrivateKey_file(native, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        const bool is_other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
        ERR_clear_error();
        throw std::runtime_error(is_other ? not_its_key(files)
                                          : "the file " + files.key +
                                                " holds no private key in PEM form, or one with a passphrase");
    }
    if (SSL_CTX_check_private_key(native) != 1) {
        ERR_clear_error();
        throw std::runtime_error(not_its_key(files));
    }
    std::string warning = warning_of(native, files);
    const TimePoint expires = end_of(native);
    return {.context = std::move(context), .expires = expires, .warning = std::move(warning)};
}

}  // namespace holdpoint::net
