// Operation names: what a request asks for, as metrics and the log call it; from a closed list, so that no request can
// make a new name.
#pragma once

#include <string_view>
#include <vector>

#include "net/http.hpp"
#include "server/routing.hpp"

namespace holdpoint::server {

struct OperationName {
    ServiceId service;
    std::string_view name;  // AWS's, such as "Invoke"; "other" when the service does not have it
};

/// Every name that there is.
[[nodiscard]] const std::vector<OperationName>& operation_names();
/// The place in operation_names() of what this request asks for.
[[nodiscard]] std::size_t operation_of(ServiceId service, const net::Request& request);

}  // namespace holdpoint::server
