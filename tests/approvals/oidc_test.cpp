// Single sign-on: what is believed of a provider's answers, and what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/web/oidc/single_sign_on.hpp"
#include "base/encoding.hpp"
#include "signer.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kIssuer = "https://sso.example.com";
constexpr std::string_view kInbox = "https://inbox.example.com/prod/";

Json number(std::int64_t value) {
    return Json(Json::Data(value));
}

/// A provider without a network.
class FakeProvider final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint& endpoint, const net::Request& request,
                                                           const net::Timeouts&) override {
        requests.push_back(request);
        if (is_down) return std::unexpected(net::TransportError{.message = "refused", .request_was_sent = false});
        if (request.target == lost)
            return std::unexpected(
                net::TransportError{.message = "closed without an answer", .request_was_sent = true});
        EXPECT_TRUE(endpoint.tls);
        const auto answer = answers.find(request.target);
        if (answer == answers.end()) return net::Response{.status = 404, .headers = {}, .body = {}};
        return net::Response{.status = status, .headers = {}, .body = answer->second};
    }
    long asked(const std::string& target) const { return std::ranges::count(requests, target, &net::Request::target); }

    std::map<std::string, std::string> answers{
        {"/.well-known/openid-configuration",
         R"({"issuer":"https://sso.example.com","authorization_endpoint":"https://sso.example.com/auth?tenant=1",
             "token_endpoint":"https://sso.example.com/token","jwks_uri":"https://sso.example.com/keys",
             "userinfo_endpoint":"https://sso.example.com/me","scopes_supported":["openid","groups"]})"}};
    std::vector<net::Request> requests;
    int status = 200;
    bool is_down = false;
    std::string lost;  // the target that is asked and does not answer
};

class SingleSignOnTest : public ::testing::Test {
protected:
    void SetUp() override { publish(signer); }

    void publish(const Signer& by) {
        const Json set(Json::Data(Json::Object{{"keys", Json(Json::Data(Json::Array{by.web_key()}))}}));
        provider.answers["/keys"] = set.dump();
    }
    std::string part(const std::string& name) const {
        const std::size_t begin = departure.location.find(name + "=") + name.size() + 1;
        return percent_decode(departure.location.substr(begin, departure.location.find('&', begin) - begin));
    }
    HttpRequest coming_back() const {
        HttpRequest request{.method = "GET",
                            .path = "/api/sign-in/oidc/callback",
                            .query = {{"code", "the code"}, {"state", part("state")}},
                            .headers = {{"x-forwarded-proto", "https"}},
                            .cookies = {},
                            .body = {}};
        request.cookies["holdpoint_sign_in"] = departure.cookie.substr(18, departure.cookie.find(';') - 18);
        return request;
    }
    Json::Object claims() const {
        const std::int64_t now = to_epoch_ms(alone.clock.now()) / 1000;
        return {{"iss", text(kIssuer)},
                {"sub", text("subject-7")},
                {"aud", text("inbox")},
                {"exp", number(now + 300)},
                {"iat", number(now)},
                {"nonce", text(part("nonce"))},
                {"email", text("ann@example.com")},
                {"email_verified", Json(Json::Data(true))},
                {"name", text("Ann Example")},
                {"groups", Json(Json::Data(Json::Array{text("finance"), text("board")}))}};
    }
    static Json::Object with(Json::Object claims, const std::string& name, Json value) {
        std::erase_if(claims, [&](const auto& claim) { return claim.first == name; });
        claims.emplace_back(name, std::move(value));
        return claims;
    }
    static Json::Object without(Json::Object claims, const std::string& name) {
        std::erase_if(claims, [&](const auto& claim) { return claim.first == name; });
        return claims;
    }
    void depart() { departure = sso.begin({}).value(); }
    Result<SessionClaims> arrive_with(const std::string& token) {
        provider.answers["/token"] = R"({"token_type":"Bearer","access_token":"access","id_token":")" + token + R"("})";
        return sso.finish(coming_back());
    }
    std::string refusal_of(const std::string& token) {
        const auto arrived = arrive_with(token);
        return arrived ? "let in" : arrived.error().message;
    }

    Alone alone{WaitMode::callback};
    FakeProvider provider;
    SeededRandom random{11};
    Signer signer = Signer::es256();
    oidc::Settings settings{.client = {.issuer = std::string(kIssuer), .client_id = "inbox", .client_secret = "s:c"},
                            .inbox_url = std::string(kInbox)};
    oidc::SingleSignOn sso{settings, provider, alone.world.keys(), alone.clock, random};
    oidc::SingleSignOn::Departure departure;
};

TEST_F(SingleSignOnTest, SendsTheBrowserAwayWithNothingThatIsSecret) {
    depart();
    EXPECT_THAT(departure.location, StartsWith("https://sso.example.com/auth?tenant=1&response_type=code&"));
    EXPECT_EQ(part("redirect_uri"), "https://inbox.example.com/prod/api/sign-in/oidc/callback");
    EXPECT_EQ(part("scope"), "openid email profile groups");
    EXPECT_EQ(part("code_challenge_method"), "S256");
    EXPECT_THAT(departure.cookie,
                HasSubstr("; HttpOnly; SameSite=Lax; Path=/prod/api/sign-in/oidc; Max-Age=600; Secure"));
    EXPECT_THAT(departure.location + departure.cookie, Not(HasSubstr("s:c")));
    const std::string before = part("state");
    depart();
    EXPECT_NE(part("state"), before);
    EXPECT_EQ(provider.asked("/.well-known/openid-configuration"), 1);
}

TEST_F(SingleSignOnTest, LetsInWhomTheProviderNames) {
    depart();
    const auto arrived = arrive_with(signer.token(claims()));
    ASSERT_TRUE(arrived) << arrived.error().message;
    EXPECT_EQ(arrived->person, "ann@example.com");
    EXPECT_THAT(arrived->groups, ElementsAre("finance", "board"));
    EXPECT_EQ(arrived->display_name, "Ann Example");
    EXPECT_EQ(arrived->proof, "oidc");
    EXPECT_EQ(arrived->issuer, kIssuer);
    EXPECT_EQ(arrived->credential, "subject-7");
    // The code went with the verifier that was promised, and with the client's own secret.
    const net::Request& exchange = *std::ranges::find(provider.requests, "/token", &net::Request::target);
    const std::size_t at = exchange.body.find("code_verifier=") + 14;
    const std::string verifier = exchange.body.substr(at, exchange.body.find('&', at) - at);
    EXPECT_EQ(base64url_encode(sha256(verifier)), part("code_challenge"));
    EXPECT_THAT(departure.cookie, Not(HasSubstr(verifier)));
    EXPECT_THAT(exchange.body,
                HasSubstr("grant_type=authorization_code&code=the%20code&redirect_uri=https%3A%2F%2Finbox."));
    EXPECT_EQ(exchange.header("Authorization"), "Basic " + base64_encode("inbox:s%3Ac"));
    EXPECT_TRUE(exchange.once) << "a code is good for one exchange";
}

TEST(OidcAddressTest, IsHttpsOrOfThisMachine) {
    const auto host = [](const std::string& url) {
        const auto address = oidc::parse_address(url);
        return address ? address->endpoint.host + address->path : "none";
    };
    EXPECT_EQ(host("https://sso.example.com/a"), "sso.example.com/a");
    EXPECT_EQ(host("http://localhost:8080/a"), "localhost/a");
    EXPECT_EQ(host("http://127.0.0.1:8080"), "127.0.0.1/");
    EXPECT_EQ(host("http://[::1]:8080/a"), "::1/a");
    EXPECT_EQ(host("http://sso.example.com/a"), "none");
    EXPECT_EQ(host("http://[2001:db8::1]/a"), "none");
}

TEST_F(SingleSignOnTest, SaysWhyACodeCouldNotBeExchanged) {
    depart();
    provider.lost = "/token";
    const auto arrived = arrive_with(signer.token(claims()));
    ASSERT_FALSE(arrived);
    EXPECT_EQ(arrived.error().message,
              "The provider did not answer the exchange of this sign-in's code, which is good for one: sign in again.");
    EXPECT_THAT(arrived.error().details_json, HasSubstr("closed without an answer"));
    EXPECT_EQ(provider.asked("/token"), 1);
}

TEST_F(SingleSignOnTest, BelievesNoTokenThatIsNotForThisSignIn) {
    depart();
    const std::int64_t now = to_epoch_ms(alone.clock.now()) / 1000;
    const Json both(Json::Data(Json::Array{text("inbox"), text("other")}));
    const std::vector<std::pair<Json::Object, std::string>> wrong{
        {with(claims(), "nonce", text("another")), "nonce"},
        {without(claims(), "nonce"), "nonce"},
        {with(claims(), "aud", text("other")), "aud"},
        {with(claims(), "aud", both), "azp"},
        {with(with(claims(), "aud", both), "azp", text("other")), "azp"},
        {without(claims(), "aud"), "aud"},
        {with(claims(), "iss", text("https://sso.example.com/")), "iss"},
        {with(claims(), "exp", number(now - 60)), "exp"},
        {with(claims(), "exp", text("tomorrow")), "exp"},
        {without(claims(), "exp"), "exp"},
        {with(claims(), "iat", number(now + 61)), "iat"},
        {without(claims(), "iat"), "iat"},
        {with(claims(), "nbf", number(now + 61)), "nbf"},
        {with(claims(), "nbf", text("soon")), "nbf"},
        {with(claims(), "sub", text("")), "sub"},
        {with(claims(), "email_verified", Json(Json::Data(false))), "email_verified"},
        {without(claims(), "email_verified"), "email_verified"},
        {with(claims(), "email", text("ann")), "email"},
        {with(claims(), "email", text("ann@x\n")), "email"}};
    for (const auto& [given, problem] : wrong)
        EXPECT_THAT(refusal_of(signer.token(given)), StartsWith(problem)) << Json(Json::Data(given)).dump();
    // A minute apart is the clocks'.
    EXPECT_EQ(refusal_of(signer.token(with(claims(), "exp", number(now - 59)))), "let in");
    EXPECT_EQ(refusal_of(signer.token(with(claims(), "iat", number(now + 59)))), "let in");
    EXPECT_EQ(refusal_of(signer.token(with(with(claims(), "aud", both), "azp", text("inbox")))), "let in");
}

TEST_F(SingleSignOnTest, BelievesNoSignatureButTheProviders) {
    depart();
    EXPECT_THAT(refusal_of(Signer::es256().token(claims())), HasSubstr("signature is not the provider's"));
    EXPECT_THAT(refusal_of(Signer::rsa("RS256").token(claims())), HasSubstr("signature is not the provider's"));
    EXPECT_THAT(refusal_of(signer.token(claims(), R"({"alg":"none"})")), StartsWith("alg"));
    const std::string signed_text = base64url_encode(R"({"alg":"HS256","kid":"key-1"})") + "." +
                                    base64url_encode(Json(Json::Data(claims())).dump());
    EXPECT_THAT(refusal_of(signed_text + "." + base64url_encode(hmac_sha256(provider.answers["/keys"], signed_text))),
                StartsWith("alg"));
    EXPECT_THAT(refusal_of(signer.token(claims(), R"({"alg":"ES256","kid":"key-1","crit":["b64"]})")),
                StartsWith("crit"));
    EXPECT_THAT(refusal_of("a.b"), HasSubstr("no signed token"));
}

TEST_F(SingleSignOnTest, LooksForANewKeyOnceAndNotMoreOftenThanTwiceAMinute) {
    depart();
    ASSERT_EQ(refusal_of(signer.token(claims())), "let in");
    Signer next = Signer::es256();
    next.id = "key-2";
    for (int i = 0; i < 5; ++i) EXPECT_THAT(refusal_of(next.token(claims())), StartsWith("kid"));
    EXPECT_EQ(provider.asked("/keys"), 1) << "just read";
    publish(next);
    alone.world.runner.advance(std::chrono::seconds(30));
    EXPECT_EQ(refusal_of(next.token(claims())), "let in");
    EXPECT_THAT(refusal_of(signer.token(claims())), StartsWith("kid")) << "the old key is gone";
    EXPECT_EQ(provider.asked("/keys"), 2);
}

TEST_F(SingleSignOnTest, AKeyThatChangedUnderItsNameOrHasNoneIsReadAnew) {
    depart();
    ASSERT_EQ(refusal_of(signer.token(claims())), "let in");
    const Signer next = Signer::es256();
    publish(next);
    alone.world.runner.advance(std::chrono::seconds(30));
    EXPECT_EQ(refusal_of(next.token(claims())), "let in");
    EXPECT_THAT(refusal_of(signer.token(claims())), HasSubstr("signature is not the provider's"));
    EXPECT_EQ(provider.asked("/keys"), 2) << "not for each who comes";
    publish(signer);
    alone.world.runner.advance(std::chrono::seconds(30));
    EXPECT_EQ(refusal_of(signer.token(claims(), R"({"alg":"ES256"})")), "let in");
}

TEST_F(SingleSignOnTest, AnAnswerIsForTheBrowserThatBeganAndOnce) {
    depart();
    provider.answers["/token"] = R"({"id_token":")" + signer.token(claims()) + R"("})";
    const auto said = [&](const HttpRequest& request) {
        const auto arrived = sso.finish(request);
        return arrived ? std::string("let in") : arrived.error().message;
    };
    HttpRequest request = coming_back();
    request.cookies.clear();
    EXPECT_THAT(said(request), HasSubstr("began no sign-in"));
    request = coming_back();
    request.query["state"] = "guessed";
    EXPECT_THAT(said(request), HasSubstr("another sign-in"));
    request = coming_back();
    request.query["iss"] = "https://other.example.com";
    EXPECT_THAT(said(request), HasSubstr("another issuer"));
    request = coming_back();
    request.query["error"] = "access_denied";
    EXPECT_EQ(said(request), "The provider answered access_denied.");
    request.query["error"] = "<b>come to evil.example.com</b>";
    EXPECT_THAT(said(request), Not(HasSubstr("evil")));
    request = coming_back();
    request.query.erase("code");
    EXPECT_THAT(said(request), HasSubstr("no code"));
    EXPECT_EQ(provider.asked("/token"), 0) << "none of this reached the provider";
    EXPECT_EQ(said(coming_back()), "let in");
    // The same answer beside the cookie of the next sign-in is none.
    const HttpRequest replayed = coming_back();
    depart();
    request = coming_back();
    request.query = replayed.query;
    EXPECT_THAT(said(request), HasSubstr("another sign-in"));
    alone.world.runner.advance(std::chrono::minutes(10));
    EXPECT_THAT(said(coming_back()), HasSubstr("too long ago"));
}

TEST_F(SingleSignOnTest, WhoPromisesToSayWhoseAnAnswerIsHasToSayIt) {
    std::string& document = provider.answers["/.well-known/openid-configuration"];
    document.insert(1, R"("authorization_response_iss_parameter_supported":true,)");
    depart();
    EXPECT_THAT(refusal_of(signer.token(claims())), HasSubstr("does not say whose"));
    HttpRequest request = coming_back();
    request.query["iss"] = kIssuer;
    EXPECT_TRUE(sso.finish(request));
}

TEST_F(SingleSignOnTest, AProviderThatCannotBeUsedLetsNobodyIn) {
    const auto begun = [&] {
        alone.world.runner.advance(std::chrono::seconds(5));
        return sso.begin({}).has_value();
    };
    provider.is_down = true;
    EXPECT_FALSE(begun());
    EXPECT_THAT(sso.begin({}).error().message, HasSubstr("a moment ago"));
    EXPECT_THAT(provider.requests, ::testing::SizeIs(1)) << "it is not asked by each who comes";
    provider.is_down = false;
    const std::string good = provider.answers["/.well-known/openid-configuration"];
    for (const std::string& bad :
         {std::string("not json"), std::string("{}"), std::string(600'000, ' ') + good,
          std::string(R"({"issuer":"https://sso.example.com","authorization_endpoint":"http://sso.example.com/auth",
              "token_endpoint":"https://sso.example.com/token","jwks_uri":"https://sso.example.com/keys"})"),
          std::string(R"({"issuer":"https://evil.example.com","authorization_endpoint":"https://sso.example.com/auth",
              "token_endpoint":"https://sso.example.com/token","jwks_uri":"https://sso.example.com/keys"})"),
          // What a browser is sent to is a header of our own answer.
          std::string(R"({"issuer":"https://sso.example.com",
              "authorization_endpoint":"https://sso.example.com/auth?a=1\r\nSet-Cookie: b=2",
              "token_endpoint":"https://sso.example.com/token","jwks_uri":"https://sso.example.com/keys"})")}) {
        provider.answers["/.well-known/openid-configuration"] = bad;
        EXPECT_FALSE(begun()) << bad.substr(0, 60);
    }
    provider.answers["/.well-known/openid-configuration"] = good;
    provider.status = 302;
    EXPECT_FALSE(begun()) << "redirects are not followed";
    provider.status = 200;
    ASSERT_TRUE(begun());
    depart();
    provider.answers["/token"] = R"({"error":"invalid_grant"})";
    provider.status = 400;
    EXPECT_EQ(sso.finish(coming_back()).error().message, "The provider refused: invalid_grant.");
    provider.status = 200;
    EXPECT_THAT(sso.finish(coming_back()).error().message, HasSubstr("no ID token"));
}

TEST_F(SingleSignOnTest, AsksForTheAddressWhereTheTokenDoesNotSayIt) {
    depart();
    const std::string token = signer.token(without(claims(), "email"));
    provider.answers["/me"] =
        R"({"sub":"subject-7","email":"ann@example.com","email_verified":"true","groups":"finance"})";
    const auto arrived = arrive_with(token);
    ASSERT_TRUE(arrived) << arrived.error().message;
    EXPECT_EQ(arrived->person, "ann@example.com");
    EXPECT_THAT(arrived->groups, ElementsAre("finance"));
    EXPECT_EQ(provider.requests.back().header("Authorization"), "Bearer access");
    provider.answers["/me"] = R"({"sub":"subject-8","email":"bob@example.com","email_verified":true})";
    EXPECT_THAT(refusal_of(token), HasSubstr("somebody else"));
    provider.answers["/me"] = R"({"email":"bob@example.com","email_verified":true})";
    EXPECT_THAT(refusal_of(token), StartsWith("email")) << "of nobody";
}

TEST_F(SingleSignOnTest, GroupsOfTheTokenStayWhereTheAddressComesFromElsewhere) {
    // As Entra ID does it: its userinfo knows of no groups.
    depart();
    provider.answers["/me"] = R"({"sub":"subject-7","email":"ann@example.com","email_verified":true,"name":"Ann"})";
    for (const Json::Object& token : {without(claims(), "email"), with(claims(), "email", Json())}) {
        const auto arrived = arrive_with(signer.token(token));
        ASSERT_TRUE(arrived) << arrived.error().message;
        EXPECT_EQ(arrived->person, "ann@example.com");
        EXPECT_EQ(arrived->display_name, "Ann");
        EXPECT_THAT(arrived->groups, ElementsAre("finance", "board"));
    }
    // Whether an address is verified says who tells the address.
    provider.answers["/me"] = R"({"sub":"subject-7","email":"bob@example.com"})";
    EXPECT_THAT(refusal_of(signer.token(without(claims(), "email"))), StartsWith("email_verified"));
}

TEST_F(SingleSignOnTest, OnTheWebItIsASessionLikeAnyOther) {
    alone.world.single_sign_on = &sso;
    alone.world.start();
    const auto get = [&](const std::string& path, const std::map<std::string, std::string>& cookies,
                         const std::map<std::string, std::string>& query = {}) {
        return alone.world.web(
            {.method = "GET", .path = path, .query = query, .headers = {}, .cookies = cookies, .body = {}});
    };
    EXPECT_THAT(get("/api/me", {}).body, HasSubstr(R"("oidc":{"name":"sso.example.com","url":"api/sign-in/oidc"})"));
    const HttpAnswer away = get("/api/sign-in/oidc", {});
    ASSERT_EQ(away.status, 302);
    departure = {.location = away.headers.front().second, .cookie = away.cookies.front()};
    HttpRequest request = coming_back();
    const HttpAnswer no = get(request.path, {}, request.query);
    EXPECT_EQ(no.status, 401);
    EXPECT_THAT(no.body, HasSubstr("began no sign-in"));
    // That of another tab, which began before, leaves this one's sign-in as it is.
    const HttpAnswer other = get(request.path, request.cookies, {{"code", "c"}, {"state", "of another tab"}});
    EXPECT_EQ(other.status, 401);
    EXPECT_THAT(other.cookies, IsEmpty());
    provider.answers["/token"] = R"({"id_token":")" + signer.token(claims()) + R"("})";
    const HttpAnswer back = get(request.path, request.cookies, request.query);
    ASSERT_EQ(back.status, 303) << back.body;
    EXPECT_EQ(back.headers.front(), (std::pair<std::string, std::string>("location", "../../../")));
    ASSERT_THAT(back.cookies, ::testing::SizeIs(2));
    EXPECT_THAT(back.cookies[0], ::testing::AllOf(StartsWith("holdpoint_session="), HasSubstr("; Path=/prod/api;"),
                                                  HasSubstr("SameSite=Strict"), HasSubstr("; Secure")));
    EXPECT_THAT(back.cookies[1], ::testing::AllOf(StartsWith("holdpoint_sign_in=;"), HasSubstr("Max-Age=0")));
    const std::string session = back.cookies[0].substr(18, back.cookies[0].find(';') - 18);
    const HttpAnswer me = get("/api/me", {{"holdpoint_session", session}});
    EXPECT_THAT(me.body, HasSubstr(R"("display_name":"Ann Example","groups":["finance","board"],"proof":"oidc")"));
    const HttpAnswer decided =
        alone.world.web({.method = "POST",
                         .path = "/api/approvals/" + alone.world.approval_id() + "/decision",
                         .query = {},
                         .headers = {{"content-type", "application/json"},
                                     {"x-csrf-token", *Json::parse(me.body).find("csrf_token")->get_if<std::string>()}},
                         .cookies = {{"holdpoint_session", session}},
                         .body = R"({"decision":"approved","shown_digest":")" + shown_digest(*alone.world.record()) +
                                 R"(","idempotency_key":"k"})"});
    ASSERT_EQ(decided.status, 200) << decided.body;
    const AuditRecord record = alone.world.trail().at(2);
    EXPECT_EQ(record.actor_proof, "oidc");
    EXPECT_EQ(record.details.at("issuer"), kIssuer);
    EXPECT_EQ(record.personal.at("subject").value, "subject-7");
    ASSERT_TRUE(alone.world.operators_revocations().revoke_person("ann@example.com"));
    alone.world.runner.advance(std::chrono::seconds(5));
    EXPECT_EQ(get("/api/me", {{"holdpoint_session", session}}).status, 401);
}

TEST_F(SingleSignOnTest, GroupsThatFillACookieAreRefusedNotCutOff) {
    alone.world.single_sign_on = &sso;
    depart();
    Json::Array many;
    for (int i = 0; i < 200; ++i) many.push_back(text("department-" + std::to_string(i)));
    provider.answers["/token"] =
        R"({"id_token":")" + signer.token(with(claims(), "groups", Json(Json::Data(many)))) + R"("})";
    const HttpAnswer answer = alone.world.web(coming_back());
    EXPECT_EQ(answer.status, 401);
    EXPECT_THAT(answer.body, HasSubstr("groups: too many"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
