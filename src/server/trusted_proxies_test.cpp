// Whom a request comes from, with and without proxies that are trusted.
#include "server/trusted_proxies.hpp"

#include <gtest/gtest.h>

namespace holdpoint::server {
namespace {

TrustedProxies proxies(std::string_view text) {
    TrustedProxies read;
    EXPECT_TRUE(read_trusted_proxies(text, read)) << text;
    return read;
}

net::Request from(std::string peer, net::Headers headers, bool is_secure = false) {
    return {.method = "GET",
            .target = "/",
            .headers = std::move(headers),
            .body = {},
            .peer_address = std::move(peer),
            .is_secure = is_secure};
}

/// The client's address; behind a space what is left of X-Forwarded-For.
std::string client(const std::string& forwarded, std::string peer = "10.0.0.1",
                   std::string_view trusted = "10.0.0.0/8,::1") {
    auto request = from(std::move(peer), {{"x-forwarded-for", forwarded}});
    take_out_proxies(request, proxies(trusted));
    const std::string rest(request.header("X-Forwarded-For"));
    return request.peer_address + (rest.empty() ? "" : " " + rest);
}

TEST(TrustedProxiesTest, TheFirstOneThatIsNotTrustedIsTheClient) {
    EXPECT_EQ(client("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(client("192.0.2.7, 10.0.0.9"), "192.0.2.7") << "two proxies";
    EXPECT_EQ(client("192.0.2.7", "::1"), "192.0.2.7");
    EXPECT_EQ(client("192.0.2.7", "::ffff:10.0.0.1"), "192.0.2.7") << "a proxy as a listener on [::] sees it";
    EXPECT_EQ(client("2001:DB8::1"), "2001:db8::1");
    EXPECT_EQ(client("10.0.0.7"), "10.0.0.7") << "a proxy that asks for itself, through another";
}

TEST(TrustedProxiesTest, AClientCannotSayWhoItIs) {
    EXPECT_EQ(client("198.51.100.1", "192.0.2.7"), "192.0.2.7 198.51.100.1") << "no proxy: not believed, and handed on";
    EXPECT_EQ(client("198.51.100.1", "10.0.0.1", ""), "10.0.0.1 198.51.100.1") << "without the setting nobody is";
    EXPECT_EQ(client("198.51.100.1, 192.0.2.7"), "192.0.2.7 198.51.100.1") << "what it sent through the proxy";
    EXPECT_EQ(client("127.0.0.1,10.0.0.5, 192.0.2.7,10.0.0.9"), "192.0.2.7 127.0.0.1, 10.0.0.5");
    EXPECT_EQ(client("192.0.2.7", "nobody"), "nobody 192.0.2.7");
    EXPECT_EQ(client("192.0.2.7", ""), " 192.0.2.7");
}

TEST(TrustedProxiesTest, WhatCannotBeReadEndsTheWalkAtTheLastGoodAddress) {
    for (const std::string bad : {"unknown", "_hidden", "192.0.2", "192.0.2.7:99999", "2001:db8::1]:80", "[192.0.2.7]",
                                  "", "  ", "192.0.2.7 198.51.100.1", "[::1", "]", "[]", ":", "[::1]x", "\xff"}) {
        EXPECT_TRUE(client("198.51.100.1, " + bad).starts_with("10.0.0.1 198.51.100.1,")) << bad;
        EXPECT_TRUE(client("198.51.100.1, " + bad + ", 10.0.0.9").starts_with("10.0.0.9 198.51.100.1,")) << bad;
    }
    EXPECT_EQ(client(""), "10.0.0.1");
}

TEST(TrustedProxiesTest, APortThatAProxyAddsIsNoPartOfTheAddress) {
    EXPECT_EQ(client("192.0.2.7:50000"), "192.0.2.7");
    EXPECT_EQ(client("[2001:db8::1]:50000"), "2001:db8::1");
    EXPECT_EQ(client("[2001:db8::1]"), "2001:db8::1");
}

TEST(TrustedProxiesTest, HeadersOfOneNameAreOneList) {
    auto request = from(
        "10.0.0.1", {{"X-Forwarded-For", "198.51.100.1"}, {"Host", "h"}, {"x-forwarded-for", "192.0.2.7, 10.0.0.2"}});
    take_out_proxies(request, proxies("10.0.0.0/8"));
    EXPECT_EQ(request.peer_address, "192.0.2.7");
    EXPECT_EQ(request.headers, (net::Headers{{"Host", "h"}, {"X-Forwarded-For", "198.51.100.1"}}));
}

TEST(TrustedProxiesTest, ATrustedProxySaysWhetherTheClientCameByTls) {
    const auto is_secure = [](const std::string& peer, net::Headers headers, bool as_seen = false) {
        auto request = from(peer, std::move(headers), as_seen);
        take_out_proxies(request, proxies("10.0.0.0/8"));
        return request.is_secure;
    };
    EXPECT_TRUE(is_secure("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-Proto", "https"}}));
    EXPECT_TRUE(is_secure("10.0.0.1", {{"X-Forwarded-Proto", "HTTPS"}}));
    EXPECT_FALSE(is_secure("10.0.0.1", {{"X-Forwarded-Proto", "http"}}, true))
        << "the proxy comes by TLS, the client did not";
    EXPECT_FALSE(is_secure("192.0.2.7", {{"X-Forwarded-Proto", "https"}})) << "no proxy";
    EXPECT_TRUE(is_secure("192.0.2.7", {{"X-Forwarded-Proto", "http"}}, true));
    EXPECT_TRUE(is_secure("10.0.0.1", {{"X-Forwarded-Proto", "gopher"}}, true)) << "not readable: as it came";
    EXPECT_FALSE(is_secure("10.0.0.1", {}));
    // Two proxies that each add what they saw, after what a client claimed.
    EXPECT_FALSE(is_secure("10.0.0.1",
                           {{"X-Forwarded-For", "192.0.2.7, 10.0.0.2"}, {"X-Forwarded-Proto", "https, http, https"}}));
    EXPECT_TRUE(is_secure("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7, 10.0.0.2"}, {"X-Forwarded-Proto", "https"}}));
}

TEST(TrustedProxiesTest, AListOfAddressesAndNetworksAndNothingElse) {
    EXPECT_EQ(to_text(proxies("10.0.0.0/8, ::1,192.0.2.7")), "10.0.0.0/8,::1,192.0.2.7");
    EXPECT_TRUE(proxies("").empty());
    TrustedProxies none;
    for (const std::string_view bad : {"localhost", "10.0.0.0/33", "10.0.0.1,", ",", " ", "10.0.0.1 10.0.0.2", "*"}) {
        EXPECT_FALSE(read_trusted_proxies(bad, none)) << bad;
    }
}

}  // namespace
}  // namespace holdpoint::server
