// Page tokens: where a page of a list ended, in base64, so that the next one goes on there whatever was added
// meanwhile. A digest tells a token of this very list from what was mistaken for one. It is no secret: a token outlives
// the server that made it, and whoever reads one still checks that the key is one that the caller may list.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdpoint {

/// `list` names the list with all that its pages depend on; `last` is the key of the page's last entry.
[[nodiscard]] std::string make_page_token(std::string_view list, std::string_view last);
/// The key that make_page_token was given; nothing when `token` is no token of this list.
[[nodiscard]] std::optional<std::string> read_page_token(std::string_view list, std::string_view token);

}  // namespace holdpoint
