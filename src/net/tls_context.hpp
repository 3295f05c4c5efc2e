// What a TLS listener needs: its certificate and key, read from files and checked.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/server.hpp"

namespace holdpoint::net {

struct LoadedTls {
    std::shared_ptr<boost::asio::ssl::context> context;  // TLS 1.2 and 1.3 with forward secrecy alone
    TimePoint expires;                                   // the certificate
    std::string warning;                                 // empty, or what an operator should do soon
};

/// Throws std::runtime_error naming the file and what is wrong with it: unreadable, no PEM, or a key of another
/// certificate.
[[nodiscard]] LoadedTls load_tls(const TlsFiles& files);

}  // namespace holdpoint::net
