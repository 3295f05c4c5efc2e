#include "wire/parse_json.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace holdpoint::wire {

namespace {

constexpr std::size_t kEscapeBytes = 6;  // \uXXXX

/// The UTF-16 unit that is escaped there.
std::optional<unsigned> unit_at(std::string_view text, std::size_t at) {
    const std::string_view escape = text.substr(at, kEscapeBytes);
    if (escape.size() != kEscapeBytes || !escape.starts_with("\\u")) return std::nullopt;
    return read_number<unsigned>(escape.substr(2), 16);
}

bool is_high(std::optional<unsigned> unit) {
    return unit && *unit >= 0xD800 && *unit <= 0xDBFF;
}

bool is_low(std::optional<unsigned> unit) {
    return unit && *unit >= 0xDC00 && *unit <= 0xDFFF;
}

std::string with_whole_pairs(std::string_view text) {
    std::string whole;
    whole.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t plain = std::min(text.find('\\', at), text.size()) - at;
        whole += text.substr(at, plain);
        at += plain;
        if (at == text.size()) break;
        const auto unit = unit_at(text, at);
        std::size_t length = unit ? kEscapeBytes : 2;
        const bool is_pair = is_high(unit) && is_low(unit_at(text, at + length));
        if (is_pair) length += kEscapeBytes;
        whole += !is_pair && (is_high(unit) || is_low(unit)) ? "\\ufffd" : text.substr(at, length);
        at += length;
    }
    return whole;
}

}  // namespace

boost::json::value parse_json(std::string_view text, boost::system::error_code& problem,
                              boost::json::storage_ptr memory) {
    boost::json::value json = boost::json::parse(text, problem, memory);
    if (!problem) return json;
    boost::system::error_code other_problem;
    boost::json::value whole = boost::json::parse(with_whole_pairs(text), other_problem, std::move(memory));
    if (other_problem) return json;
    problem.clear();
    return whole;
}

}  // namespace holdpoint::wire
