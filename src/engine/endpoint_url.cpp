#include "engine/endpoint_url.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::engine {

std::optional<EndpointUrl> split_url(std::string_view text) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    const auto path_start = std::min(text.find_first_of("/?#", scheme_end + 3), text.size());
    std::string authority(text.substr(scheme_end + 3, path_start - scheme_end - 3));
    EndpointUrl url;
    if (const auto at = authority.rfind('@'); at != std::string::npos) {
        url.user_info = percent_decode(authority.substr(0, at));
        authority.erase(0, at + 1);
    }
    const auto endpoint = net::parse_endpoint(fmt::format("{}://{}", text.substr(0, scheme_end), authority));
    if (!endpoint) return std::nullopt;
    url.endpoint = *endpoint;
    std::string_view rest = text.substr(path_start);
    rest = rest.substr(0, rest.find('#'));
    url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
    return url;
}

}  // namespace holdpoint::engine
