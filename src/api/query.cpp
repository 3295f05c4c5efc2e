#include "api/query.hpp"

#include "base/text.hpp"

namespace holdpoint::api {

std::vector<std::pair<std::string, std::string>> query_parameters(const net::Request& request) {
    // A form has the syntax of a URL's query. (HTML, "URL-encoded form data")
    return decode_query(request.method == "POST" ? std::string_view(request.body) : request.raw_query());
}

std::string query_parameter(const net::Request& request, std::string_view name) {
    for (auto& [key, value] : query_parameters(request)) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace holdpoint::api
