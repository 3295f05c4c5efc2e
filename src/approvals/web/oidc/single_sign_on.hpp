// Single sign-on: a browser goes to the organisation's provider and comes back as somebody. Authorization code with
// PKCE, state and nonce; nothing is stored between the two, but a short signed cookie. (OpenID Connect Core 1.0,
// section 3.1; RFC 7636; RFC 9207)
#pragma once

#include <string>

#include "approvals/domain/links.hpp"
#include "approvals/repository/signing_keys.hpp"
#include "approvals/web/http_event.hpp"
#include "approvals/web/oidc/provider.hpp"

namespace holdpoint::approvals::oidc {

struct Settings {
    Client client;
    std::string inbox_url;  // ends with "/"; the redirect URI is beside it
    std::string groups_claim = "groups";
    bool email_must_be_verified = true;
};

class SingleSignOn {
public:
    SingleSignOn(Settings settings, net::Transport& transport, SigningKeys& keys, const Clock& clock, Random& random)
        : settings_(std::move(settings)),
          provider_(settings_.client, transport, clock),
          keys_(keys),
          clock_(clock),
          random_(random) {}

    /// What the page calls the provider: the issuer's host.
    [[nodiscard]] std::string name() const;
    /// Where cookies of the API belong: the path of the inbox and "api".
    [[nodiscard]] std::string api_path() const;
    /// Whether they are for https alone: also where a proxy ends TLS, so that the request does not show it.
    [[nodiscard]] bool is_secure(const HttpRequest& request) const;

    struct Departure {
        std::string location;
        std::string cookie;  // as Set-Cookie has it
    };
    [[nodiscard]] Result<Departure> begin(const HttpRequest& request);
    /// Who came back, as far as a session says it. OidcRefused and OidcUnavailable say why nobody did; OidcOtherSignIn,
    /// that the answer is to none that this browser waits for.
    [[nodiscard]] Result<SessionClaims> finish(const HttpRequest& request);
    /// What makes the browser forget that it went.
    [[nodiscard]] std::string ending_cookie(const HttpRequest& request) const;

private:
    [[nodiscard]] std::string redirect_uri() const { return settings_.inbox_url + "api/sign-in/oidc/callback"; }
    [[nodiscard]] std::string cookie(const HttpRequest& request, std::string_view value, std::int64_t max_age) const;
    /// The sign-in that this browser began, when the answer is to that one.
    [[nodiscard]] Result<PendingSignIn> pending(const HttpRequest& request, const KeyRing& keys) const;
    [[nodiscard]] Result<SessionClaims> session_of(durable::Json claims, const std::string& access_token);

    Settings settings_;
    Provider provider_;
    SigningKeys& keys_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace holdpoint::approvals::oidc
