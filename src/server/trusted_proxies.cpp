#include "server/trusted_proxies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace holdpoint::server {

namespace {

constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        while (part.starts_with(' ') || part.starts_with('\t')) part.remove_prefix(1);
        while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
        parts.emplace_back(part);
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

/// Of all headers of that name, in order: they are one list. (RFC 9110, 5.3)
std::vector<std::string> list_of(const net::Headers& headers, std::string_view name) {
    std::vector<std::string> list;
    for (const auto& [key, value] : headers) {
        if (!equal_ignoring_case(key, name)) continue;
        std::ranges::move(split_at_commas(value), std::back_inserter(list));
    }
    return list;
}

bool trusts(const TrustedProxies& trusted, const IpAddress& address) {
    return std::ranges::any_of(trusted, [&](const IpNetwork& network) { return network.contains(address); });
}

/// Some proxies add the port: 192.0.2.7:50000, [2001:db8::1]:50000.
std::optional<IpAddress> read_hop(std::string_view hop) {
    if (auto address = IpAddress::read(hop)) return address;
    std::string_view host = hop;
    if (const std::size_t colon = hop.rfind(':'); colon != std::string_view::npos && !hop.ends_with(']')) {
        if (!read_number<std::uint16_t>(hop.substr(colon + 1))) return std::nullopt;
        host = hop.substr(0, colon);
    }
    const bool is_ipv6 = host.starts_with('[') && host.ends_with(']');
    if (is_ipv6) host = host.substr(1, host.size() - 2);
    return (host.find(':') != std::string_view::npos) == is_ipv6 ? IpAddress::read(host) : std::nullopt;
}

/// `walked`: how many proxies there were. When each added what it saw, that many words from the right is the one of the
/// first of them; most hand on one word, or replace it by their own.
bool came_securely(const std::vector<std::string>& schemes, std::size_t walked, bool as_seen) {
    if (schemes.empty()) return as_seen;
    const std::string& scheme = schemes[schemes.size() - std::clamp<std::size_t>(walked, 1, schemes.size())];
    if (equal_ignoring_case(scheme, "https")) return true;
    return equal_ignoring_case(scheme, "http") ? false : as_seen;
}

}  // namespace

bool read_trusted_proxies(std::string_view text, TrustedProxies& proxies) {
    proxies.clear();
    if (text.empty()) return true;
    for (const std::string& part : split_at_commas(text)) {
        auto network = IpNetwork::read(part);
        if (!network) return false;
        proxies.push_back(std::move(*network));
    }
    return true;
}

std::string to_text(const TrustedProxies& proxies) {
    std::string text;
    for (const IpNetwork& network : proxies) text += (text.empty() ? "" : ",") + network.text();
    return text;
}

void take_out_proxies(net::Request& request, const TrustedProxies& trusted) {
    auto client = IpAddress::read(request.peer_address);
    if (!client || !trusts(trusted, *client)) return;
    std::vector<std::string> hops = list_of(request.headers, kForwardedFor);
    std::size_t walked = 0;
    for (; !hops.empty() && trusts(trusted, *client); ++walked) {
        auto hop = read_hop(hops.back());
        if (!hop) break;  // nobody knows who is behind the last one that could be read
        client = std::move(hop);
        hops.pop_back();
    }
    request.peer_address = client->text();
    request.is_secure = came_securely(list_of(request.headers, kForwardedProto), walked, request.is_secure);
    std::erase_if(request.headers, [](const auto& header) { return equal_ignoring_case(header.first, kForwardedFor); });
    if (!hops.empty()) request.headers.emplace_back(kForwardedFor, fmt::format("{}", fmt::join(hops, ", ")));
}

}  // namespace holdpoint::server
