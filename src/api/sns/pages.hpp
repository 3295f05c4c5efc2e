// Pages: what a person's browser is answered who follows a link of an e-mail; programs get the service's XML.
#pragma once

#include "net/http.hpp"

namespace holdpoint::api::sns {

/// A browser asks to see a page.
[[nodiscard]] bool wants_page(const net::Request& request);

[[nodiscard]] net::Response confirmed_page();
/// Asks before it unsubscribes: programs look into mail and follow its links, and press no buttons.
[[nodiscard]] net::Response unsubscribe_page(std::string_view subscription_arn, std::string_view token);
[[nodiscard]] net::Response unsubscribed_page();
[[nodiscard]] net::Response refusal_page(int status, std::string_view why);

}  // namespace holdpoint::api::sns
