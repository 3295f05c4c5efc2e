// Whatever a client sends, it cannot choose the address that it is known by.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "server/trusted_proxies.hpp"

namespace holdpoint::server {
namespace {

std::string numbered(std::string_view prefix) {
    return std::string(prefix) + std::to_string(*rc::gen::inRange(0, 256));
}
std::string a_proxy() {
    return *rc::gen::inRange(0, 2) == 0 ? numbered("10.0.0.") : "fd00::" + std::to_string(*rc::gen::inRange(1, 9));
}
std::string a_client() {
    return *rc::gen::inRange(0, 2) == 0 ? numbered("192.0.2.") : "2001:db8::" + std::to_string(*rc::gen::inRange(1, 9));
}

/// Addresses of clients and proxies, and anything else that a header may hold.
net::Headers claims() {
    net::Headers headers;
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) {
        std::string value;
        switch (*rc::gen::inRange(0, 4)) {
            case 0:
                value = a_proxy() + ", " + a_client();
                break;
            case 1:
                value = a_client();
                break;
            case 2:
                value = "127.0.0.1";
                break;
            default:
                value = *rc::gen::string<std::string>();
        }
        headers.emplace_back("X-Forwarded-For", value);
    }
    return headers;
}

net::Request from(std::string peer, net::Headers headers) {
    return {.method = "GET", .target = "/", .headers = std::move(headers), .body = {}, .peer_address = std::move(peer)};
}

TrustedProxies trusted() {
    TrustedProxies proxies;
    RC_ASSERT(read_trusted_proxies("10.0.0.0/8,fd00::/16", proxies));
    return proxies;
}

TEST(TrustedProxyProperties, NobodyChoosesTheirAddress) {
    EXPECT_TRUE(rc::check("behind any number of proxies, whatever was claimed before them", [] {
        const std::string client = a_client();
        auto request = from(client, claims());
        const int count = *rc::gen::inRange(0, 5);
        for (int i = 0; i < count; ++i) {  // each proxy adds whom it sees
            const bool adds_line = *rc::gen::inRange(0, 2) == 0;
            if (adds_line || request.headers.empty()) {
                request.headers.emplace_back("X-Forwarded-For", request.peer_address);
            } else {
                request.headers.back().second += ", " + request.peer_address;
            }
            request.peer_address = a_proxy();
        }
        take_out_proxies(request, trusted());
        RC_ASSERT(request.peer_address == client);
    }));
}

TEST(TrustedProxyProperties, WithoutTrustNothingChanges) {
    EXPECT_TRUE(rc::check("nobody is trusted, or who calls is not", [] {
        const bool is_proxy = *rc::gen::inRange(0, 2) == 0;
        auto request = from(is_proxy ? a_proxy() : a_client(), claims());
        const auto before = request;
        take_out_proxies(request, is_proxy ? TrustedProxies() : trusted());
        RC_ASSERT(request.peer_address == before.peer_address);
        RC_ASSERT(request.headers == before.headers);
    }));
}

TEST(TrustedProxyProperties, WhatIsLeftIsAnAddress) {
    EXPECT_TRUE(rc::check("whatever the headers say", [] {
        auto request = from(a_proxy(), claims());
        take_out_proxies(request, trusted());
        RC_ASSERT(IpAddress::read(request.peer_address).has_value());
        const auto again = request.peer_address;
        take_out_proxies(request, TrustedProxies());
        RC_ASSERT(request.peer_address == again);
    }));
}

}  // namespace
}  // namespace holdpoint::server
