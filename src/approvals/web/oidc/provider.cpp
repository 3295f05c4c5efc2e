#include "approvals/web/oidc/provider.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"

namespace holdpoint::approvals::oidc {

using durable::Json;

namespace {

constexpr std::chrono::hours kKept{1};
constexpr std::chrono::seconds kKeysPause{30};
constexpr std::chrono::seconds kPause{5};
constexpr std::size_t kAnswerMax = 512UL * 1024;
constexpr net::Timeouts kTimeouts{
    .connect = std::chrono::seconds(5), .read = std::chrono::seconds(5), .whole = std::chrono::seconds(10)};

std::unexpected<Error> unavailable(std::string message) {
    return fail("OidcUnavailable", 502, std::move(message));
}

/// Of printable ASCII: it goes into a header.
bool is_one_word(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_this_machine(const std::string& host) {
    return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string text;
    for (const auto& [name, value] : fields) {
        text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, percent_encode(value));
    }
    return text;
}

}  // namespace

std::optional<Address> parse_address(const std::string& url) {
    const std::size_t scheme = url.find("://");
    if (scheme == std::string::npos || url.find_first_of("?#@\\") != std::string::npos || !is_one_word(url))
        return std::nullopt;
    const std::size_t slash = url.find('/', scheme + 3);
    const auto endpoint = net::parse_endpoint(url.substr(0, slash));
    if (!endpoint || (!endpoint->tls && !is_this_machine(endpoint->host))) return std::nullopt;
    return Address{.endpoint = *endpoint, .path = slash == std::string::npos ? "/" : url.substr(slash)};
}

Result<Json> Provider::call(const std::string& url, net::Request request) {
    const auto address = parse_address(url);
    if (!address) return unavailable("The provider names an address that is not https.");
    request.target = address->path;
    request.headers.emplace_back("Accept", "application/json");
    const auto answer = transport_.send(address->endpoint, request, kTimeouts);
    if (!answer) {
        // For the log alone: who wants to sign in need not know which machines are asked.
        // Whoever sent a code need not send it again: it is good for one exchange, which may have happened. (RFC 6749,
        // section 4.1.2)
        const bool is_used = request.once && answer.error().request_was_sent;
        Error error = unavailable(is_used ? "The provider did not answer the exchange of this sign-in's code, which is "
                                            "good for one: sign in again."
                                          : "The provider could not be reached.")
                          .error();
        error.details_json = Json(Json::Object{{"why", Json(answer.error().message)}}).dump();
        return std::unexpected(std::move(error));
    }
    if (answer->body.size() > kAnswerMax) return unavailable("The provider's answer is too long.");
    try {
        Json json = Json::parse(answer->body);
        if (answer->status == 200 && json.get_if<Json::Object>() != nullptr) return json;
        // A code that was used, or a client that is not known. (RFC 6749, section 5.2)
        if (answer->status == 400 || answer->status == 401) {
            const std::string error = as_utf8(text_claim(json, "error").substr(0, 64));
            return fail("OidcRefused", 401, fmt::format("The provider refused: {}.", error));
        }
    } catch (const durable::SerdesError&) {
        return unavailable(fmt::format("The provider answered {} and no JSON.", answer->status));
    }
    return unavailable(fmt::format("The provider answered {}.", answer->status));
}

Result<Endpoints> Provider::endpoints() {
    if (endpoints_ && clock_.monotonic() - endpoints_read_ < kKept) return *endpoints_;
    if (failed_ && clock_.monotonic() - *failed_ < kPause)
        return unavailable("The provider could not be used a moment ago.");
    auto found = read_endpoints();
    failed_ = found ? std::nullopt : std::optional(clock_.monotonic());
    if (!found) return found;
    endpoints_ = *found;
    endpoints_read_ = clock_.monotonic();
    return found;
}

Result<Endpoints> Provider::read_endpoints() {
    std::string base = client_.issuer;
    while (base.ends_with('/')) base.pop_back();
    const auto document =
        call(base + "/.well-known/openid-configuration", {.method = "GET", .target = {}, .headers = {}, .body = {}});
    if (!document) return std::unexpected(document.error());
    if (text_claim(*document, "issuer") != client_.issuer)
        return unavailable("The discovery document is another issuer's: issuer must be exactly what OIDC_ISSUER says.");
    Endpoints found{.authorization = text_claim(*document, "authorization_endpoint"),
                    .token = text_claim(*document, "token_endpoint"),
                    .keys = text_claim(*document, "jwks_uri"),
                    .user_info = text_claim(*document, "userinfo_endpoint"),
                    .says_issuer = flag_claim(*document, "authorization_response_iss_parameter_supported"),
                    .scopes = list_claim(*document, "scopes_supported")};
    if (!parse_address(found.authorization.substr(0, found.authorization.find('?'))) ||
        !is_one_word(found.authorization) || !parse_address(found.token) || !parse_address(found.keys)) {
        return unavailable("The discovery document lacks an endpoint, or names one that is not https.");
    }
    const std::vector<std::string> methods = list_claim(*document, "token_endpoint_auth_methods_supported");
    const auto takes = [&](std::string_view method) { return std::ranges::find(methods, method) != methods.end(); };
    found.secret_in_body = !methods.empty() && !takes("client_secret_basic") && takes("client_secret_post");
    return found;
}

Result<Grant> Provider::exchange(const std::string& code, const std::string& verifier,
                                 const std::string& redirect_uri) {
    const auto where = endpoints();
    if (!where) return std::unexpected(where.error());
    std::vector<std::pair<std::string, std::string>> fields{{"grant_type", "authorization_code"},
                                                            {"code", code},
                                                            {"redirect_uri", redirect_uri},
                                                            {"code_verifier", verifier}};
    net::Request request{
        .method = "POST", .target = {}, .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}, .body = {}};
    request.once = true;
    if (client_.client_secret.empty() || where->secret_in_body) {
        fields.emplace_back("client_id", client_.client_id);
        if (!client_.client_secret.empty()) fields.emplace_back("client_secret", client_.client_secret);
    } else {
        // Both are encoded as in a form first. (RFC 6749, section 2.3.1)
        const std::string pair = percent_encode(client_.client_id) + ":" + percent_encode(client_.client_secret);
        request.headers.emplace_back("Authorization", "Basic " + base64_encode(pair));
    }
    request.body = form(fields);
    const auto answer = call(where->token, std::move(request));
    if (!answer) return std::unexpected(answer.error());
    Grant grant{.id_token = text_claim(*answer, "id_token"), .access_token = text_claim(*answer, "access_token")};
    if (grant.id_token.empty()) return unavailable("The provider answered no ID token.");
    return grant;
}

Result<void> Provider::read_keys() {
    const auto where = endpoints();
    if (!where) return std::unexpected(where.error());
    const auto set = call(where->keys, {.method = "GET", .target = {}, .headers = {}, .body = {}});
    if (!set) return std::unexpected(set.error());
    keys_ = read_web_keys(*set);
    keys_read_ = clock_.monotonic();
    return {};
}

Result<Json> Provider::verify(const std::string& id_token) {
    auto token = read_id_token(id_token);
    if (!token) return std::unexpected(token.error());
    const bool are_old = !keys_read_ || clock_.monotonic() - *keys_read_ >= kKept;
    const bool may_read = !keys_read_ || clock_.monotonic() - *keys_read_ >= kKeysPause;
    const auto is_good = [&] {
        const WebKey* key = find_key(keys_, *token);
        return key != nullptr && is_signed_by(*token, *key);
    };
    // A new key may have no name, or that of the one before.
    if (are_old || (may_read && !is_good())) {
        if (auto ok = read_keys(); !ok) return std::unexpected(ok.error());
    }
    if (find_key(keys_, *token) == nullptr)
        return fail("OidcRefused", 401, "kid: the ID token was signed with a key that is not the provider's.");
    if (!is_good()) return fail("OidcRefused", 401, "The ID token's signature is not the provider's.");
    return std::move(token->claims);
}

Result<Json> Provider::user_info(const std::string& access_token) {
    const auto where = endpoints();
    if (!where) return std::unexpected(where.error());
    if (where->user_info.empty() || access_token.empty()) return Json(Json::Object{});
    // It stands in a header of its own line.
    if (!is_one_word(access_token)) return unavailable("The provider answered an access token that is none.");
    return call(where->user_info,
                {.method = "GET", .target = {}, .headers = {{"Authorization", "Bearer " + access_token}}, .body = {}});
}

}  // namespace holdpoint::approvals::oidc
