#include "net/http.hpp"

#include "base/text.hpp"

namespace holdpoint::net {

std::string_view find_header(const Headers& headers, std::string_view name) {
    for (const auto& [found, value] : headers) {
        if (equal_ignoring_case(found, name)) return value;
    }
    return {};
}

std::string authority(const std::string& host, const std::string& port) {
    return (host.contains(':') ? "[" + host + "]" : host) + ":" + port;
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::raw_query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::vector<std::pair<std::string, std::string>> Request::query() const {
    return decode_query(raw_query());
}

}  // namespace holdpoint::net
