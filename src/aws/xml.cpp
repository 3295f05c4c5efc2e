#include <algorithm>
#include <cstdint>
#include <optional>

#include "aws/client.hpp"
#include "base/text.hpp"

namespace holdpoint::aws {

namespace {

void append_utf8(std::string& text, std::uint32_t code) {
    const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0U | code >> 6U);
    } else if (code < 0x10000) {
        add(0xE0U | code >> 12U);
        add(0x80U | (code >> 6U & 0x3FU));
    } else {
        add(0xF0U | code >> 18U);
        add(0x80U | (code >> 12U & 0x3FU));
        add(0x80U | (code >> 6U & 0x3FU));
    }
    if (code >= 0x80) add(0x80U | (code & 0x3FU));
}

/// The character of "#233" or "#xe9"; nothing for what names none.
std::optional<std::uint32_t> numbered_character(std::string_view name) {
    if (!name.starts_with('#')) return std::nullopt;
    name.remove_prefix(1);
    const bool is_hex = name.starts_with('x');
    const auto code = read_number<std::uint32_t>(name.substr(is_hex ? 1 : 0), is_hex ? 16 : 10);
    const bool is_character = code && *code != 0 && *code <= 0x10FFFF && (*code < 0xD800 || *code > 0xDFFF);
    return is_character ? code : std::nullopt;
}

/// An ampersand that begins no entity stands for itself.
std::string decode(std::string_view text) {
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    std::string result;
    while (true) {
        const std::size_t mark = text.find('&');
        result += text.substr(0, mark);
        if (mark == std::string_view::npos) return result;
        text.remove_prefix(mark + 1);
        const std::size_t end = text.find(';');
        const std::string_view name = end == std::string_view::npos ? "" : text.substr(0, end);
        const auto* known = std::ranges::find(kEntities, name, [](const auto& entity) { return entity.first; });
        if (known != std::end(kEntities)) {
            result += known->second;
        } else if (const auto code = numbered_character(name)) {
            append_utf8(result, *code);
        } else {
            result += '&';
            continue;
        }
        text.remove_prefix(end + 1);
    }
}

}  // namespace

std::vector<std::string> xml_each(std::string_view xml, std::string_view element) {
    std::vector<std::string> found;
    const std::string open = "<" + std::string(element) + ">";
    const std::string close = "</" + std::string(element) + ">";
    for (std::size_t from = xml.find(open); from != std::string_view::npos; from = xml.find(open, from)) {
        from += open.size();
        const std::size_t to = xml.find(close, from);
        if (to == std::string_view::npos) break;
        found.emplace_back(xml.substr(from, to - from));
        from = to + close.size();
    }
    return found;
}

std::string xml_text(std::string_view xml, std::string_view element) {
    const auto found = xml_each(xml, element);
    return found.empty() ? std::string() : decode(found.front());
}

}  // namespace holdpoint::aws
