// Mail: one e-mail, and its text as a mail server takes it. (RFC 5322, RFC 2045 to 2047, RFC 2369, RFC 3834)
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace holdpoint::mail {

enum class Form { text_and_html, text_alone };

struct Mail {
    std::string from;       // an address
    std::string from_name;  // what people see instead of it; may be empty
    std::string to;         // an address
    std::string subject;
    std::string text;  // UTF-8; its lines end with LF
    Form form = Form::text_and_html;
    std::string unsubscribe_url;  // may be empty
    std::string id;               // the same whenever this mail is sent again, so that a reader's server can tell
    TimePoint at;
};

/// What became of one try to send a mail.
struct Sent {
    bool accepted = false;
    bool retryable = true;  // of one that was not accepted: another try may do
    std::string why = {};
};

/// An address that can stand in a command and in a header: printable ASCII, one @ with something on both sides, and
/// nothing that would end it early.
[[nodiscard]] bool is_address(std::string_view text);

/// Headers and body, lines ending with CRLF, none longer than 998 bytes, all ASCII. Nothing that a mail is made of can
/// add a header or a line of its own. `from` and `to` have passed is_address.
[[nodiscard]] std::string compose(const Mail& mail);

/// HTML of a text: blank lines part paragraphs, and an address of the web that has a line to itself becomes a link; a
/// line before it that ends with a colon becomes its label.
[[nodiscard]] std::string html_of(std::string_view text);

}  // namespace holdpoint::mail
