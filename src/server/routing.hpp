// Which AWS service a request is for: one port serves them all.
#pragma once

#include <optional>
#include <string_view>

#include "net/http.hpp"

namespace holdpoint::server {

enum class ServiceId { lambda, dynamodb, sns, logs, cloudformation, sts, stacks, runtime, http_api };

/// Told apart by path, then `X-Amz-Target`, then the credential scope of the signature. Nothing: no service of ours.
[[nodiscard]] std::optional<ServiceId> route(const net::Request& request);

/// Whether it may take seconds, because code of functions is unpacked, copied and flushed: CreateFunction,
/// UpdateFunctionCode, and deployments.
[[nodiscard]] bool stores_code(ServiceId service, const net::Request& request);

/// The name that the signature's credential scope must carry; empty for what is not signed (runtime).
[[nodiscard]] std::string_view signing_name(ServiceId service);

/// Where AWS takes a signature in the query: all that is asked stands in the URL. What the JSON protocols ask for
/// stands in X-Amz-Target.
[[nodiscard]] bool takes_presigned(ServiceId service);

/// The service part of `Authorization: … Credential=<key>/<date>/<region>/<service>/aws4_request`; empty when absent.
[[nodiscard]] std::string_view credential_scope_service(std::string_view authorization);

}  // namespace holdpoint::server
