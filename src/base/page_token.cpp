#include "base/page_token.hpp"

#include "base/encoding.hpp"

namespace holdpoint {

namespace {

constexpr std::size_t kDigestBytes = 12;

std::string digest_of(std::string_view list, std::string_view last) {
    std::string bytes(list);
    bytes += '\0';
    bytes += last;
    return sha256(bytes).substr(0, kDigestBytes);
}

}  // namespace

std::string make_page_token(std::string_view list, std::string_view last) {
    return base64_encode(digest_of(list, last).append(last));
}

std::optional<std::string> read_page_token(std::string_view list, std::string_view token) {
    const auto bytes = base64_decode(token);
    if (!bytes || bytes->size() < kDigestBytes) return std::nullopt;
    std::string last = bytes->substr(kDigestBytes);
    if (bytes->substr(0, kDigestBytes) != digest_of(list, last)) return std::nullopt;
    return last;
}

}  // namespace holdpoint
