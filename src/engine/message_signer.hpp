// Signs notifications, so that an endpoint can tell that they came from this server. (SNS developer guide, "Verifying
// the signatures")
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/seal.hpp"
#include "topics/envelope.hpp"

namespace holdpoint::engine {

class MessageSigner {
public:
    /// Reads an RSA key and its self-signed certificate from `path` (PEM, 0600); makes them when the file is not there.
    /// Sealed under `seal` when there is one. Throws std::runtime_error that says what to do when the file cannot be
    /// used.
    explicit MessageSigner(const std::string& path, const SealKey* seal = nullptr);
    ~MessageSigner();

    /// Base64. From any thread.
    [[nodiscard]] std::string sign(std::string_view text, topics::SignatureVersion version) const;
    /// What SigningCertURL serves.
    [[nodiscard]] const std::string& certificate_pem() const;
    /// The path of SigningCertURL: `/SimpleNotificationService-<digest of the certificate>.pem`.
    [[nodiscard]] const std::string& certificate_path() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
