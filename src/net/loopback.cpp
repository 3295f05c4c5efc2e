// Which addresses are this machine's own.
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/server.hpp"
#include "net/stream.hpp"

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
    const auto list = resolve(host, "0", AI_PASSIVE);
    if (!list) return false;
    for (const addrinfo* entry = list->get(); entry != nullptr; entry = entry->ai_next) {
        if (!is_loopback(*entry->ai_addr)) return false;
    }
    return true;
}

}  // namespace holdpoint::net
