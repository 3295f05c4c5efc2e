#include "mail/mail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::mail {

namespace {

constexpr std::size_t kAddressMax = 254;
constexpr std::size_t kLineMax = 76;
/// With "=?UTF-8?B?" and "?=" an encoded word has at most 75 characters.
constexpr std::size_t kEncodedWordBytes = 45;

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Header text on one line: control characters become spaces, all that is not ASCII encoded words. (RFC 2047)
std::string header_text(std::string_view given) {
    std::string text = as_utf8(given);
    std::ranges::replace_if(text, [](unsigned char c) { return c < ' ' || c == 0x7F; }, ' ');
    if (is_printable_ascii(text) && !text.contains("=?")) return text;
    std::string words;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = std::min(begin + kEncodedWordBytes, text.size());
        while (end < text.size() && continues_character(text[end])) --end;
        words +=
            fmt::format("{}=?UTF-8?B?{}?=", begin == 0 ? "" : "\r\n ", base64_encode(text.substr(begin, end - begin)));
        begin = end;
    }
    return words;
}

std::string quoted_name(std::string_view name) {
    std::string text = header_text(name);
    if (text.starts_with("=?")) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

/// "Thu, 26 Nov 2026 12:00:00 +0000"
std::string date_text(TimePoint at) {
    static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(at - day));
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
                       static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                       static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

/// One byte of quoted-printable text; `is_last` of its line, where white space would be lost.
std::string quoted_printable(char c, bool is_last) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_space = c == ' ' || c == '\t';
    const bool plain = (byte > ' ' && byte <= '~' && c != '=') || (is_space && !is_last);
    return plain ? std::string(1, c) : fmt::format("={:02X}", byte);
}

/// Lines of at most 76 characters that end with CRLF. (RFC 2045, 6.7)
std::string quoted_printable(std::string_view text) {
    std::string encoded;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::size_t width = 0;
        for (std::size_t i = 0; i < end; ++i) {
            const std::string unit = quoted_printable(text[i], i + 1 == end);
            if (width + unit.size() >= kLineMax) {
                encoded += "=\r\n";
                width = 0;
            }
            encoded += unit;
            width += unit.size();
        }
        encoded += "\r\n";
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return encoded;
}

std::string part(std::string_view type, std::string_view text) {
    return fmt::format("Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}", type,
                       quoted_printable(text));
}

std::string_view without_ends(std::string_view line) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

bool is_web_address(std::string_view line) {
    return (line.starts_with("https://") || line.starts_with("http://")) &&
           std::ranges::all_of(line, [](char c) { return c > ' ' && c <= '~'; });
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(without_ends(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

constexpr std::string_view kButton =
    "display:inline-block;padding:10px 18px;border-radius:6px;background:#1d4ed8;color:#ffffff;text-decoration:none";

std::string link(std::string_view address, std::string_view label) {
    const std::string target = xml_escape(address);
    if (label.empty()) return fmt::format("<a href=\"{}\">{}</a>", target, target);
    return fmt::format("<a href=\"{}\" style=\"{}\">{}</a>", target, kButton, xml_escape(label));
}

/// The lines of one paragraph.
std::string paragraph(const std::vector<std::string_view>& lines) {
    std::string html;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string_view line = lines[i];
        std::string shown = is_web_address(line) ? link(line, {}) : xml_escape(line);
        if (line.ends_with(':') && i + 1 < lines.size() && is_web_address(lines[i + 1])) {
            line.remove_suffix(1);
            shown = link(lines[++i], line);
        }
        html += (html.empty() ? "" : "<br>\n") + shown;
    }
    return "<p>" + html + "</p>\n";
}

}  // namespace

bool is_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size() || text.size() > kAddressMax) return false;
    if (text.find('@', at + 1) != std::string_view::npos) return false;
    constexpr std::string_view kEnding = "<>()[],;:\\\"";
    return std::ranges::all_of(text, [&](char c) { return c > ' ' && c <= '~' && !kEnding.contains(c); });
}

std::string html_of(std::string_view text) {
    std::string html =
        "<!DOCTYPE html>\n<html><body style=\"font-family:sans-serif;line-height:1.5;max-width:40em;color:#1f2937\">\n";
    std::vector<std::string_view> lines;
    const auto end_paragraph = [&] {
        if (!lines.empty()) html += paragraph(lines);
        lines.clear();
    };
    for (const std::string_view line : lines_of(text)) line.empty() ? end_paragraph() : lines.push_back(line);
    end_paragraph();
    return html + "</body></html>\n";
}

std::string compose(const Mail& mail) {
    const std::string id = to_hex(sha256(mail.id)).substr(0, 32);
    const std::string_view domain = std::string_view(mail.from).substr(mail.from.find('@') + 1);
    std::string message;
    const auto header = [&](std::string_view name, std::string_view value) {
        message += fmt::format("{}: {}\r\n", name, value);
    };
    header("From", mail.from_name.empty() ? mail.from : fmt::format("{} <{}>", quoted_name(mail.from_name), mail.from));
    header("To", mail.to);
    header("Subject", header_text(mail.subject));
    header("Date", date_text(mail.at));
    header("Message-ID", fmt::format("<{}@{}>", id, domain));
    header("Auto-Submitted", "auto-generated");
    if (is_web_address(mail.unsubscribe_url) && mail.unsubscribe_url.find_first_of("<>") == std::string::npos) {
        header("List-Unsubscribe", fmt::format("<{}>", mail.unsubscribe_url));
    }
    header("MIME-Version", "1.0");
    std::string text = as_utf8(mail.text);
    std::erase(text, '\r');
    if (mail.form == Form::text_alone) return message + part("text/plain", text);
    // "=_" cannot stand in quoted-printable text.
    const std::string boundary = "=_" + id;
    header("Content-Type", fmt::format("multipart/alternative; boundary=\"{}\"", boundary));
    return message + fmt::format("\r\n--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\n", boundary, part("text/plain", text),
                                 part("text/html", html_of(text)));
}

}  // namespace holdpoint::mail
