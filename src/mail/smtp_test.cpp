// SMTP with a server of a test: what its answers mean for a mail.
#include "mail/smtp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "net/stream.hpp"

namespace holdpoint::mail {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Takes one connection without TLS, and answers each command by its first word.
class Server {
public:
    explicit Server(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {
        acceptor_.open(asio::ip::tcp::v4());
        acceptor_.bind({asio::ip::address_v4::loopback(), 0});
        acceptor_.listen();
        thread_ = std::thread([this] { serve(); });
    }
    ~Server() { thread_.join(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] SmtpServer address() const {
        return {
            .endpoint = {.tls = false, .host = "127.0.0.1", .port = std::to_string(acceptor_.local_endpoint().port())}};
    }

private:
    void serve() {
        auto socket = acceptor_.accept();
        boost::system::error_code error;
        std::string bytes;
        const auto say = [&](const std::string& line) { asio::write(socket, asio::buffer(line + "\r\n"), error); };
        const auto read_to = [&](std::string_view end) {
            const std::size_t count = asio::read_until(socket, asio::dynamic_buffer(bytes), end, error);
            const std::string text = bytes.substr(0, count);
            bytes.erase(0, count);
            return text;
        };
        say("220 mail.test");
        while (!error) {
            const std::string line = read_to("\r\n");
            const std::string word = line.substr(0, line.find_first_of(" \r"));
            if (error || word == "QUIT") return;
            const auto answer = answers_.find(word);
            const bool is_data = word == "DATA" && answer == answers_.end();
            say(answer != answers_.end() ? answer->second : is_data ? "354 send it" : "250 fine");
            if (!is_data) continue;
            read_to("\r\n.\r\n");
            const auto end = answers_.find(".");
            say(end != answers_.end() ? end->second : "250 taken");
        }
    }

    std::map<std::string, std::string> answers_;
    asio::io_context io_;
    asio::ip::tcp::acceptor acceptor_{io_};
    std::thread thread_;
};

Sent sent_to(const SmtpServer& server, const SmtpLimits& limits = {}) {
    return send(server,
                {.from = "approvals@example.com",
                 .from_name = {},
                 .to = "ann@example.com",
                 .subject = "Approval needed",
                 .text = "Open it.\n",
                 .unsubscribe_url = {},
                 .id = "1",
                 .at = {}},
                limits);
}

std::string outcome(std::map<std::string, std::string> answers) {
    const Server server(std::move(answers));
    const Sent sent = sent_to(server.address());
    return sent.accepted ? "accepted" : (sent.retryable ? "later: " : "never: ") + sent.why;
}

TEST(SmtpTest, EveryAnswerOfSuccessIsOne) {
    EXPECT_EQ(outcome({}), "accepted");
    EXPECT_EQ(outcome({{"RCPT", "251 he moved, and it is forwarded"}}), "accepted");
    EXPECT_EQ(outcome({{"RCPT", "252 perhaps, and it is tried"}}), "accepted");
    EXPECT_EQ(outcome({{"RCPT", "221 bye"}}), "later: the mail server said: 221 bye");
}

TEST(SmtpTest, WhatIsRefusedOfTheMailIsNotTriedAgain) {
    EXPECT_EQ(outcome({{"RCPT", "550 nobody of that name"}}), "never: the mail server said: 550 nobody of that name");
    EXPECT_EQ(outcome({{"DATA", "554 no"}}), "never: the mail server said: 554 no");
    EXPECT_EQ(outcome({{".", "552 too long"}}), "never: the mail server said: 552 too long");
    EXPECT_EQ(outcome({{"RCPT", "450 come later"}}), "later: the mail server said: 450 come later");
}

TEST(SmtpTest, WhatIsRefusedOfEveryMailIsTriedAgain) {
    // An operator mends it, and no mail was wrong.
    for (const std::string answer : {"550 you may not send as that", "553 no such sender"})
        EXPECT_EQ(outcome({{"MAIL", answer}}), "later: the mail server said: " + answer);
    for (const std::string at : {"MAIL", "RCPT", "DATA", "."})
        EXPECT_EQ(outcome({{at, "530 sign in first"}}), "later: the mail server said: 530 sign in first") << at;
}

/// Has said these answers, and notes how long it would be waited for at each.
class SaidStream final : public net::Stream {
public:
    SaidStream(std::vector<std::string> answers, std::vector<std::chrono::milliseconds>& limits)
        : answers_(std::move(answers)), limits_(limits) {}
    std::expected<std::size_t, std::string> read_some(std::span<char> into, std::chrono::milliseconds limit) override {
        if (limits_.size() == answers_.size()) return std::unexpected("everything was read");
        const std::string line = answers_[limits_.size()] + "\r\n";
        limits_.push_back(limit);
        return line.copy(into.data(), into.size());
    }
    std::expected<void, std::string> write_all(std::string_view, std::chrono::milliseconds) override { return {}; }
    bool is_quiet() const override { return true; }
    std::optional<net::Socket> take_socket() override { return std::nullopt; }

private:
    const std::vector<std::string> answers_;
    std::vector<std::chrono::milliseconds>& limits_;
};

TEST(SmtpTest, AServerMayTakeItsTimeWithAWholeMail) {
    using ::testing::Each;
    using ::testing::Le;
    const std::vector<std::string> answers{"220 mail.test", "250 fine",    "250 fine",
                                           "250 fine",      "354 send it", "250 taken"};
    std::vector<std::chrono::milliseconds> limits;
    const SmtpLimits given{
        .step = 15s, .all = 60s, .end = 600s, .cutoff = nullptr, .connect = [&](const auto&, const auto&) {
            return std::make_unique<SaidStream>(answers, limits);
        }};
    const Sent sent = sent_to({.endpoint = {.tls = false, .host = "127.0.0.1", .port = "25"}}, given);
    EXPECT_TRUE(sent.accepted) << sent.why;
    ASSERT_EQ(limits.size(), answers.size());
    // Whoever gives up there, and sends it again, has it delivered twice. (RFC 5321, section 4.5.3.2.6)
    EXPECT_GT(limits.back(), 500s);
    limits.pop_back();
    EXPECT_THAT(limits, Each(Le(15s)));
}

}  // namespace
}  // namespace holdpoint::mail
