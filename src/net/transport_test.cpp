// What our clients send, and what they read of answers, whoever gives them.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "net/server.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {
namespace {

using std::chrono::milliseconds;

Endpoint local(const Server& server) {
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port())};
}

TEST(EndpointTest, ReadsHostAndPortAndRefusesTheRest) {
    EXPECT_EQ(parse_endpoint("http://127.0.0.1:4566"), (Endpoint{false, "127.0.0.1", "4566"}));
    EXPECT_EQ(parse_endpoint("https://lambda.us-east-1.amazonaws.com/"),
              (Endpoint{true, "lambda.us-east-1.amazonaws.com", "443"}));
    EXPECT_EQ(parse_endpoint("http://[::1]:80"), (Endpoint{false, "::1", "80"}));
    for (const char* wrong : {"127.0.0.1:4566", "ftp://host", "http://", "http://host/path", "http://host:port",
                              "http://user@host", "http://host:65616", "http://[::1]80"}) {
        EXPECT_EQ(parse_endpoint(wrong), std::nullopt) << wrong;
    }
}

// A function could not read work whose caller had sent a long header, and ended.
TEST(TransportTest, ReadsHeadersAsLongAsARequestMayBring) {
    Server server({}, [](const Request& request, const Respond& respond) {
        respond({.status = 200, .headers = {{"X-Own", std::string(request.header("X-Own"))}}, .body = ""});
    });
    const std::string value(64'000, 'x');
    const auto answer = make_transport()->send(
        local(server), {.method = "GET", .target = "/", .headers = {{"X-Own", value}}, .body = ""}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->header("X-Own"), value);
}

TEST(TransportTest, AReadLimitEndsTheWaitAndSaysSo) {
    std::vector<Respond> held;
    Server server({}, [&](Request, Respond respond) { held.push_back(std::move(respond)); });
    const auto answer =
        make_transport()->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""},
                               {.connect = milliseconds{1000}, .read = milliseconds{20}});
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message.find("timed out after 20 ms"), std::string::npos) << answer.error().message;
    EXPECT_TRUE(answer.error().request_was_sent);
    server.stop(milliseconds{0});
    held.clear();
}

/// Takes one connection, and drips an answer that has no end within a minute, a byte at a time.
class DrippingEndpoint {
public:
    DrippingEndpoint() {
        acceptor_.open(boost::asio::ip::tcp::v4());
        acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
        acceptor_.listen();
        thread_ = std::thread([this] { drip(); });
    }
    ~DrippingEndpoint() { thread_.join(); }
    DrippingEndpoint(const DrippingEndpoint&) = delete;
    DrippingEndpoint& operator=(const DrippingEndpoint&) = delete;

    [[nodiscard]] Endpoint endpoint() const {
        return {.host = "127.0.0.1", .port = std::to_string(acceptor_.local_endpoint().port())};
    }
    /// Until it holds who came to it.
    void wait() { began_.get_future().wait(); }

private:
    static constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\n";

    void drip() {
        boost::system::error_code error;
        auto socket = acceptor_.accept();
        std::array<char, 1024> bytes{};
        socket.read_some(boost::asio::buffer(bytes), error);
        boost::asio::write(socket, boost::asio::buffer(kHead), error);
        began_.set_value();
        // Each read ends with a byte of the answer long before its own limit, until the client leaves.
        while (!error) boost::asio::write(socket, boost::asio::buffer("x", 1), error);
    }

    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    std::promise<void> began_;
    std::thread thread_;
};

/// Answers the requests of each connection with these texts in turn, whatever they ask, and then closes it.
class ScriptedEndpoint {
public:
    explicit ScriptedEndpoint(std::vector<std::string> answers) : answers_(std::move(answers)) {
        acceptor_.open(boost::asio::ip::tcp::v4());
        acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
        acceptor_.listen();
        thread_ = std::thread([this] { serve(); });
    }
    ~ScriptedEndpoint() {
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // ends the wait for another
        thread_.join();
    }
    ScriptedEndpoint(const ScriptedEndpoint&) = delete;
    ScriptedEndpoint& operator=(const ScriptedEndpoint&) = delete;

    [[nodiscard]] Endpoint endpoint() const {
        return {.host = "127.0.0.1", .port = std::to_string(acceptor_.local_endpoint().port())};
    }

private:
    void serve() {
        while (true) {
            boost::system::error_code error;
            auto socket = acceptor_.accept(error);
            if (error) return;
            std::array<char, 1024> request{};
            for (const std::string& answer : answers_) {
                socket.read_some(boost::asio::buffer(request), error);
                if (!error) boost::asio::write(socket, boost::asio::buffer(answer), error);
            }
        }
    }

    const std::vector<std::string> answers_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    std::thread thread_;
};

/// Status and body, or what went wrong.
std::string ask(Transport& transport, const Endpoint& endpoint) {
    const auto answer = transport.send(endpoint, {.method = "GET", .target = "/", .headers = {}, .body = ""},
                                       {.read = milliseconds{10000}, .whole = milliseconds{10000}});
    return answer ? std::to_string(answer->status) + " " + answer->body : answer.error().message;
}

// An endpoint that said something in between was taken to have refused a message. (RFC 9110, 15.2)
TEST(TransportTest, AnInterimAnswerIsNotTheAnswer) {
    const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
    const auto transport = make_transport();
    const ScriptedEndpoint endpoint({"HTTP/1.1 100 Continue\r\n\r\n" + hint + answer, answer});
    EXPECT_EQ(ask(*transport, endpoint.endpoint()), "200 done");
    EXPECT_EQ(ask(*transport, endpoint.endpoint()), "200 done");
    std::string hints;
    for (int i = 0; i < 100; ++i) hints += hint;
    EXPECT_TRUE(ask(*transport, ScriptedEndpoint({hints + answer}).endpoint())
                    .ends_with("more interim answers than an answer has"));
    EXPECT_TRUE(
        ask(*transport, ScriptedEndpoint({hint}).endpoint()).ends_with("the connection was closed without an answer"));
}

TEST(TransportTest, WhatComesBehindAnAnswerIsNotTheNextOne) {
    const std::string forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    const ScriptedEndpoint endpoint({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst" + forged, forged});
    const auto transport = make_transport();
    EXPECT_EQ(ask(*transport, endpoint.endpoint()), "200 first");
    EXPECT_EQ(ask(*transport, endpoint.endpoint()), "200 first") << "on a connection of its own";
}

// A service that ended while it acted on a request was sent it again, and acted twice.
TEST(TransportTest, WhatMayHappenOnceIsNotSentAgain) {
    const ScriptedEndpoint endpoint({"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone", ""});
    const auto transport = make_transport();
    Request request{.method = "POST", .target = "/", .headers = {}, .body = "x"};
    ASSERT_TRUE(transport->send(endpoint.endpoint(), request, {}));
    ASSERT_TRUE(transport->send(endpoint.endpoint(), request, {})) << "on a new connection, without a word";
    request.once = true;
    const auto answer = transport->send(endpoint.endpoint(), request, {});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().message.ends_with("the connection was closed without an answer"));
    EXPECT_TRUE(answer.error().request_was_sent);
}

// An endpoint could fill the server's memory for as long as a delivery may take.
TEST(TransportTest, WhatFollowsAnAnswersBodyHasAnEnd) {
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string more(300'000, 'a');
    const auto transport = make_transport();
    EXPECT_EQ(ask(*transport, ScriptedEndpoint({head + "2;a=b\r\nok\r\n0\r\nA: b\r\n\r\n"}).endpoint()), "200 ok");
    for (const std::string where : {"0\r\nA: ", "2;"}) {
        EXPECT_TRUE(ask(*transport, ScriptedEndpoint({head + where + more}).endpoint()).ends_with("do not end"))
            << where;
    }
}

TEST(TransportTest, AnAnswerThatDripsEndsWithTheLimitOfTheWhole) {
    const DrippingEndpoint endpoint;
    const auto answer =
        make_transport()->send(endpoint.endpoint(), {.method = "GET", .target = "/", .headers = {}, .body = ""},
                               {.read = milliseconds{10000}, .whole = milliseconds{100}});
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().message.contains("timed out")) << answer.error().message;
}

TEST(TransportTest, WhatIsUnderWayEndsWhenItIsAborted) {
    DrippingEndpoint endpoint;
    const auto transport = make_transport();
    const auto send = [&] {
        return transport->send(endpoint.endpoint(), {.method = "GET", .target = "/", .headers = {}, .body = ""},
                               {.read = milliseconds{10000}});
    };
    auto answer = std::async(std::launch::async, send);
    endpoint.wait();
    transport->abort();
    EXPECT_FALSE(answer.get());
    const auto later = send();
    ASSERT_FALSE(later);
    EXPECT_TRUE(later.error().message.ends_with("nothing is sent any more")) << later.error().message;
}

// A function whose service had hung up ended with SIGPIPE, when it spoke TLS.
TEST(TransportTest, WhoHangsUpEndsNoProgram) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ::close(ends[1]);
    const auto stream = start_tls(Socket(ends[0]), "a.example", milliseconds{10000}, Trust::aws);
    ASSERT_FALSE(stream);
    EXPECT_TRUE(stream.error().starts_with("TLS with a.example: ")) << stream.error();
}

TEST(TransportTest, AnAddressIsNotSentAsAServersName) {
    const auto greeting = [](const std::string& host) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        const Socket server(ends[1]);
        EXPECT_FALSE(start_tls(Socket(ends[0]), host, milliseconds{1}, Trust::aws)) << "nobody answers";
        std::array<char, 4096> bytes{};
        const ssize_t count = ::recv(server.get(), bytes.data(), bytes.size(), 0);
        return std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    };
    EXPECT_TRUE(greeting("a.example").contains("a.example"));
    EXPECT_FALSE(greeting("192.0.2.7").contains("192.0.2.7"));
    EXPECT_FALSE(greeting("2001:db8::7").contains("2001:db8::7"));
}

TEST(TransportTest, ARefusedConnectionNamesTheAddress) {
    std::uint16_t port = 0;
    {
        Server server({}, [](Request, Respond respond) { respond({}); });
        port = server.port();
    }
    const auto answer = make_transport()->send({false, "127.0.0.1", std::to_string(port)},
                                               {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message.find(std::to_string(port)), std::string::npos);
    EXPECT_FALSE(answer.error().request_was_sent);
}

}  // namespace
}  // namespace holdpoint::net
