#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "net/server.hpp"
#include "net/session.hpp"
#include "net/stream.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {
namespace {

using std::chrono::milliseconds;

Endpoint local(const Server& server) {
    return {.tls = false, .host = "127.0.0.1", .port = std::to_string(server.port())};
}

TEST(RequestTest, SplitsTargetIntoPathAndDecodedQuery) {
    const Request request{.method = "GET", .target = "/a%2Fb?x=1+2&y=%26&z", .headers = {{"X-Thing", "v"}}, .body = ""};
    EXPECT_EQ(request.path(), "/a%2Fb");
    const std::vector<std::pair<std::string, std::string>> expected{{"x", "1 2"}, {"y", "&"}, {"z", ""}};
    EXPECT_EQ(request.query(), expected);
    EXPECT_EQ(request.header("x-thing"), "v");
}

TEST(ServerTest, AnswersSeveralRequestsOnOneConnection) {
    Server server({}, [](Request request, Respond respond) {
        respond({.status = 201,
                 .headers = {{"X-Path", std::string(request.path())}},
                 .body = request.method + ":" + request.body});
    });
    const auto transport = make_transport();
    for (int i = 0; i < 3; ++i) {
        const auto answer = transport->send(
            local(server), {.method = "POST", .target = "/p?q", .headers = {}, .body = std::string(100000, 'b')}, {});
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 201);
        EXPECT_EQ(answer->header("x-path"), "/p");
        EXPECT_EQ(answer->body.size(), 100005U);
    }
}

TEST(ServerTest, AnAnswerMayComeLaterFromAnotherThread) {
    std::promise<Respond> held;
    Server server({}, [&](Request, Respond respond) { held.set_value(std::move(respond)); });
    const auto transport = make_transport();
    auto answer = std::async(std::launch::async, [&] {
        return transport->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    });
    held.get_future().get()({.status = 200, .headers = {}, .body = "late"});
    const auto got = answer.get();
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "late");
}

/// A folder that goes with the test; short, because a socket's path is.
class SocketTest : public ::testing::Test {
protected:
    SocketTest() {
        char name[] = "/tmp/holdpoint-XXXXXX";
        folder_ = ::mkdtemp(name);
    }
    ~SocketTest() override { std::filesystem::remove_all(folder_); }

    Endpoint endpoint() const { return {.host = "server.example", .port = "80", .socket = path()}; }
    std::string path() const { return folder_ + "/s"; }
    static Request request(std::string target = "/") {
        return {.method = "GET", .target = std::move(target), .headers = {}, .body = ""};
    }

    std::string folder_;
};

TEST_F(SocketTest, CarriesRequestsOfItsOwnerAndSaysSo) {
    Server server({.socket_path = path()}, [](const Request& request, const Respond& respond) {
        respond({.status = 200,
                 .headers = {},
                 .body = (request.is_over_socket ? "socket " : "tcp ") + request.peer_address + " " +
                         std::string(request.header("Host")) + request.target});
    });
    const auto transport = make_transport();
    for (const std::string target : {"/1", "/2"}) {
        const auto answer = transport->send(endpoint(), request(target), {});
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->body, "socket 127.0.0.1 server.example" + target);
    }
    struct stat found{};
    ASSERT_EQ(::stat(path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
    EXPECT_EQ(server.port(), 0);
}

TEST_F(SocketTest, TakesThePlaceOfOneThatWasLeftThere) {
    std::ofstream(path()) << "left";
    std::optional<Server> server(std::in_place, ServerOptions{.socket_path = path()},
                                 [](const Request&, const Respond& respond) { respond({}); });
    EXPECT_TRUE(make_transport()->send(endpoint(), request(), {}));
    server.reset();
    EXPECT_FALSE(std::filesystem::exists(path()));
    const auto answer = make_transport()->send(endpoint(), request(), {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message, "cannot connect to " + path() + ": No such file or directory");
    EXPECT_FALSE(answer.error().request_was_sent);
}

TEST_F(SocketTest, AReadLimitEndsTheWait) {
    std::vector<Respond> held;
    Server server({.socket_path = path()}, [&](Request, Respond respond) { held.push_back(std::move(respond)); });
    const auto answer = make_transport()->send(endpoint(), request(), {.read = milliseconds{20}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message, "GET " + path() + ": timed out after 20 ms");
    server.stop(milliseconds{0});
    held.clear();
}

TEST_F(SocketTest, APathThatIsTooLongIsRefused) {
    const std::string longest(107, 'x');
    EXPECT_TRUE(fits_socket(longest));
    EXPECT_FALSE(fits_socket(longest + "x"));
    const auto stream = connect_stream({.host = "h", .port = "80", .socket = longest + "x"}, milliseconds{1000});
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().find("too long"), std::string::npos) << stream.error();
    EXPECT_THROW(Server({.socket_path = longest + "x"}, [](const Request&, const Respond&) {}), std::runtime_error);
}

// What a request left to do is done before the thread waits for the next one, and again while there is more.
TEST_F(SocketTest, ARoundEndsWithWhatIsToFollowIt) {
    std::deque<Respond> held;
    int rounds = 0;
    const auto after_round = [&] {
        ++rounds;
        if (!held.empty()) {
            held.front()({.status = 200, .headers = {}, .body = "after"});
            held.pop_front();
        }
        return !held.empty();
    };
    Server server({.threads = 1, .socket_path = path(), .after_round = after_round},
                  [&](const Request& request, Respond respond) {
                      held.push_back(std::move(respond));
                      if (request.target == "/fails") throw std::runtime_error("the rest of the round is lost");
                  });
    const auto transport = make_transport();
    for (const std::string target : {"/", "/fails", "/"}) {
        const auto answer = transport->send(endpoint(), request(target), {.read = milliseconds{10000}});
        ASSERT_TRUE(answer) << answer.error().message;
    }
    server.stop(milliseconds{1000});
    EXPECT_TRUE(held.empty());
    EXPECT_GE(rounds, 3);
}

TEST_F(SocketTest, ARoundEndsAlsoWhereRequestsComeWithoutAPause) {
    constexpr int kRequests = 400;
    int handled = 0;
    int rounds = 0;  // before the last request
    const auto after_round = [&] {
        if (handled < kRequests) ++rounds;
        return false;
    };
    Server server({.threads = 1, .socket_path = path(), .after_round = after_round},
                  [&](const Request&, const Respond& respond) {
                      ++handled;
                      respond({.status = 200, .headers = {}, .body = "."});
                  });
    auto stream = connect_stream(endpoint(), milliseconds{10000});
    ASSERT_TRUE(stream) << stream.error();
    std::string requests;
    for (int i = 1; i < kRequests; ++i) requests += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    requests += "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    ASSERT_TRUE((*stream)->write_all(requests, milliseconds{10000}));
    std::array<char, 4096> part{};
    while (true) {
        const auto size = (*stream)->read_some(part, milliseconds{10000});
        ASSERT_TRUE(size) << size.error();
        if (*size == 0) break;
    }
    server.stop(milliseconds{1000});
    EXPECT_EQ(handled, kRequests);
    EXPECT_GE(rounds, 3);
}

TEST(ServerTest, ADroppedRequestIsAnswered500) {
    Server server({}, [](Request, const Respond&) {});
    const auto answer =
        make_transport()->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 500);
}

TEST(ServerTest, AHandlerThatThrowsIsAnswered500WithoutItsReason) {
    Server server({}, [](const Request&, const Respond&) { throw std::runtime_error("secret detail"); });
    const auto answer =
        make_transport()->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 500);
    EXPECT_EQ(answer->body.find("secret"), std::string::npos);
}

// It is written on an I/O thread, where nobody caught what the HTTP library throws at it.
TEST(ServerTest, AnAnswerThatCannotBeWrittenEndsOneConnectionOnly) {
    Server server({.threads = 1}, [](const Request& request, const Respond& respond) {
        if (request.target == "/") return respond({});
        respond({.status = 200, .headers = {{"X-Large", std::string(200'000, 'x')}}, .body = ""});
    });
    const auto transport = make_transport();
    EXPECT_FALSE(transport->send(local(server), {.method = "GET", .target = "/large", .headers = {}, .body = ""}, {}));
    const auto answer = transport->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
}

TEST(ServerTest, RefusesWhatIsTooLargeOrMalformed) {
    Server server({.body_bytes_max = 1000}, [](Request, Respond respond) { respond({}); });
    const auto transport = make_transport();
    const auto large = transport->send(
        local(server), {.method = "POST", .target = "/", .headers = {}, .body = std::string(20'000'000, 'x')}, {});
    ASSERT_TRUE(large) << large.error().message;  // although the refusal came long before the last byte was sent
    EXPECT_EQ(large->status, 413);
    auto stream = connect_stream(local(server), milliseconds{2000});
    ASSERT_TRUE(stream);
    ASSERT_TRUE((*stream)->write_all("this is not HTTP\r\n\r\n", milliseconds{2000}));
    char answer[64] = {};
    ASSERT_TRUE((*stream)->read_some(answer, milliseconds{5000}));
    EXPECT_EQ(std::string_view(answer, 12), "HTTP/1.1 400");
}

TEST(ServerTest, ConnectionsThatEndAtOnceAreForgotten) {
    Server server({}, [](Request, Respond respond) { respond({}); });
    for (int i = 0; i < 2000; ++i) (void)connect_stream(local(server), milliseconds{2000});
    const auto answer =
        make_transport()->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    EXPECT_TRUE(answer) << answer.error().message;
    server.stop(milliseconds{10000});
}

TEST(ServerTest, WhatIsOwedWhenItStopsIsStillAnswered) {
    std::promise<Respond> asked;
    Server server({}, [&](Request, Respond respond) { asked.set_value(std::move(respond)); });
    auto answer = std::async(std::launch::async, [&] {
        return make_transport()->send(local(server), {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
    });
    Respond respond = asked.get_future().get();
    auto stopping = std::async(std::launch::async, [&] { server.stop(milliseconds{10000}); });
    while (connect_stream(local(server), milliseconds{2000})) std::this_thread::yield();
    std::exchange(respond, nullptr)({.status = 200, .headers = {}, .body = "late"});
    const auto got = answer.get();
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(got->body, "late");
}

TEST(ServerTest, WhatHasNoBodyIsSentWithoutOne) {
    Server server({.threads = 1}, [](const Request& request, const Respond& respond) {
        const int status = std::stoi(request.target.substr(1));
        respond({.status = status, .headers = {{"Date", "now"}}, .body = "HTTP/1.1 200 OK\r\n\r\nforged"});
    });
    const auto stream = connect_stream(local(server), milliseconds{1000});
    ASSERT_TRUE(stream);
    for (const std::string status : {"204 No Content", "205 Reset Content", "304 Not Modified"}) {
        ASSERT_TRUE(
            (*stream)->write_all("GET /" + status.substr(0, 3) + " HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{1000}));
        char bytes[1024];
        const auto count = (*stream)->read_some(bytes, milliseconds{5000});
        ASSERT_TRUE(count) << count.error();
        const std::string length = status.starts_with("205") ? "Content-Length: 0\r\n" : "";
        EXPECT_EQ(std::string(bytes, *count), "HTTP/1.1 " + status + "\r\nDate: now\r\n" + length + "\r\n");
    }
}

TEST(ServerTest, AHeadersValueCannotBringFurtherLines) {
    const std::string head =
        to_head({.status = 200, .headers = {{"X-Name", "a\r\nSet-Cookie: b"}}, .body = {}}, 0, true, 11);
    EXPECT_EQ(head, "HTTP/1.1 200 OK\r\nX-Name: a  Set-Cookie: b\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(to_head({.status = 204, .headers = {}, .body = {}}, 0, false, 11),
              "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(ServerTest, RequestsThatComeTogetherOrInPiecesAreAnsweredInOrder) {
    Server server({.threads = 1}, [](const Request& request, const Respond& respond) {
        respond({.status = 200, .headers = {{"Date", "now"}}, .body = request.target + request.body});
    });
    const auto stream = connect_stream(local(server), milliseconds{1000});
    ASSERT_TRUE(stream);
    const std::string both =
        "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
        "POST /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
        "GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    for (std::size_t i = 0; i < both.size(); i += 7) {
        ASSERT_TRUE((*stream)->write_all(std::string_view(both).substr(i, 7), milliseconds{1000}));
    }
    std::string answers;
    char piece[1024];
    while (true) {
        const auto count = (*stream)->read_some(piece, milliseconds{5000});
        ASSERT_TRUE(count) << count.error();
        if (*count == 0) break;
        answers.append(piece, *count);
    }
    EXPECT_EQ(answers,
              "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\n/1one"
              "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\n/2two"
              "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: close\r\nContent-Length: 2\r\n\r\n/3");
}

/// All that comes until the server closes the connection.
std::string all_answers(Stream& stream) {
    std::string answers;
    char piece[1024];
    while (true) {
        const auto count = stream.read_some(piece, milliseconds{10000});
        if (!count || *count == 0) return answers;
        answers.append(piece, *count);
    }
}

std::string answers_to(const Server& server, const std::vector<std::string>& pieces) {
    const auto stream = connect_stream(local(server), milliseconds{5000});
    if (!stream) return stream.error();
    for (const std::string& piece : pieces) EXPECT_TRUE((*stream)->write_all(piece, milliseconds{5000}));
    return all_answers(**stream);
}

/// Answers what it was asked for, and of which host.
void echo(const Request& request, const Respond& respond) {
    respond({.status = 200,
             .headers = {{"Date", "now"}},
             .body = request.target + " " + std::string(request.header("Host"))});
}

// What clients say to a proxy, a server must take, too, and believe its host before the header's. (RFC 9112, 3.2.2)
TEST(ServerTest, ATargetMayBeAWholeAddress) {
    Server server({}, echo);
    const auto body = [&](const std::string& line, const std::string& version) {
        const std::string answer =
            answers_to(server, {line + " HTTP/" + version + "\r\nHost: h\r\nConnection: close\r\n\r\n"});
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    EXPECT_EQ(body("GET http://a.example:81/x?y=%2F", "1.1"), "/x?y=%2F a.example:81");
    EXPECT_EQ(body("GET HTTP://[::1]?y", "1.1"), "/?y [::1]");
    EXPECT_EQ(body("GET https://a.example", "1.0"), "/ a.example");
    EXPECT_EQ(body("OPTIONS *", "1.1"), "* h");
    EXPECT_EQ(body("GET /http://a.example/", "1.1"), "/http://a.example/ h");
}

TEST(ServerTest, AnEmptyLineBehindABodyIsNoRequest) {
    Server server({}, echo);
    EXPECT_EQ(answers_to(server, {"POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx\r", "\n",
                                  "\r\nGET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}),
              "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 4\r\n\r\n/1 h"
              "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: close\r\nContent-Length: 4\r\n\r\n/2 h");
}

// It would read the interim answer as the answer. (RFC 9110, 10.1.1)
TEST(ServerTest, AClientOfHttp10IsNotToldToGoOn) {
    Server server({.threads = 1}, echo);
    const auto answer = [&](const std::string& version) {
        const auto stream = connect_stream(local(server), milliseconds{5000});
        EXPECT_TRUE(stream && (*stream)->write_all("POST / HTTP/" + version +
                                                       "\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\n"
                                                       "Content-Length: 2\r\n\r\n{",
                                                   milliseconds{5000}));
        // By then the one thread has read that.
        EXPECT_NE(answers_to(server, {"GET / HTTP/1.0\r\n\r\n"}), "");
        EXPECT_TRUE((*stream)->write_all("}", milliseconds{5000}));
        const std::string answers = all_answers(**stream);
        return answers.substr(0, answers.find("\r\n"));
    };
    EXPECT_EQ(answer("1.0"), "HTTP/1.1 200 OK");
    EXPECT_EQ(answer("1.1"), "HTTP/1.1 100 Continue");
}

TEST(ServerTest, ARefusedHeadHasNoBody) {
    Server server({.target_bytes_max = 10}, echo);
    const std::string answer = answers_to(server, {"HEAD /" + std::string(10, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n"});
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 414 ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

// Whoever reset their connection in time had no address any more, which counted as this machine's own, and stood so in
// votes and limits; what they had sent was done all the same.
TEST(ServerTest, WhoLeftBeforeTheyWereTakenIsNotHeard) {
    std::promise<void> is_busy;
    std::promise<void> go_on;
    std::vector<std::string> heard;
    Server server({.threads = 1}, [&](const Request& request, const Respond& respond) {
        if (request.target == "/busy") {
            is_busy.set_value();
            go_on.get_future().wait();
        }
        heard.push_back(request.target + " " + request.peer_address);
        respond({});
    });
    const auto ask = [&](const std::string& target) {
        auto stream = connect_stream(local(server), milliseconds{5000});
        EXPECT_TRUE(stream &&
                    (*stream)->write_all("POST " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", milliseconds{5000}));
        return std::move(*stream);
    };
    const auto busy = ask("/busy");
    is_busy.get_future().wait();
    {
        const auto socket = ask("/gone")->take_socket();
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket->get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    const auto later = ask("/later");
    go_on.set_value();
    char byte[1];
    EXPECT_TRUE(later->read_some(byte, milliseconds{10000}));
    server.stop(milliseconds{10000});
    EXPECT_EQ(heard, (std::vector<std::string>{"/busy 127.0.0.1", "/later 127.0.0.1"}));
}

TEST(ServerTest, OfIpv6KnowsWhoComesOverIpv4ByTheirOwnAddress) {
    std::optional<Server> server;
    try {
        server.emplace(ServerOptions{.host = "::"}, [](const Request& request, const Respond& respond) {
            respond({.status = 200,
                     .headers = {},
                     .body = request.peer_address + " " + std::string(request.header("Host"))});
        });
    } catch (const std::exception& problem) {
        GTEST_SKIP() << "this machine has no IPv6: " << problem.what();
    }
    const std::string port = std::to_string(server->port());
    const auto body = [&](const std::string& host) {
        const auto answer = make_transport()->send({.host = host, .port = port},
                                                   {.method = "GET", .target = "/", .headers = {}, .body = ""}, {});
        return answer ? answer->body : answer.error().message;
    };
    EXPECT_EQ(body("::1"), "::1 [::1]:" + port);
    EXPECT_EQ(body("127.0.0.1"), "127.0.0.1 127.0.0.1:" + port);
    EXPECT_EQ(host_header({.tls = true, .host = "::1", .port = "443"}), "[::1]");
}

}  // namespace
}  // namespace holdpoint::net
