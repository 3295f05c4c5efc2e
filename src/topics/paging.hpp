// Pages of SNS's lists. (AWS API, NextToken)
#pragma once

#include <string>
#include <string_view>

#include "base/page_token.hpp"
#include "topics/model.hpp"

namespace holdpoint::topics {

[[nodiscard]] inline std::string page_token(std::string_view list, const Row& last) {
    return make_page_token(list, last.key);
}

/// The smallest key after the page that `token` ended, which begins with `prefix`; empty for no token.
[[nodiscard]] inline Result<std::string> page_start(std::string_view list, std::string_view prefix,
                                                    std::string_view token) {
    if (token.empty()) return std::string{};
    const auto key = read_page_token(list, token);
    if (!key || !key->starts_with(prefix))
        return invalid_parameter("NextToken Reason: it was not minted by this service for this list");
    return *key + '\0';
}

}  // namespace holdpoint::topics
