// One member of a Query request, from its form body or its URL.
#pragma once

#include <string>
#include <string_view>

#include "net/http.hpp"

namespace holdpoint::api {

/// Empty when it is not there.
[[nodiscard]] std::string query_parameter(const net::Request& request, std::string_view name);

}  // namespace holdpoint::api
