// Signature Version 4: signing a request and checking one. (AWS General Reference, "Create a signed AWS API request")
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace holdpoint::identity {

struct Credentials {
    std::string access_key_id;
    std::string secret_access_key;
    std::string session_token;  // empty: long-lived key
    friend bool operator==(const Credentials&, const Credentials&) = default;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The parts of an HTTP request that a signature covers. Views: valid as long as what they look at.
struct SignedRequest {
    std::string_view method;
    std::string_view target;  // as on the wire: encoded path and query
    const Headers& headers;
    std::string_view body;
};

/// The headers to add: X-Amz-Date, X-Amz-Security-Token (with a session token) and Authorization. `request.headers`
/// must already hold Host; all of its headers are signed.
[[nodiscard]] Headers sign(const SignedRequest& request, const Credentials& credentials, std::string_view region,
                           std::string_view service, TimePoint now);

/// The headers to add instead where the connection itself is private, the Unix socket of a Holdpoint server: whose
/// session it is and its token, with no signature (`Authorization: HOLDPOINT-SESSION Credential=…`). See docs/adr/0005.
[[nodiscard]] Headers state(const Credentials& credentials, std::string_view region, std::string_view service);

/// What the Authorization header (or a presigned URL's query) claims; read before the secret is looked up.
struct Claim {
    std::string access_key_id;
    std::string date;  // 20261123
    std::string region;
    std::string service;
    std::vector<std::string> signed_headers;
    std::string signature;  // hex
    std::string timestamp;  // 20261123T203300Z
    std::string session_token;
    std::optional<std::chrono::seconds> expires;  // of a presigned request
};

/// IncompleteSignature, SignatureDoesNotMatch or MissingAuthenticationToken when it cannot be read.
[[nodiscard]] Result<Claim> read_claim(const SignedRequest& request);

/// What `state` claims; nothing when the request does not. `signed_headers`, `signature` and `timestamp` are empty.
[[nodiscard]] std::optional<Claim> read_stated_claim(const Headers& headers);

/// Whether a claim that was stated is of that session. Never of a long-lived key, which has no token.
[[nodiscard]] bool is_stated_by(const Claim& claim, const Credentials& credentials);

/// Checks the time window of 15 minutes, that Host and every x-amz-* header is signed, the session token, the body's
/// digest and the signature. SignatureDoesNotMatch or InvalidClientTokenId in AWS's words, status 403.
[[nodiscard]] Result<void> check_signature(const SignedRequest& request, const Claim& claim,
                                           const Credentials& credentials, TimePoint now);

}  // namespace holdpoint::identity
