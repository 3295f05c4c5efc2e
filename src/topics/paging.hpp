// Page tokens: the last row's key, in base64, so that a page goes on where the last one ended whatever was added
// meanwhile.
#pragma once

#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "topics/model.hpp"

namespace holdpoint::topics {

[[nodiscard]] inline std::string page_token(const Row& last) {
    return base64_encode(last.key);
}

/// The smallest key after the page that `token` ended; empty for no token.
[[nodiscard]] inline Result<std::string> page_start(std::string_view token) {
    if (token.empty()) return std::string{};
    const auto key = base64_decode(token);
    if (!key || key->empty()) return invalid_parameter("NextToken Reason: it was not minted by this service");
    return *key + '\0';
}

}  // namespace holdpoint::topics
