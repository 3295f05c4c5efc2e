#include "net/socket_owner.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <string>

#include "base/owned.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000:9C40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1 0 100 0 0 10 0\n"
    "   1: 0100007F:8001 0706057F:9C40 01 00000000:00000000 00:00000000 00000000  1001        0 12 1 0 20 4 30 10 -1\n"
    "   2: 0706057F:9C40 0100007F:8001 01 00000000:00000000 00:00000000 00000000  1000        0 13 1 0 20 4 30 10 -1\n"
    "   3: 0100007F:8002 0706057F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n"
    "   4: 0100007F:8003 0706057F:9C40 06 00000000:00000000 03:00000F9F 00000000     0        0 0 3 0\n"
    "   5: 0100007F:8004 0706057F:9C40 01 00000000:00000000 00:00000000 0000";

/// From a port of 127.0.0.1 to 127.5.6.7, port 40000.
Connected from_port(std::uint16_t port) {
    return {.from = {ip::make_address_v4("127.0.0.1"), port}, .to = {ip::make_address_v4("127.5.6.7"), 40000}};
}

TEST(SocketOwnerTest, IsTheUserOfTheSocketThatConnected) {
    EXPECT_EQ(owner_in(kTable, from_port(0x8001)), 1001U);
    const Connected back{.from = from_port(0x8001).to, .to = from_port(0x8001).from};
    EXPECT_EQ(owner_in(kTable, back), 1000U);
    EXPECT_EQ(owner_in(kTable, from_port(0x8000)), std::nullopt);
    EXPECT_EQ(owner_in("", from_port(0x8001)), std::nullopt);
}

// The kernel says 0 of what was closed, whoever had it: without this, anyone could send as root and be gone.
TEST(SocketOwnerTest, IsNobodyOnceTheSocketIsClosed) {
    EXPECT_EQ(owner_in(kTable, from_port(0x8002)), std::nullopt);
    EXPECT_EQ(owner_in(kTable, from_port(0x8003)), std::nullopt);
    EXPECT_EQ(owner_in(kTable, from_port(0x8004)), std::nullopt) << "a line that breaks off";
}

TEST(SocketOwnerTest, IsFoundWhereIpv4IsMappedIntoIpv6) {
    constexpr std::string_view kMapped =
        "   0: 0000000000000000FFFF00000100007F:8001 0000000000000000FFFF00000706057F:9C40 01 00000000:00000000 "
        "00:00000000 00000000  1001        0 12 1 0 20 4 30 10 -1\n";
    EXPECT_EQ(owner_in(kMapped, from_port(0x8001)), 1001U);
}

TEST(SocketOwnerTest, IsAskedForOrLookedUp) {
    boost::asio::io_context io;
    ip::tcp::acceptor acceptor(io, {ip::make_address_v4("127.5.6.7"), 0});
    ip::tcp::socket socket(io);
    socket.connect(acceptor.local_endpoint());
    const Connected connection{.from = socket.local_endpoint(), .to = acceptor.local_endpoint()};
    const Connected other{.from = connection.from, .to = {ip::make_address_v4("127.5.6.8"), connection.to.port()}};
    const Socket kernel(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (kernel.get() >= 0) {
        EXPECT_EQ(ask_owner(connection), ::geteuid());
    }
    EXPECT_EQ(look_up_owner(connection), ::geteuid());
    for (const auto owner_of : {ask_owner, look_up_owner}) EXPECT_EQ(owner_of(other), std::nullopt);
    socket.close();  // its end is in the list for as long as the other one is open
    for (const auto owner_of : {ask_owner, look_up_owner}) EXPECT_EQ(owner_of(connection), std::nullopt);
}

/// What the server answers whoever sends a request to that address; nothing when it only closes the connection.
std::string answer_of(const std::string& address, std::uint16_t port) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &name.sin_addr);
    const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return "no connection";
    constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    (void)::send(socket.get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
    char bytes[1024];
    const ssize_t count = ::recv(socket.get(), bytes, sizeof bytes, 0);
    return {bytes, count > 0 ? static_cast<std::size_t>(count) : 0};
}

class LoopbackListenerTest : public ::testing::Test {
protected:
    Server server_{{.threads = 1, .every_loopback_address = true}, [](const Request& request, const Respond& respond) {
                       respond({.status = 200, .headers = {}, .body = "at " + request.local_address + "."});
                   }};
};

TEST_F(LoopbackListenerTest, ARequestSaysWhichAddressItCameTo) {
    EXPECT_TRUE(answer_of("127.5.6.7", server_.port()).contains("at 127.5.6.7."));
    EXPECT_TRUE(answer_of("127.200.6.8", server_.port()).contains("at 127.200.6.8."));
}

TEST_F(LoopbackListenerTest, TakesProgramsThatKnowIpv6Alone) {
    const Endpoint mapped{.tls = false, .host = "::ffff:127.5.6.7", .port = std::to_string(server_.port())};
    const auto answer = make_transport()->send(mapped, {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "at 127.5.6.7.");
}

TEST_F(LoopbackListenerTest, AnswersNoOtherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    constexpr uid_t kNobody = 65534;
    const pid_t child = ::fork();
    if (child == 0) {
        const bool is_nobody = ::setuid(kNobody) == 0;
        ::_exit(is_nobody && answer_of("127.5.6.7", server_.port()).empty() ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(answer_of("127.5.6.7", server_.port()).contains("200 OK")) << "the others are answered as before";
}

/// One of this machine's that others can reach; empty when it has none.
std::string outer_address() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return {};
    const Owned<ifaddrs, ::freeifaddrs> list(first);
    for (const ifaddrs* entry = list.get(); entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
        char text[INET_ADDRSTRLEN];
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
        if (std::string(text).substr(0, 4) != "127.") return text;
    }
    return {};
}

TEST_F(LoopbackListenerTest, AnswersAtNoOtherOfTheMachinesAddresses) {
    const std::string outer = outer_address();
    if (outer.empty()) GTEST_SKIP() << "this machine has no other address";
    EXPECT_FALSE(answer_of(outer, server_.port()).contains("200 OK"));
}

}  // namespace
}  // namespace holdpoint::net
