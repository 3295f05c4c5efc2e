#include "mail/smtp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "base/meters.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"

namespace holdpoint::mail {

namespace {

constexpr std::size_t kLineMax = 4096;
constexpr std::size_t kReplyLinesMax = 100;
constexpr std::size_t kShownMax = 200;
constexpr int kReady = 220;
constexpr int kDone = 250;
constexpr int kSignedIn = 235;
constexpr int kGoOn = 334;
constexpr int kSendIt = 354;
constexpr int kPermanent = 500;
constexpr int kSignInNeeded = 530;  // and the eight after it. (RFC 4954, section 6)

struct Reply {
    int code = 0;
    std::vector<std::string> lines;  // without their codes
    [[nodiscard]] std::string text() const {
        return fmt::format("{} {}", code, lines.empty() ? "" : lines.back()).substr(0, kShownMax);
    }
};

/// What went wrong; `code` 0 when it was no answer of the server.
struct Problem {
    int code = 0;
    std::string why;
    bool is_of_mail = true;  // not of every mail of this sender
};

template <class T>
using Outcome = std::expected<T, Problem>;

std::unexpected<Problem> broken(std::string why) {
    return std::unexpected(Problem{.why = std::move(why)});
}

class Connection {
public:
    Connection(const SmtpServer& server, const SmtpLimits& limits) : server_(server), limits_(limits) {}

    /// Until a mail could be given: greeting, TLS, sign-in.
    Outcome<void> open(const std::string& from) {
        const std::string domain = from.substr(from.find('@') + 1);
        const net::ConnectLimits limits{
            .step = limits_.step, .all = limits_.all, .cutoff = limits_.cutoff, .trust = net::Trust::everybody_else};
        auto stream =
            limits_.connect ? limits_.connect(server_.endpoint, limits) : net::connect_stream(server_.endpoint, limits);
        if (!stream) return broken(stream.error());
        stream_ = std::move(*stream);
        if (auto greeting = expect(kReady); !greeting) return std::unexpected(greeting.error());
        if (auto greeted = greet(domain); !greeted) return greeted;
        if (!server_.endpoint.tls) {
            if (auto secured = secure(domain); !secured) return secured;
        }
        return server_.user.empty() ? Outcome<void>{} : sign_in();
    }

    Outcome<void> give(const Mail& mail) {
        if (auto begun = ask(fmt::format("MAIL FROM:<{}>", mail.from), kDone); !begun) {
            return std::unexpected(Problem{.code = begun.error().code, .why = begun.error().why, .is_of_mail = false});
        }
        if (auto known = ask(fmt::format("RCPT TO:<{}>", mail.to), kDone); !known) return known;
        if (auto ready = ask("DATA", kSendIt); !ready) return ready;
        if (auto written = write(with_dots_doubled(compose(mail)) + "."); !written) return written;
        limits_.step = limits_.end;
        limits_.all = std::chrono::ceil<std::chrono::milliseconds>(watch_.elapsed()) + limits_.end;
        const auto taken = expect(kDone);
        return taken ? Outcome<void>{} : std::unexpected(taken.error());
    }

    void quit() { [[maybe_unused]] const auto said = write("QUIT"); }

private:
    /// Takes it, for somebody of whom it knows less than with 250. (RFC 5321, section 3.4 and 3.5.3)
    static bool is_forwarding(int code) { return code == 251 || code == 252; }

    static std::string with_dots_doubled(const std::string& message) {
        std::string safe;
        for (std::size_t i = 0; i < message.size(); ++i) {
            if (message[i] == '.' && (i == 0 || message[i - 1] == '\n')) safe += '.';
            safe += message[i];
        }
        return safe;
    }

    Outcome<void> greet(const std::string& domain) {
        if (auto written = write("EHLO " + domain); !written) return written;
        const auto reply = expect(kDone);
        if (!reply) return std::unexpected(reply.error());
        offers_ = reply->lines;
        return {};
    }

    /// What follows a keyword that the server offers; nothing when it does not.
    [[nodiscard]] std::optional<std::string> offer(std::string_view keyword) const {
        for (const std::string& line : offers_) {
            const auto same = [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; };
            const bool fits = line.size() >= keyword.size() && std::equal(keyword.begin(), keyword.end(), line.begin(),
                                                                          [&](char b, char a) { return same(a, b); });
            if (fits && (line.size() == keyword.size() || line[keyword.size()] == ' '))
                return line.substr(keyword.size());
        }
        return std::nullopt;
    }

    Outcome<void> secure(const std::string& domain) {
        if (!offer("STARTTLS")) {
            if (net::is_loopback(server_.endpoint.host)) return {};
            return broken("the mail server offers no STARTTLS, and without TLS mail goes to this machine alone");
        }
        if (auto ready = ask("STARTTLS", kReady); !ready) return ready;
        // What somebody on the way put behind that answer must not count as said under TLS.
        if (!buffer_.empty()) return broken("the mail server said more than it was asked before TLS began");
        const auto left = time_left();
        if (!left) return std::unexpected(left.error());
        auto secured =
            net::start_tls(*stream_->take_socket(), server_.endpoint.host, *left, net::Trust::everybody_else);
        if (!secured) return broken(secured.error());
        stream_ = std::move(*secured);
        return greet(domain);
    }

    Outcome<void> sign_in() {
        const std::string ways = offer("AUTH").value_or("") + " ";
        if (ways.contains(" PLAIN ")) {
            using namespace std::string_literals;
            return ask("AUTH PLAIN " + base64_encode("\0"s + server_.user + "\0"s + server_.password), kSignedIn);
        }
        if (!ways.contains(" LOGIN ")) return broken("the mail server takes neither AUTH PLAIN nor AUTH LOGIN");
        if (auto ready = ask("AUTH LOGIN", kGoOn); !ready) return ready;
        if (auto ready = ask(base64_encode(server_.user), kGoOn); !ready) return ready;
        return ask(base64_encode(server_.password), kSignedIn);
    }

    Outcome<void> ask(const std::string& command, int wanted) {
        if (auto written = write(command); !written) return written;
        auto reply = expect(wanted);
        return reply ? Outcome<void>{} : std::unexpected(reply.error());
    }

    Outcome<Reply> expect(int wanted) {
        auto reply = read_reply();
        if (reply && reply->code != wanted && !(wanted == kDone && is_forwarding(reply->code))) {
            return std::unexpected(Problem{.code = reply->code, .why = "the mail server said: " + reply->text()});
        }
        return reply;
    }

    Outcome<void> write(const std::string& line) {
        const auto left = time_left();
        if (!left) return std::unexpected(left.error());
        auto written = stream_->write_all(line + "\r\n", *left);
        return written ? Outcome<void>{} : broken(written.error());
    }

    Outcome<Reply> read_reply() {
        Reply reply;
        while (reply.lines.size() < kReplyLinesMax) {
            const auto line = read_line();
            if (!line) return std::unexpected(line.error());
            constexpr std::size_t kCode = 3;
            const bool is_code = line->size() >= kCode && std::all_of(line->begin(), line->begin() + kCode,
                                                                      [](char c) { return c >= '0' && c <= '9'; });
            if (!is_code) return broken("the server does not speak SMTP");
            reply.code = std::stoi(line->substr(0, kCode));
            reply.lines.push_back(line->substr(std::min(kCode + 1, line->size())));
            if (line->size() == kCode || (*line)[kCode] != '-') return reply;
        }
        return broken("the mail server does not come to an end");
    }

    Outcome<std::string> read_line() {
        while (true) {
            if (const auto end = buffer_.find('\n'); end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                if (line.ends_with('\r')) line.pop_back();
                return line;
            }
            if (buffer_.size() > kLineMax) return broken("the server does not speak SMTP");
            const auto left = time_left();
            if (!left) return std::unexpected(left.error());
            std::array<char, 1024> bytes{};
            const auto count = stream_->read_some(bytes, *left);
            if (!count) return broken(count.error());
            if (*count == 0) return broken("the mail server ended the connection");
            buffer_.append(bytes.data(), *count);
        }
    }

    [[nodiscard]] Outcome<std::chrono::milliseconds> time_left() const {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(limits_.all - watch_.elapsed());
        if (left.count() <= 0) return broken(fmt::format("it took more than {} ms", limits_.all.count()));
        return std::min(left, limits_.step);
    }

    const SmtpServer& server_;
    SmtpLimits limits_;
    Stopwatch watch_;
    std::unique_ptr<net::Stream> stream_;
    std::string buffer_;
    std::vector<std::string> offers_;
};

}  // namespace

std::optional<net::Endpoint> parse_smtp_url(std::string_view url) {
    const bool tls = url.starts_with("smtps://");
    if (!tls && !url.starts_with("smtp://")) return std::nullopt;
    const std::string rest(url.substr(url.find("://") + 3));
    if (rest.find_first_of("@ \t\r\n") != std::string::npos) return std::nullopt;
    auto endpoint = net::parse_endpoint("http://" + rest);
    if (!endpoint) return std::nullopt;
    const bool names_port =
        rest.find(':', rest.find(']') == std::string::npos ? 0 : rest.find(']')) != std::string::npos;
    if (!names_port) endpoint->port = tls ? "465" : "587";
    endpoint->tls = tls;
    return endpoint;
}

Sent send(const SmtpServer& server, const Mail& mail, const SmtpLimits& limits) {
    for (const std::string& address : {mail.from, mail.to}) {
        if (!is_address(address))
            return {.retryable = false, .why = fmt::format("{} is no address that mail can go to", address)};
    }
    Connection connection(server, limits);
    if (auto opened = connection.open(mail.from); !opened) return {.why = opened.error().why};
    if (auto given = connection.give(mail); !given) {
        connection.quit();
        const Problem& problem = given.error();
        const bool needs_sign_in = problem.code >= kSignInNeeded && problem.code <= kSignInNeeded + 8;
        return {.retryable = problem.code < kPermanent || needs_sign_in || !problem.is_of_mail, .why = problem.why};
    }
    connection.quit();
    return {.accepted = true};
}

std::expected<void, std::string> try_smtp(const SmtpServer& server, const std::string& from, const SmtpLimits& limits) {
    Connection connection(server, limits);
    if (auto opened = connection.open(from); !opened) return std::unexpected(opened.error().why);
    connection.quit();
    return {};
}

}  // namespace holdpoint::mail
