// What a listener takes of a client: how much, how many, and for how long.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>

#include "base/test_few_files.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {
namespace {

using std::chrono::milliseconds;

class LimitsTest : public ::testing::Test {
protected:
    void serve(ServerOptions options) {
        server_ = std::make_unique<Server>(std::move(options), [](Request request, const Respond& respond) {
            respond({.status = 200, .headers = {}, .body = request.peer_address});
        });
    }
    std::unique_ptr<Stream> connect() {
        auto stream = connect_stream({.tls = false, .host = "127.0.0.1", .port = std::to_string(server_->port())},
                                     milliseconds{5000});
        EXPECT_TRUE(stream);
        return stream ? std::move(*stream) : nullptr;
    }
    /// The first line of what is answered, or "closed".
    static std::string answer(Stream& stream) {
        char bytes[256];
        const auto count = stream.read_some(bytes, milliseconds{10000});
        if (!count || *count == 0) return "closed";
        const std::string text(bytes, *count);
        return text.substr(0, text.find("\r\n"));
    }
    std::string answer_to(const std::string& text) {
        const auto stream = connect();
        EXPECT_TRUE(stream->write_all(text, milliseconds{5000}));
        return answer(*stream);
    }

    std::unique_ptr<Server> server_;
};

TEST_F(LimitsTest, LongTargetsAndManyOrLargeHeadersAreRefused) {
    serve({.header_bytes_max = 8000, .header_count_max = 20, .target_bytes_max = 100});
    EXPECT_EQ(answer_to("GET /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 200 OK");
    EXPECT_EQ(answer_to("GET /" + std::string(100, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 414 URI Too Long");
    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 21; ++i) many += "A" + std::to_string(i) + ": b\r\n";
    EXPECT_EQ(answer_to(many + "\r\n"), "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nA: " + std::string(9000, 'a') + "\r\n\r\n"),
              "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST_F(LimitsTest, WhatAnotherServerMightReadAsAnotherRequestIsRefused) {
    serve({});
    const std::string behind = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    for (const std::string coding : {"gzip", "identity", "xchunked", "chunked, gzip", "gzip, chunked", ""}) {
        const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: " + coding + "\r\n";
        EXPECT_EQ(answer_to(head + "\r\n" + behind), "HTTP/1.1 400 Bad Request") << coding;
        EXPECT_EQ(answer_to(head + "Content-Length: 0\r\n\r\n" + behind), "HTTP/1.1 400 Bad Request") << coding;
    }
    const std::string two_lengths = "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nHost: h\r\n" + two_lengths + behind), "HTTP/1.1 400 Bad Request");
    for (const std::string codings : {"chunked\r\nTransfer-Encoding: gzip", "gzip\r\nTransfer-Encoding: chunked"}) {
        EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: " + codings + "\r\n\r\n" + behind),
                  "HTTP/1.1 400 Bad Request");
    }
    EXPECT_EQ(answer_to("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + behind), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
              "HTTP/1.1 200 OK");

    // Servers that end a line at its line feed would see the next chunk begin within the quotes.
    const auto chunk = [&](const std::string& extension) {
        const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
        return answer_to(head + "2;" + extension + "\r\n{}\r\n0\r\n\r\n");
    };
    EXPECT_EQ(chunk("a=\"b\tc\""), "HTTP/1.1 200 OK");
    EXPECT_EQ(chunk("a=\"\n2\""), "HTTP/1.1 400 Bad Request");

    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nHost: h\r\nHost: other\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("GET / HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 Bad Request");
    EXPECT_EQ(answer_to("GET / HTTP/1.0\r\n\r\n"), "HTTP/1.1 200 OK");
}

TEST_F(LimitsTest, WhatIsNoTargetOrNoHostIsRefused) {
    serve({});
    for (const std::string target :
         {"x", "a.example:443", "*", "/a#b", "http://", "http:///x", "http://u@h/x", "http://h:x/", "ftp://h/x"}) {
        EXPECT_EQ(answer_to("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"), "HTTP/1.1 400 Bad Request") << target;
    }
    const auto with_host = [&](const std::string& host) {
        return answer_to("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    };
    for (const std::string host :
         {"h, other", "a/b", "u@h", "h?x", "h#x", "h\\x", "h:x", ":80", "[::1", "[]", "\xc3\xa9"})
        EXPECT_EQ(with_host(host), "HTTP/1.1 400 Bad Request") << host;
    for (const std::string host : {"", "h", "h:", "H.example.:80", "a_b", "192.0.2.1:80", "[::1]", "[::1]:80"})
        EXPECT_EQ(with_host(host), "HTTP/1.1 200 OK") << host;
}

// RFC 9110, 6.5.1: what comes after the body must not count as what came before it.
TEST_F(LimitsTest, WhatFollowsAChunkedBodyIsNoHeader) {
    server_ = std::make_unique<Server>(ServerOptions{}, [](const Request& request, const Respond& respond) {
        std::string names;
        for (const auto& [name, value] : request.headers) names += name + "=" + value + ";";
        for (const auto& [name, value] : request.trailers) names += name + "~" + value + ";";
        respond({.status = 200, .headers = {}, .body = names + request.body});
    });
    const std::string head =
        "POST / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string body =
        "2\r\n{}\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nHost: evil\r\nX-Amz-Target: T\r\nConnection: close\r\n\r\n";
    const std::string expected =
        "Host=h;X-Forwarded-For=1.2.3.4;Transfer-Encoding=chunked;X-Amz-Target~T;Connection~close;{}";
    for (const bool at_once : {true, false}) {
        const auto stream = connect();
        ASSERT_TRUE(stream->write_all(at_once ? head + body : head, milliseconds{5000}));
        ASSERT_TRUE(stream->write_all(at_once ? "" : body, milliseconds{5000}));
        std::string answer;
        char bytes[1024];
        while (!answer.ends_with("{}")) {
            const auto count = stream->read_some(bytes, milliseconds{10000});
            ASSERT_TRUE(count && *count > 0);
            answer.append(bytes, *count);
        }
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
        EXPECT_TRUE(answer.ends_with("\r\nContent-Length: " + std::to_string(expected.size()) + "\r\n\r\n" + expected))
            << answer;
    }
}

TEST_F(LimitsTest, WhatFollowsAChunkedBodyOrAChunksSizeHasAnEnd) {
    serve({.header_bytes_max = 8000});
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string more(200'000, 'a');
    EXPECT_EQ(answer_to(head + "0\r\nA: " + more), "HTTP/1.1 431 Request Header Fields Too Large");
    EXPECT_EQ(answer_to(head + "2;" + more), "HTTP/1.1 431 Request Header Fields Too Large");
}

TEST_F(LimitsTest, ABodyMayBeAsLargeAsItsServiceTakes) {
    serve({.body_bytes_max = 1'000'000,
           .body_limit = [](const Request& head) { return head.target == "/small" ? 70'000U : 1'000'000U; },
           .too_large =
               [](const Request& head, std::size_t limit) {
                   return Response{
                       .status = 413, .headers = {{"Said", head.target + std::to_string(limit)}}, .body = {}};
               }});
    const auto post = [&](const std::string& target, const std::string& header) {
        return answer_to("POST " + target + " HTTP/1.1\r\nHost: h\r\n" + header + "\r\n\r\n");
    };
    EXPECT_EQ(post("/small", "Content-Length: 70001"), "HTTP/1.1 413 Payload Too Large") << "before it is sent";
    EXPECT_EQ(post("/large", "Content-Length: 1000001"), "HTTP/1.1 413 Payload Too Large");
    const auto said = make_transport()->send(
        {.tls = false, .host = "127.0.0.1", .port = std::to_string(server_->port())},
        {.method = "POST", .target = "/small", .headers = {}, .body = std::string(70001, 'x')}, {});
    ASSERT_TRUE(said) << said.error().message;
    EXPECT_EQ(said->header("Said"), "/small70000");
    const std::string chunk = "11171\r\n" + std::string(70001, 'x') + "\r\n0\r\n\r\n";
    EXPECT_EQ(answer_to("POST /small HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk),
              "HTTP/1.1 413 Payload Too Large");
    EXPECT_EQ(answer_to("POST /large HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk),
              "HTTP/1.1 200 OK");
}

// Strangers could fill the memory: what a body says is only checked when all of it is there.
TEST_F(LimitsTest, AllBodiesTogetherHaveALimit) {
    std::promise<Respond> asked;
    server_ = std::make_unique<Server>(ServerOptions{.bodies_bytes_max = 100'000},
                                       [&](const Request& request, Respond respond) {
                                           if (request.target == "/held") return asked.set_value(std::move(respond));
                                           respond({});
                                       });
    const auto post = [](const std::string& target, std::size_t size) {
        return "POST " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
               std::string(size, 'x');
    };
    EXPECT_EQ(answer_to(post("/", 200'000)), "HTTP/1.1 503 Service Unavailable") << "alone too large";
    const auto held = connect();
    ASSERT_TRUE(held->write_all(post("/held", 140'000), milliseconds{5000}));
    Respond respond = asked.get_future().get();
    EXPECT_EQ(answer_to(post("/", 140'000)), "HTTP/1.1 503 Service Unavailable");
    EXPECT_EQ(answer_to(post("/", 60'000)), "HTTP/1.1 200 OK") << "what is small is always read";
    std::exchange(respond, nullptr)({});
    EXPECT_EQ(answer(*held), "HTTP/1.1 200 OK");
    EXPECT_EQ(answer_to(post("/", 140'000)), "HTTP/1.1 200 OK") << "there is room again";
}

TEST_F(LimitsTest, WhoSendsSlowlyIsToldAndLeft) {
    serve({.header_timeout = std::chrono::seconds{1}, .body_timeout = std::chrono::seconds{1}});
    const auto header = connect();
    ASSERT_TRUE(header->write_all("GET / HTTP/1.1\r\nA: ", milliseconds{5000}));
    const auto body = connect();
    ASSERT_TRUE(body->write_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nx", milliseconds{5000}));
    EXPECT_EQ(answer(*header), "HTTP/1.1 408 Request Timeout");
    EXPECT_EQ(answer(*body), "HTTP/1.1 408 Request Timeout");
}

// A phone with a slow connection got the start of a large answer.
TEST_F(LimitsTest, ALargeAnswerMayTakeItsTimeToBeRead) {
    const std::string large(40'000'000, 'x');  // more than the system keeps for a connection
    server_ = std::make_unique<Server>(
        ServerOptions{.header_timeout = std::chrono::seconds{1}, .idle_timeout = std::chrono::seconds{3}},
        [&](const Request&, const Respond& respond) { respond({.status = 200, .headers = {}, .body = large}); });
    const auto slow = connect();
    ASSERT_TRUE(slow->write_all("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", milliseconds{5000}));
    EXPECT_EQ(answer(*connect()), "closed") << "the time passes meanwhile";
    std::size_t size = 0;
    std::vector<char> piece(1'000'000);
    while (true) {
        const auto count = slow->read_some(piece, milliseconds{10000});
        ASSERT_TRUE(count) << count.error();
        if (*count == 0) break;
        size += *count;
    }
    EXPECT_GT(size, large.size());
}

TEST_F(LimitsTest, IdleConnectionsAreClosed) {
    serve({.idle_timeout = std::chrono::seconds{1}});
    EXPECT_EQ(answer(*connect()), "closed");
}

TEST_F(LimitsTest, MoreConnectionsThanThereMayBeAreTurnedAway) {
    serve({.connections_max = 2});
    const auto one = connect();
    const auto two = connect();
    ASSERT_TRUE(one->write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{5000}));
    EXPECT_EQ(answer(*one), "HTTP/1.1 200 OK");
    ASSERT_TRUE(two->write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{5000}));
    EXPECT_EQ(answer(*two), "HTTP/1.1 200 OK");
    EXPECT_EQ(answer(*connect()), "HTTP/1.1 503 Service Unavailable");
}

// A thousand idle clients kept functions from their work: nothing could be opened for them.
TEST_F(LimitsTest, ClientsLeaveAQuarterOfTheFilesToTheServer) {
    serve({});
    (void)connect();  // what is opened once, is
    constexpr int kMore = 150;
    const holdpoint::test::FewFiles few(kMore);
    rlimit files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
    std::vector<std::unique_ptr<Stream>> connected;
    std::string got;
    while (connected.size() < kMore && got != "HTTP/1.1 503 Service Unavailable") {
        connected.push_back(connect());
        ASSERT_TRUE(connected.back());
        ASSERT_TRUE(connected.back()->write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{5000}));
        got = answer(*connected.back());
    }
    EXPECT_EQ(got, "HTTP/1.1 503 Service Unavailable");
    const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    EXPECT_LE(static_cast<rlim_t>(next), files.rlim_cur - files.rlim_cur / 4 + 2);
}

TEST_F(LimitsTest, OneAddressMayHaveItsShareOfConnections) {
    serve({.connections_per_address_max = 1});
    {
        const auto one = connect();
        ASSERT_TRUE(one->write_all("GET / HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{5000}));
        EXPECT_EQ(answer(*one), "HTTP/1.1 200 OK");
        EXPECT_EQ(answer(*connect()), "HTTP/1.1 429 Too Many Requests");
    }
    std::string got;
    for (int i = 0; i < 1000 && got != "HTTP/1.1 200 OK"; ++i) got = answer_to("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(got, "HTTP/1.1 200 OK") << "its place is free again";
}

TEST(LoopbackTest, IsWhatStaysOnThisMachine) {
    EXPECT_TRUE(is_loopback("127.0.0.1"));
    EXPECT_TRUE(is_loopback("127.9.9.9"));
    EXPECT_TRUE(is_loopback("::1"));
    EXPECT_FALSE(is_loopback("0.0.0.0"));
    EXPECT_FALSE(is_loopback("::"));
    EXPECT_FALSE(is_loopback("192.0.2.1"));
    EXPECT_FALSE(is_loopback("no such host"));
}

// A name server that did not answer kept a thread of the deliveries for as long as the system's resolver likes.
TEST(ResolveTest, ANameThatTakesTooLongIsGivenUp) {
    std::promise<void> let_go;
    std::promise<void> is_over;
    const auto hangs = [waits = let_go.get_future().share(), &is_over](const std::string& host, const std::string&) {
        waits.wait();
        is_over.set_value();
        return resolve(host, "1", AI_NUMERICHOST);
    };
    const auto found = resolve_within("127.0.0.1", "1", milliseconds{1}, hangs);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), "timed out after 1 ms");
    let_go.set_value();
    is_over.get_future().wait();
}

TEST(ResolveTest, ANameInTimeIsAnsweredAsTheSystemDoes) {
    const auto numeric = [](const std::string& host, const std::string& port) {
        return resolve(host, port, AI_NUMERICHOST);
    };
    const auto found = resolve_within("127.0.0.1", "80", milliseconds{10000}, numeric);
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)->ai_family, AF_INET);
    const auto none = resolve_within("a.name", "80", milliseconds{0}, numeric);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), ::gai_strerror(EAI_NONAME));
}

}  // namespace
}  // namespace holdpoint::net
