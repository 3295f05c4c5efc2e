#include "engine/message_signer.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "base/encoding.hpp"
#include "base/owned.hpp"
#include "base/private_file.hpp"

namespace holdpoint::engine {
namespace {

constexpr int kKeyBits = 2048;
constexpr long kCertificateSeconds = 60L * 60 * 24 * 365 * 20;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Certificate = Owned<X509, X509_free>;
using Bio = Owned<BIO, BIO_free_all>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;

void require(bool done, std::string_view what) {
    if (!done) throw std::runtime_error(fmt::format("OpenSSL could not {}", what));
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

Certificate self_signed(EVP_PKEY* key) {
    Certificate certificate(X509_new());
    require(certificate != nullptr, "make a certificate");
    require(X509_set_version(certificate.get(), 2) == 1, "set the certificate's version");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kCertificateSeconds);
    X509_set_pubkey(certificate.get(), key);
    auto* name = X509_get_subject_name(certificate.get());
    constexpr unsigned char kName[] = "sns.holdpoint";
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, kName, -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    require(X509_sign(certificate.get(), key, EVP_sha256()) > 0, "sign the certificate");
    return certificate;
}

std::string make_pem() {
    const Key key(EVP_RSA_gen(kKeyBits));
    require(key != nullptr, "make an RSA key");
    const auto certificate = self_signed(key.get());
    const Bio bio(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
            "write the key");
    require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1, "write the certificate");
    return text_of(bio.get());
}

}  // namespace

class MessageSigner::Impl {
public:
    Impl(const std::string& path, const SealKey* seal) {
        std::string pem = read_key_file(path, seal).value_or("");
        if (pem.empty()) {
            pem = make_pem();
            write_key_file(path, pem, seal);
        }
        const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
        const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
        if (!key_ || !certificate) {
            throw std::runtime_error(fmt::format(
                "{} does not hold an RSA key and its certificate. Remove it to have new ones made; endpoints that "
                "verify signatures fetch the new certificate by themselves.",
                path));
        }
        const Bio out(BIO_new(BIO_s_mem()));
        require(PEM_write_bio_X509(out.get(), certificate.get()) == 1, "write the certificate");
        certificate_pem_ = text_of(out.get());
        certificate_path_ =
            fmt::format("/SimpleNotificationService-{}.pem", to_hex(sha256(certificate_pem_)).substr(0, 32));
    }

    [[nodiscard]] std::string sign(std::string_view text, topics::SignatureVersion version) const {
        const EVP_MD* const digest = version == topics::SignatureVersion::v1 ? EVP_sha1() : EVP_sha256();
        const DigestContext context(EVP_MD_CTX_new());
        require(context && EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1,
                "start a signature");
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        std::size_t size = 0;
        require(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1, "size a signature");
        std::string signature(size, '\0');
        require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                               text.size()) == 1,
                "sign");
        signature.resize(size);
        return base64_encode(signature);
    }

    Key key_;
    std::string certificate_pem_;
    std::string certificate_path_;
};

MessageSigner::MessageSigner(const std::string& path, const SealKey* seal)
    : impl_(std::make_unique<Impl>(path, seal)) {}
MessageSigner::~MessageSigner() = default;
std::string MessageSigner::sign(std::string_view text, topics::SignatureVersion version) const {
    return impl_->sign(text, version);
}
const std::string& MessageSigner::certificate_pem() const {
    return impl_->certificate_pem_;
}
const std::string& MessageSigner::certificate_path() const {
    return impl_->certificate_path_;
}

}  // namespace holdpoint::engine
