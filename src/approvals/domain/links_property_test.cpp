// Links: every one comes back as it was made, and none that was touched.
#include "approvals/domain/links.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/random.hpp"

namespace holdpoint::approvals {
namespace {

const TimePoint kNow = from_epoch_ms(0);

KeyRing some_keys() {
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    std::vector<SigningKey> keys;
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) keys.push_back({.id = "k" + std::to_string(i), .secret = random.bytes(32)});
    return KeyRing::make(std::move(keys)).value();
}

std::string text() {
    return *rc::gen::element<std::string>("", "ann@example.com", "ünï", "a.b", "\"quoted\"", "line\nline",
                                          std::string(100, 'z'));
}

LinkClaims some_link() {
    return {.approval_id = text(), .person = text(), .expires = *rc::gen::inRange<std::int64_t>(1, 1LL << 50)};
}

TokenClaims some_token() {
    return {.person = text(),
            .groups = {text(), text()},
            .expires = *rc::gen::inRange<std::int64_t>(1, 1LL << 50),
            .token_id = text()};
}

SessionClaims some_session() {
    return {.person = text(),
            .groups = {text()},
            .proof = text(),
            .only_approval = text(),
            .csrf_token = text(),
            .expires = *rc::gen::inRange<std::int64_t>(1, 1LL << 50),
            .credential = text(),
            .issued = *rc::gen::inRange<std::int64_t>(0, 1LL << 50),
            .issuer = std::nullopt,
            .display_name = text()};
}

TEST(LinkProperties, ComeBackAsTheyWereMade) {
    EXPECT_TRUE(rc::check([] {
        const KeyRing keys = some_keys();
        const LinkClaims link = some_link();
        const TokenClaims token = some_token();
        RC_ASSERT(read_link(keys, make_link(keys, link), kNow).value() == link);
        const SessionClaims session = some_session();
        RC_ASSERT(read_token(keys, make_token(keys, token), kNow).value() == token);
        RC_ASSERT(read_session(keys, make_session(keys, session), kNow).value() == session);
    }));
}

TEST(LinkProperties, ATouchedOneIsRefused) {
    EXPECT_TRUE(rc::check([] {
        const KeyRing keys = some_keys();
        const std::string link = make_link(keys, some_link());
        for (std::size_t i = 0; i < link.size(); ++i) {
            std::string touched = link;
            touched[i] = *rc::gen::element('A', 'B', 'k', '0', '1', '.', '-', '_', '=', '\0', '\xff');
            RC_ASSERT(touched == link || !read_link(keys, touched, kNow));
        }
        const auto at = *rc::gen::inRange<std::size_t>(0, link.size());
        RC_ASSERT(!read_link(keys, link.substr(0, at), kNow));
        RC_ASSERT(!read_link(keys, link + link[at], kNow));
        RC_ASSERT(!read_link(keys, link.substr(0, at) + link[at] + link.substr(at), kNow));
    }));
}

TEST(LinkProperties, OneIsNeverTakenForAnother) {
    EXPECT_TRUE(rc::check([] {
        const KeyRing keys = some_keys();
        const std::string link = make_link(keys, some_link());
        const std::string token = make_token(keys, some_token());
        RC_ASSERT(!read_token(keys, link, kNow));
        RC_ASSERT(!read_link(keys, token, kNow));
        const std::string session = make_session(keys, some_session());
        RC_ASSERT(!read_token(keys, session, kNow));
        RC_ASSERT(!read_link(keys, session, kNow));
        RC_ASSERT(!read_session(keys, link, kNow));
        RC_ASSERT(!read_session(keys, token, kNow));
        const auto rest = [](const std::string& whole) { return whole.substr(whole.find('.')); };
        RC_ASSERT(read_token(keys, "hptoken1" + rest(link), kNow).error().problem == TokenProblem::wrong_signature);
        RC_ASSERT(read_session(keys, "hpsession1" + rest(token), kNow).error().problem ==
                  TokenProblem::wrong_signature);
        RC_ASSERT(read_link(keys, "hplink1" + rest(token), kNow).error().problem == TokenProblem::wrong_signature);
    }));
}

TEST(LinkProperties, OtherKeysRefuseIt) {
    EXPECT_TRUE(rc::check([] {
        const std::string link = make_link(some_keys(), some_link());
        const auto other = read_link(KeyRing::make({{.id = "k0", .secret = std::string(32, 'x')}}).value(), link, kNow);
        RC_ASSERT(other.error().problem == TokenProblem::wrong_signature);
    }));
}

TEST(LinkProperties, BytesComeBackFromBase64Url) {
    EXPECT_TRUE(rc::check([] {
        SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
        const std::string bytes = random.bytes(*rc::gen::inRange<std::size_t>(0, 60));
        RC_ASSERT(base64url_decode(base64url_encode(bytes)) == bytes);
    }));
}

}  // namespace
}  // namespace holdpoint::approvals
