// SMTP with a server of a test: what its answers mean for a mail.
#include "mail/smtp.hpp"

#include <gtest/gtest.h>

#include <boost/asio.hpp>
#include <future>
#include <map>
#include <thread>
#include <vector>

namespace holdpoint::mail {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Takes one connection without TLS, and answers each command by its first word.
class Server {
public:
    explicit Server(std::map<std::string, std::string> answers, std::chrono::milliseconds pause_at_end = 0ms)
        : answers_(std::move(answers)), pause_at_end_(pause_at_end) {
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
            if (pause_at_end_ > 0ms) (void)never_.get_future().wait_for(pause_at_end_);
            const auto end = answers_.find(".");
            say(end != answers_.end() ? end->second : "250 taken");
        }
    }

    std::map<std::string, std::string> answers_;
    std::chrono::milliseconds pause_at_end_;
    std::promise<void> never_;
    asio::io_context io_;
    asio::ip::tcp::acceptor acceptor_{io_};
    std::thread thread_;
};

Sent sent_to(const Server& server, const SmtpLimits& limits = {}) {
    return send(server.address(),
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
    const Sent sent = sent_to(server);
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

TEST(SmtpTest, AServerMayTakeItsTimeWithAWholeMail) {
    // Whoever gives up there, and sends it again, has it delivered twice. (RFC 5321, section 4.5.3.2.6)
    const Server server({}, 600ms);
    const Sent sent = sent_to(server, {.step = 500ms, .all = 550ms});
    EXPECT_TRUE(sent.accepted) << sent.why;
}

}  // namespace
}  // namespace holdpoint::mail
