// Text encodings and digests: hex, base64, percent-encoding, SHA-256, HMAC-SHA-256.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdpoint {

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Nothing when `text` is not base64 (standard alphabet, padded; RFC 4648 section 4).
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
/// Percent-encodes all but the unreserved characters of RFC 3986; `keep_slash` leaves `/` as it is.
[[nodiscard]] std::string percent_encode(std::string_view text, bool keep_slash = false);
/// The same, at the end of `out`.
void append_percent_encoded(std::string& out, std::string_view text, bool keep_slash = false);
/// Undoes percent-encoding; a malformed escape stays as it is. `plus_is_space` for form bodies.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space = false);
/// 32 raw bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// 32 raw bytes.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);
/// CRC-32 (IEEE), for DynamoDB's `x-amz-crc32` header.
[[nodiscard]] unsigned crc32(std::string_view bytes);
/// Compares in time that depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);
/// True when `text` is well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);
/// `text` with U+FFFD for each byte that is not UTF-8: what others wrote, where JSON is kept or answered.
[[nodiscard]] std::string as_utf8(std::string_view text);

}  // namespace holdpoint
