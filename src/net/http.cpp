#include "net/http.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::net {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view find_header(const Headers& headers, std::string_view name) {
    for (const auto& [found, value] : headers) {
        if (std::ranges::equal(found, name, {}, lower, lower)) return value;
    }
    return {};
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::raw_query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::vector<std::pair<std::string, std::string>> Request::query() const {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::string_view rest = raw_query();
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        const auto equals = pair.find('=');
        if (!pair.empty()) {
            const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
            pairs.emplace_back(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
        }
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return pairs;
}

}  // namespace holdpoint::net
