// Provider: an issuer of OpenID Connect over HTTP: its discovery document, keys and tokens. (OpenID Connect Discovery
// 1.0, section 4; RFC 6749, section 4.1.3)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "approvals/web/oidc/id_token.hpp"
#include "base/clock.hpp"
#include "net/transport.hpp"

namespace holdpoint::approvals::oidc {

struct Client {
    std::string issuer;
    std::string client_id;
    std::string client_secret;  // empty: a public client
};

/// Where the provider has what.
struct Endpoints {
    std::string authorization;
    std::string token;
    std::string keys;
    std::string user_info;  // may be empty
    bool secret_in_body = false;
    bool says_issuer = false;         // in its answers to the browser, too (RFC 9207)
    std::vector<std::string> scopes;  // those that it says it knows
};

/// What a code was exchanged for.
struct Grant {
    std::string id_token;
    std::string access_token;  // may be empty
};

/// An address without user, query and fragment, by https; by http on this machine alone. Nothing for another one.
struct Address {
    net::Endpoint endpoint;
    std::string path;  // begins with "/"
};
[[nodiscard]] std::optional<Address> parse_address(const std::string& url);

/// What the provider answers is bounded in size and time, redirects are not followed. Errors are OidcUnavailable (it
/// could not be used) and OidcRefused; they say nothing of secrets.
class Provider {
public:
    Provider(Client client, net::Transport& transport, const Clock& clock)
        : client_(std::move(client)), transport_(transport), clock_(clock) {}

    [[nodiscard]] const Client& client() const { return client_; }
    /// Read again after an hour; when it could not be, after five seconds.
    [[nodiscard]] Result<Endpoints> endpoints();
    [[nodiscard]] Result<Grant> exchange(const std::string& code, const std::string& verifier,
                                         const std::string& redirect_uri);
    /// The claims of an ID token whose signature is the provider's. A key that is not known is looked for once, and
    /// not more often than twice a minute.
    [[nodiscard]] Result<durable::Json> verify(const std::string& id_token);
    /// What the provider says of whoever the access token is for.
    [[nodiscard]] Result<durable::Json> user_info(const std::string& access_token);

private:
    [[nodiscard]] Result<durable::Json> call(const std::string& url, net::Request request);
    [[nodiscard]] Result<Endpoints> read_endpoints();
    [[nodiscard]] Result<void> read_keys();

    Client client_;
    net::Transport& transport_;
    const Clock& clock_;
    std::optional<Endpoints> endpoints_;
    Milliseconds endpoints_read_{0};
    std::optional<Milliseconds> failed_;
    std::vector<WebKey> keys_;
    std::optional<Milliseconds> keys_read_;
};

}  // namespace holdpoint::approvals::oidc
