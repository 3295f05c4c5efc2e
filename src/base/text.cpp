#include "base/text.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_xml_character(unsigned char c) {
    return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
}

/// U+FFFE or U+FFFF, which UTF-8 can write and XML 1.0 cannot hold.
bool is_noncharacter(std::string_view text) {
    return text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf");
}

}  // namespace

std::string lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = lower(c);
    return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::vector<std::pair<std::string, std::string>> decode_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        if (part.empty()) continue;
        const std::size_t equals = part.find('=');
        const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
        pairs.emplace_back(percent_decode(part.substr(0, equals), true), percent_decode(value, true));
    }
    return pairs;
}

std::string xml_escape(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            case '\r':  // a parser would otherwise read it as a line feed
                escaped += "&#xD;";
                break;
            default:
                if (is_noncharacter(text.substr(at))) {
                    escaped += kReplacement;
                    at += kReplacement.size() - 1;
                } else if (is_xml_character(static_cast<unsigned char>(c))) {
                    escaped += c;
                } else {
                    escaped += kReplacement;
                }
        }
    }
    return escaped;
}

}  // namespace holdpoint
