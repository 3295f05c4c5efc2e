// Behind a proxy, the listener sees the proxy's address. What a proxy says of whom it speaks for counts when it is one
// of those that the operator named; what anybody else says of that does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.hpp"
#include "net/http.hpp"

namespace holdpoint::server {

using TrustedProxies = std::vector<IpNetwork>;

/// Addresses and networks with commas between them; none: no proxy is trusted. False: it is something else.
[[nodiscard]] bool read_trusted_proxies(std::string_view text, TrustedProxies& proxies);
[[nodiscard]] std::string to_text(const TrustedProxies& proxies);

/// The request as it had been without the proxies that are trusted: from the client's address, secure when the client's
/// connection was. X-Forwarded-For keeps what the client, or proxies before, sent of it.
void take_out_proxies(net::Request& request, const TrustedProxies& trusted);

}  // namespace holdpoint::server
