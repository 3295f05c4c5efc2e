#include "approvals/domain/names.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "approvals/domain/people.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

namespace {

constexpr utf8proc_int32_t kZeroWidthSpace = 0x200B;  // which the folding takes away
constexpr utf8proc_int32_t kBlankBraille = 0x2800;    // a symbol by its category, of which nothing is seen
constexpr utf8proc_int32_t kNullNotehead = 0x1D159;   // likewise

/// Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), which NFKC_Casefold takes away. utf8proc knows
/// those alone that are assigned; the property holds for the others, too, so that it will not change when they are.
struct Range {
    utf8proc_int32_t first;
    utf8proc_int32_t last;
};
constexpr std::array<Range, 17> kDefaultIgnorable = {{
    {0xAD, 0xAD},
    {0x34F, 0x34F},
    {0x61C, 0x61C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x202A, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFF8},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
}};

bool is_default_ignorable(utf8proc_int32_t c) {
    return std::ranges::any_of(kDefaultIgnorable, [&](Range range) { return c >= range.first && c <= range.last; });
}

bool is_white_space(utf8proc_int32_t c) {
    if ((c >= '\t' && c <= '\r') || c == 0x85 || c == kBlankBraille) return true;
    const auto category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

utf8proc_int32_t without_what_is_not_seen(utf8proc_int32_t c, void*) {
    if (is_white_space(c)) return ' ';
    const auto category = utf8proc_category(c);
    const bool is_seen = category != UTF8PROC_CATEGORY_CC && category != UTF8PROC_CATEGORY_CF && c != kNullNotehead &&
                         !is_default_ignorable(c);
    return is_seen ? c : kZeroWidthSpace;
}

std::string folded(const std::string& text) {
    constexpr int kOptions = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    utf8proc_uint8_t* made = nullptr;
    const auto size = utf8proc_map_custom(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                          static_cast<utf8proc_ssize_t>(text.size()), &made,
                                          static_cast<utf8proc_option_t>(kOptions), without_what_is_not_seen, nullptr);
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(made, &std::free);
    if (size < 0) throw std::bad_alloc();  // the text is UTF-8, and the options go together
    return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

std::string with_single_spaces(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c != ' ' || (!result.empty() && result.back() != ' ')) result += c;
    }
    if (result.ends_with(' ')) result.pop_back();
    return result;
}

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Calls `visit` with each character and its bytes until it answers false. What is not UTF-8 is passed over.
template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
    while (!text.empty()) {
        utf8proc_int32_t c = 0;
        const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                           static_cast<utf8proc_ssize_t>(text.size()), &c);
        if (size > 0 && !visit(c, text.substr(0, static_cast<std::size_t>(size)))) return;
        text.remove_prefix(static_cast<std::size_t>(std::max<utf8proc_ssize_t>(size, 1)));
    }
}

/// The first character of which `is_wanted` holds.
template <class Predicate>
std::optional<utf8proc_int32_t> find_character(std::string_view text, Predicate is_wanted) {
    std::optional<utf8proc_int32_t> found;
    for_each_character(text, [&](utf8proc_int32_t c, std::string_view) {
        if (is_wanted(c)) found = c;
        return !found;
    });
    return found;
}

bool is_control(utf8proc_int32_t c) {
    return utf8proc_category(c) == UTF8PROC_CATEGORY_CC;
}

/// Whether what follows is read against the direction of its letters: 00.001 as 100.00. (Unicode's LRO and RLO; UAX #9)
bool overrides_direction(utf8proc_int32_t c) {
    return c == 0x202D || c == 0x202E;
}

/// Whether it makes one line look like another, or like more: embeddings, overrides, isolates (UAX #9), line ends.
bool turns_line(utf8proc_int32_t c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

/// The same with marks, of which a name needs none. (Unicode's Bidi_Control; UAX #9)
bool moves_text(utf8proc_int32_t c) {
    return turns_line(c) || c == 0x61C || c == 0x200E || c == 0x200F;
}

/// As what was found instead of a text.
template <class Predicate>
std::optional<std::string> bad_character(std::string_view text, Predicate is_bad) {
    const auto bad = find_character(text, is_bad);
    if (!bad) return std::nullopt;
    return fmt::format("a control character (U+{:04X})", *bad);
}

}  // namespace

std::string name_key(std::string_view name) {
    if (!is_printable_ascii(name)) return with_single_spaces(folded(as_utf8(name)));
    std::string key = with_single_spaces(name);
    std::ranges::transform(key, key.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return key;
}

bool is_same_name(std::string_view a, std::string_view b) {
    return name_key(a) == name_key(b);
}

bool has_control_characters(std::string_view text) {
    return find_character(text, [](utf8proc_int32_t c) { return is_control(c) || overrides_direction(c); }).has_value();
}

std::string one_line(std::string_view text) {
    std::string line;
    for_each_character(as_utf8(text), [&](utf8proc_int32_t c, std::string_view bytes) {
        line += is_control(c) || moves_text(c) ? " " : bytes;
        return true;
    });
    return line;
}

std::optional<std::string> name_problem(std::string_view name, std::size_t max) {
    if (name.size() > max) return fmt::format("{} characters", name.size());
    if (!is_utf8(name)) return "text that is not UTF-8";
    if (auto bad = bad_character(name, [](utf8proc_int32_t c) { return is_control(c) || moves_text(c); })) return bad;
    if (name_key(name).empty()) return "blank text";
    return std::nullopt;
}

std::optional<std::string> label_problem(std::string_view label, std::size_t max) {
    if (label.size() > max) return fmt::format("one of {}", label.size());
    if (auto bad = bad_character(label, [](utf8proc_int32_t c) { return is_control(c) || turns_line(c); })) return bad;
    if (trimmed(label).empty()) return "blank text";
    return std::nullopt;
}

}  // namespace holdpoint::approvals
