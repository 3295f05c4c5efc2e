// What signing, reading a claim and checking it share: headers and queries as Signature Version 4 sees them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/sigv4.hpp"

namespace holdpoint::identity {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
/// In its place where nothing is signed.
inline constexpr std::string_view kStated = "HOLDPOINT-SESSION Credential=";

/// Without spaces at the ends, and inner runs of spaces as one.
[[nodiscard]] std::string trimmed(std::string_view text);
/// The same, at the end of `out`.
void append_trimmed(std::string& out, std::string_view text);
/// The first header of that name.
[[nodiscard]] std::optional<std::string_view> first_header(const Headers& headers, std::string_view name);
/// Decoded names and values, in order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> query_of(std::string_view target);
/// `20261123T203300Z`
[[nodiscard]] std::string timestamp_of(TimePoint at);
[[nodiscard]] std::optional<TimePoint> read_timestamp(std::string_view text);

}  // namespace holdpoint::identity
