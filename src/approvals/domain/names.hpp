// Names: of people and of groups. When two spellings are one name, and what can be nobody's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace holdpoint::approvals {

inline constexpr std::size_t kPersonMax = 256;  // bytes
inline constexpr std::size_t kGroupMax = 64;    // bytes

/// What names are compared by, so that nobody passes as another by writing a name in another way. Case, width,
/// ligatures and composed or decomposed accents make no difference (Unicode's NFKC_Casefold, UAX #15 and #31), nor does
/// what is not seen: white space at the ends, how much of it is in between and of which kind, control and format
/// characters, and those that Unicode reserves for such. Letters of two scripts that only look alike stay two letters.
[[nodiscard]] std::string name_key(std::string_view name);
[[nodiscard]] bool is_same_name(std::string_view a, std::string_view b);

/// Those of Unicode (C0, DEL, C1), and those that override the direction of letters. Marks and isolates are none.
[[nodiscard]] bool has_control_characters(std::string_view text);

/// With a space for each character that ends a line or controls its direction: what a person wrote cannot look like a
/// line of ours, nor turn one around.
[[nodiscard]] std::string one_line(std::string_view text);

/// Why this can be nobody's name, as what was found instead of one ("blank text"); nothing when it can. A name has 1 to
/// `max` bytes of UTF-8, something that is seen, and no characters that control lines or the direction of text.
[[nodiscard]] std::optional<std::string> name_problem(std::string_view name, std::size_t max);

/// Why this can be no name of a document's field, likewise. It is one line, and reads in one direction, but may have
/// direction marks, as a document's name may.
[[nodiscard]] std::optional<std::string> label_problem(std::string_view label, std::size_t max);

}  // namespace holdpoint::approvals
