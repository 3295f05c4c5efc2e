// Web: the inbox page and its JSON API (docs/approvals-api.md), for requests from outside. Nobody is believed here by
// name alone: who decides has signed in.
#pragma once

#include <functional>

#include "approvals/api/decisions.hpp"
#include "approvals/repository/outbox.hpp"
#include "approvals/web/http_event.hpp"
#include "approvals/web/levels.hpp"
#include "approvals/web/oidc/single_sign_on.hpp"
#include "approvals/web/rate_limiter.hpp"
#include "approvals/web/sessions.hpp"

namespace holdpoint::approvals {

/// What one process lets through; others of the function count for themselves.
struct RateLimits {
    explicit RateLimits(const Clock& clock)
        : failed_sign_ins({.burst = 10, .interval = std::chrono::seconds(6)}, clock),
          requests({.burst = 300, .interval = Milliseconds(20)}, clock),
          decisions({.burst = 30, .interval = std::chrono::seconds(2)}, clock) {}

    RateLimiter failed_sign_ins;  // of one address
    RateLimiter requests;         // of one person
    RateLimiter decisions;        // of one person
};

struct WebServices {
    ApiServices api;
    Sessions& sessions;
    RateLimits& limits;
    Levels& levels;
    oidc::SingleSignOn* single_sign_on = nullptr;  // nullptr: there is none
    /// The messages that the server kept for this person; none: it has no outbox.
    std::function<Result<std::optional<std::vector<OutboxMessage>>>(const std::string& person)> outbox = {};
};

[[nodiscard]] HttpAnswer handle_web(const HttpRequest& request, const WebServices& services,
                                    const durable::Logger& logger);

/// Whatever the function is invoked with: a request from outside, or an action (api.hpp).
[[nodiscard]] durable::Json handle_event(const durable::Json& event, const WebServices& services,
                                         const durable::Logger& logger);

}  // namespace holdpoint::approvals
