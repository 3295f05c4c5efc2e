// Web: the inbox page and its JSON API (docs/approvals-api.md), for requests from outside. Nobody is believed here by
// name alone: who decides has signed in.
#pragma once

#include "approvals/api/decisions.hpp"
#include "approvals/web/http_event.hpp"
#include "approvals/web/levels.hpp"
#include "approvals/web/sessions.hpp"

namespace holdpoint::approvals {

struct WebServices {
    ApiServices api;
    Sessions& sessions;
    Levels& levels;
};

[[nodiscard]] HttpAnswer handle_web(const HttpRequest& request, const WebServices& services,
                                    const durable::Logger& logger);

/// Whatever the function is invoked with: a request from outside, or an action (api.hpp).
[[nodiscard]] durable::Json handle_event(const durable::Json& event, const WebServices& services,
                                         const durable::Logger& logger);

}  // namespace holdpoint::approvals
