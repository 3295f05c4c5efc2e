// Request observer: counts each request of a service with its answer, and logs it.
#pragma once

#include "net/http.hpp"
#include "server/request_meters.hpp"

namespace holdpoint::server {

/// What answers like `respond`, counts the answer, and writes a line with its request id: at `debug`, at `warn` when
/// the server failed. Requests of no service, and those of the Runtime API (long polls of function processes), are
/// neither counted nor logged. `meters` outlives the answer.
[[nodiscard]] net::Respond observed(const net::Request& request, const net::Respond& respond, RequestMeters& meters);

}  // namespace holdpoint::server
