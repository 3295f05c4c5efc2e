#include "server/options.hpp"

#include "net/server.hpp"

namespace holdpoint::server {

std::optional<std::string> lack_of_tls(const Options& options) {
    if (options.has_tls() || options.insecure_plain_http || net::is_loopback(options.host)) return std::nullopt;
    return "without TLS, whoever is on the way can read and change all that is sent to " + options.host +
           ": give --tls-cert and --tls-key, or listen on 127.0.0.1; --insecure-plain-http when something else "
           "protects the way";
}

}  // namespace holdpoint::server
