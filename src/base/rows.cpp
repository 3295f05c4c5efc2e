#include "base/rows.hpp"

namespace holdpoint {

std::string prefix_end(std::string_view prefix) {
    std::string end{prefix};
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

void append_key_part(std::string& key, std::string_view part) {
    for (const char c : part) {
        key.push_back(c);
        if (c == '\0') key.push_back('\xff');
    }
    key.push_back('\0');
    key.push_back('\x01');
}

std::optional<std::string> take_key_part(std::string_view& key) {
    std::string part;
    for (std::size_t i = 0; i + 1 < key.size(); ++i) {
        if (key[i] != '\0') {
            part.push_back(key[i]);
            continue;
        }
        if (key[i + 1] == '\x01') {
            key.remove_prefix(i + 2);
            return part;
        }
        if (key[i + 1] != '\xff') return std::nullopt;
        part.push_back('\0');
        ++i;
    }
    return std::nullopt;
}

void append_key_number(std::string& key, std::uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>((number >> shift) & 0xff));
}

std::optional<std::uint64_t> take_key_number(std::string_view& key) {
    if (key.size() < 8) return std::nullopt;
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(key[static_cast<std::size_t>(i)]);
    key.remove_prefix(8);
    return number;
}

}  // namespace holdpoint
