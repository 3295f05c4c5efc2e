#include "api/query.hpp"

#include <algorithm>

namespace holdpoint::api {

std::string query_parameter(const net::Request& request, std::string_view name) {
    net::Request form;
    // A form body has the syntax of a URL's query, and `+` for spaces.
    std::string body = request.body;
    for (std::size_t at = body.find('+'); at != std::string::npos; at = body.find('+', at)) body.replace(at, 1, "%20");
    form.target = request.method == "POST" ? "/?" + body : request.target;
    for (auto& [key, value] : form.query()) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace holdpoint::api
