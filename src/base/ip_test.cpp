#include "base/ip.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdpoint {
namespace {

std::string address(std::string_view text) {
    const auto read = IpAddress::read(text);
    return read ? read->text() : "none";
}

bool is_in(std::string_view one, std::string_view network) {
    return IpNetwork::read(network).value().contains(IpAddress::read(one).value());
}

TEST(Ip, AnAddressHasOneForm) {
    EXPECT_EQ(address("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(address("2001:DB8:0:0::1"), "2001:db8::1");
    EXPECT_EQ(address("::ffff:192.0.2.7"), "192.0.2.7") << "a listener on [::] sees IPv4 so";
    EXPECT_EQ(IpAddress::read("::FFFF:192.0.2.7"), IpAddress::read("192.0.2.7"));
    for (const std::string_view none : {"", "unknown", "192.0.2", "192.0.2.256", "192.0.2.7 ", " ::1", "::1%eth0",
                                        "[::1]", "192.0.2.7:80", "192.0.2.0/24", ":", "1::2::3"}) {
        EXPECT_EQ(address(none), "none") << none;
    }
    EXPECT_EQ(address(std::string_view("10.0.0.1\0.evil", 14)), "none");
}

TEST(Ip, WhoeverHasAnIpv6NetworkCountsAsOne) {
    EXPECT_EQ(counted_as("192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(counted_as("::ffff:192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(counted_as("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(counted_as("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    EXPECT_EQ(counted_as("2001:db8:1:3::1"), "2001:db8:1:3::/64");
    EXPECT_EQ(counted_as("unknown"), "unknown");
    EXPECT_EQ(counted_as(""), "");
}

TEST(Ip, ANetworkHasTheAddressesThatBeginWithItsBits) {
    EXPECT_TRUE(is_in("10.200.0.1", "10.0.0.0/8"));
    EXPECT_FALSE(is_in("11.0.0.1", "10.0.0.0/8"));
    EXPECT_TRUE(is_in("192.0.2.127", "192.0.2.0/25"));
    EXPECT_FALSE(is_in("192.0.2.128", "192.0.2.0/25"));
    EXPECT_TRUE(is_in("198.51.100.1", "0.0.0.0/0"));
    EXPECT_FALSE(is_in("::1", "0.0.0.0/0")) << "every IPv4 address is no IPv6 address";
    EXPECT_TRUE(is_in("::1", "::1"));
    EXPECT_FALSE(is_in("::2", "::1"));
    EXPECT_TRUE(is_in("2001:db8:7fff::1", "2001:db8::/33"));
    EXPECT_FALSE(is_in("2001:db8:8000::1", "2001:db8::/33"));
    EXPECT_TRUE(is_in("::ffff:10.0.0.1", "10.0.0.0/8"));
    EXPECT_TRUE(is_in("10.0.0.1", "::ffff:10.0.0.0/104"));
    EXPECT_TRUE(is_in("10.9.9.9", "10.1.2.3/8")) << "what is behind its bits does not count";
}

TEST(Ip, WhatIsNoNetworkIsNone) {
    for (const std::string_view none :
         {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "10/8", "localhost"}) {
        EXPECT_FALSE(IpNetwork::read(none)) << none;
    }
    for (const std::string_view text : {"10.0.0.0/8", "::1", "2001:db8::/32", "192.0.2.7"}) {
        EXPECT_EQ(IpNetwork::read(text).value().text(), text);
    }
}

}  // namespace
}  // namespace holdpoint
