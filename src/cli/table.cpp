#include "cli/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"

namespace holdpoint::cli {
namespace {

/// Code points, which is close enough to columns for names and ids.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

/// Characters of more than one byte that upset a line, and what is printed instead: those that control the direction of
/// text (Unicode's Bidi_Control; UAX #9), and those that end a line or a paragraph.
struct Upsetting {
    std::string_view character;
    char instead;
};
constexpr std::array<Upsetting, 14> kUpsetting = {{
    {"\u061c", '?'},
    {"\u200e", '?'},
    {"\u200f", '?'},
    {"\u202a", '?'},
    {"\u202b", '?'},
    {"\u202c", '?'},
    {"\u202d", '?'},
    {"\u202e", '?'},
    {"\u2066", '?'},
    {"\u2067", '?'},
    {"\u2068", '?'},
    {"\u2069", '?'},
    {"\u2028", ' '},
    {"\u2029", ' '},
}};

/// The one that the text begins with; nullptr for none.
const Upsetting* find_upsetting(std::string_view text) {
    const auto* found = std::ranges::find_if(
        kUpsetting, [&](const Upsetting& upsetting) { return text.starts_with(upsetting.character); });
    return found == kUpsetting.end() ? nullptr : found;
}

}  // namespace

std::string Table::text() const {
    std::vector<std::vector<std::string>> lines{headers_};
    for (const auto& row : rows_) {
        lines.emplace_back();
        for (const auto& cell : row) lines.back().push_back(printable(cell));
    }
    std::vector<std::size_t> widths(headers_.size(), 0);
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], width_of(line[i]));
    }
    std::string out;
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) {
            text += line[i];
            if (i + 1 < line.size()) text.append(widths[i] + 2 - width_of(line[i]), ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    }
    return out;
}

std::string printable(std::string_view text, bool keep_lines) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
        if (c == '\n' || c == '\t') {
            out += keep_lines ? text[i] : ' ';
        } else if (c < 0x20 || c == 0x7f) {
            out += '?';
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {  // C1 controls, which some terminals obey
            out += '?';
            ++i;
        } else if (const auto* upsetting = find_upsetting(text.substr(i)); upsetting != nullptr) {
            out += upsetting->instead;
            i += upsetting->character.size() - 1;
        } else {
            out += text[i];
        }
    }
    return is_utf8(out) ? out : std::string("(not UTF-8 text)");
}

std::string short_time(std::string_view iso8601) {
    if (iso8601.size() < 20 || iso8601[10] != 'T' || iso8601.back() != 'Z') return std::string(iso8601);
    return fmt::format("{} {}Z", iso8601.substr(0, 10), iso8601.substr(11, 8));
}

}  // namespace holdpoint::cli
