// ID tokens, and the keys and claims of a provider of OpenID Connect. Input: a JWK set in a line, then tokens in lines.
#include "approvals/web/oidc/id_token.hpp"

#include "fuzz/fuzz.hpp"
#include "fuzz/json.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::approvals;

/// Whoever can make a token that a key takes, without having the key, comes in as anybody. Chance cannot: what is taken
/// is signed by the keys of RFC 7515, whose examples (A.2, A.3) the corpus has.
void read_token(std::string_view text, const std::vector<oidc::WebKey>& keys) {
    const auto token = oidc::read_id_token(text);
    if (!token) {
        FUZZ_CHECK(token.error().name == "OidcRefused" && !token.error().message.empty(), "a refusal says nothing");
        return;
    }
    FUZZ_CHECK(oidc::find_algorithm(token->algorithm).has_value(),
               "a token of an algorithm that is not taken was read");
    if (const oidc::WebKey* key = oidc::find_key(keys, *token); key != nullptr && oidc::is_signed_by(*token, *key)) {
        FUZZ_CHECK(oidc::text_claim(token->claims, "iss") == "joe", "a token that nobody signed is taken");
    }
    const TimePoint now = from_epoch_ms(1'764'104'400'000);
    const oidc::Expectation expected{.issuer = "https://id.example.com", .client_id = "holdpoint", .nonce = "n-1"};
    if (oidc::check_claims(token->claims, expected, now)) {
        FUZZ_CHECK(oidc::text_claim(token->claims, "iss") == expected.issuer, "claims of another issuer are taken");
        FUZZ_CHECK(oidc::text_claim(token->claims, "nonce") == expected.nonce, "claims for another sign-in are taken");
    }
    (void)oidc::flag_claim(token->claims, "email_verified");
    for (const std::string& group : oidc::list_claim(token->claims, "realm_access.roles")) (void)group.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(fuzz::text_of(data, size));
    const auto set = fuzz::durable_json_of(input.line());
    const auto keys = set ? oidc::read_web_keys(*set) : std::vector<oidc::WebKey>{};
    for (int i = 0; i < 8 && !input.empty(); ++i) read_token(input.line(), keys);
    return 0;
}
