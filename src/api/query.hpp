// Members of a Query request, from its form body or its URL.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"

namespace holdpoint::api {

/// All of them, in order; lists are flat (`Tags.member.1.Key`).
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_parameters(const net::Request& request);

/// Empty when it is not there.
[[nodiscard]] std::string query_parameter(const net::Request& request, std::string_view name);

}  // namespace holdpoint::api
