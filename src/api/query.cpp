#include "api/query.hpp"

namespace holdpoint::api {

std::vector<std::pair<std::string, std::string>> query_parameters(const net::Request& request) {
    if (request.method != "POST") return request.query();
    net::Request form;
    // A form body has the syntax of a URL's query, and `+` for spaces.
    std::string body = request.body;
    for (std::size_t at = body.find('+'); at != std::string::npos; at = body.find('+', at)) body.replace(at, 1, "%20");
    form.target = "/?" + body;
    return form.query();
}

std::string query_parameter(const net::Request& request, std::string_view name) {
    for (auto& [key, value] : query_parameters(request)) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace holdpoint::api
