// What a request hears that is meant for a service which this server does not have, in that service's protocol.
#pragma once

#include "net/http.hpp"

namespace holdpoint::server {

/// AWS's error for an operation that does not exist, naming the operation.
[[nodiscard]] net::Response refuse_unrouted(const net::Request& request, std::string_view request_id);

}  // namespace holdpoint::server
