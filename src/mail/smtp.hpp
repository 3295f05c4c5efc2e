// SMTP: gives a mail to the operator's mail server. (RFC 5321, RFC 3207, RFC 4954)
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mail/mail.hpp"
#include "net/transport.hpp"

namespace holdpoint::net {
struct ConnectLimits;
class Cutoff;
class Stream;
}  // namespace holdpoint::net

namespace holdpoint::mail {

struct SmtpServer {
    net::Endpoint endpoint;  // `tls`: from the first byte; else by STARTTLS
    std::string user = {};   // empty: nobody signs in
    std::string password = {};
};

/// smtp://host:port or smtps://host:port; the ports are 587 and 465 unless it says others. Nothing when it is neither,
/// or names a user: who signs in is no part of an address that is shown.
[[nodiscard]] std::optional<net::Endpoint> parse_smtp_url(std::string_view url);

using Connect = std::function<std::expected<std::unique_ptr<net::Stream>, std::string>(const net::Endpoint&,
                                                                                       const net::ConnectLimits&)>;

struct SmtpLimits {
    std::chrono::milliseconds step{15'000};  // for one answer of the server
    std::chrono::milliseconds all{60'000};   // until it has the whole mail
    /// Then for the answer that it takes it: who does not wait sends it again, and twice it is. (RFC 5321, 4.5.3.2.6)
    std::chrono::milliseconds end{600'000};
    std::shared_ptr<net::Cutoff> cutoff = nullptr;  // ends it before that
    Connect connect = {};                           // a test's; empty: by TCP
};

/// Blocking. Without TLS it speaks with this machine alone. What the server refuses for good (5xx) of the mail itself
/// is not retryable; all else is: no connection, no TLS, who may not sign in, the sender, which is that of every mail,
/// 4xx.
[[nodiscard]] Sent send(const SmtpServer& server, const Mail& mail, const SmtpLimits& limits = {});

/// Goes as far as it can without a mail: connection, TLS, sign-in. The error says what did not work.
[[nodiscard]] std::expected<void, std::string> try_smtp(const SmtpServer& server, const std::string& from,
                                                        const SmtpLimits& limits = {});

}  // namespace holdpoint::mail
