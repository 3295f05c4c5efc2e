#include <charconv>

#include "aws/client.hpp"

namespace holdpoint::aws {

namespace {

std::string decode(std::string_view text) {
    constexpr std::pair<std::string_view, char> kEntities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    std::string result;
    while (!text.empty()) {
        const std::size_t mark = text.find('&');
        result += text.substr(0, mark);
        if (mark == std::string_view::npos) break;
        text.remove_prefix(mark);
        bool known = false;
        for (const auto& [entity, character] : kEntities) {
            if (!text.starts_with(entity)) continue;
            result += character;
            text.remove_prefix(entity.size());
            known = true;
            break;
        }
        const std::size_t end = text.find(';');
        if (!known && text.starts_with("&#") && end != std::string_view::npos) {
            const bool hex = text.size() > 2 && text[2] == 'x';
            unsigned code = 0;
            std::from_chars(text.data() + (hex ? 3 : 2), text.data() + end, code, hex ? 16 : 10);
            if (code < 0x80) result += static_cast<char>(code);
            text.remove_prefix(end + 1);
        } else if (!known) {
            result += '&';
            text.remove_prefix(1);
        }
    }
    return result;
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
