// Which addresses are this machine's own.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "net/server.hpp"

namespace holdpoint::net {

namespace {

bool is_loopback(const sockaddr& address) {
    if (address.sa_family == AF_INET) {
        constexpr std::uint32_t kNetwork = 127U << 24U;
        const auto& four = reinterpret_cast<const sockaddr_in&>(address);
        return (ntohl(four.sin_addr.s_addr) & 0xff000000U) == kNetwork;
    }
    return address.sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr) != 0;
}

}  // namespace

bool is_loopback(const std::string& host) {
    addrinfo* list = nullptr;
    const addrinfo hints{.ai_flags = AI_PASSIVE,
                         .ai_family = AF_UNSPEC,
                         .ai_socktype = SOCK_STREAM,
                         .ai_protocol = 0,
                         .ai_addrlen = 0,
                         .ai_addr = nullptr,
                         .ai_canonname = nullptr,
                         .ai_next = nullptr};
    if (::getaddrinfo(host.c_str(), "0", &hints, &list) != 0) return false;
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (!is_loopback(*entry->ai_addr)) return false;
    }
    return true;
}

}  // namespace holdpoint::net
