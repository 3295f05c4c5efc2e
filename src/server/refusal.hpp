// Refusals at the door, in each service's own words: who is not known, whose signature is wrong, who may not.
#pragma once

#include "base/result.hpp"
#include "net/http.hpp"
#include "server/routing.hpp"

namespace holdpoint::server {

/// An error of the identity room (MissingAuthenticationToken, IncompleteSignature, InvalidClientTokenId,
/// ExpiredToken, SignatureDoesNotMatch, AccessDenied) under the name and status that this service gives it.
[[nodiscard]] Error in_words_of(ServiceId service, Error error);

/// What this service says to a caller that makes too many requests.
[[nodiscard]] Error throttled(ServiceId service);

/// What this service calls its own failure (500).
[[nodiscard]] Error service_exception(ServiceId service);

/// The error in the service's protocol.
[[nodiscard]] net::Response refuse(ServiceId service, const Error& error, std::string_view request_id);

}  // namespace holdpoint::server
