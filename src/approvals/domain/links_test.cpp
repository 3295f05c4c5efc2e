// Links and tokens: made, read, and refused with a reason.
#include "approvals/domain/links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const TimePoint kNow = from_epoch_ms(1'000'000);
const std::string kOldSecret(32, 'o');
const std::string kNewSecret(40, 'n');

KeyRing ring(std::vector<SigningKey> keys) {
    return KeyRing::make(std::move(keys)).value();
}

const LinkClaims kClaims{.approval_id = "A-1", .person = "ann@x", .expires = 1001};

TEST(Links, AreGoodUntilTheyExpire) {
    const KeyRing keys = ring({{"k1", kNewSecret}});
    const std::string link = make_link(keys, kClaims);
    EXPECT_EQ(read_link(keys, link, kNow), kClaims);
    EXPECT_EQ(link.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."),
              std::string::npos);
    EXPECT_TRUE(read_link(keys, link, kNow + Milliseconds(999)));
    const auto late = read_link(keys, link, kNow + Milliseconds(1000));
    EXPECT_EQ(late.error(), (TokenRefusal{TokenProblem::expired, "This link has expired; ask for a new one."}));
}

TEST(Links, TheNewestKeySignsAndAllVerify) {
    const KeyRing before = ring({{"k1", kOldSecret}});
    const KeyRing both = ring({{"k2", kNewSecret}, {"k1", kOldSecret}});
    const KeyRing after = ring({{"k2", kNewSecret}});
    const std::string old_link = make_link(before, kClaims);
    const std::string new_link = make_link(both, kClaims);
    EXPECT_TRUE(read_link(both, old_link, kNow));
    EXPECT_TRUE(read_link(after, new_link, kNow));
    EXPECT_EQ(read_link(after, old_link, kNow).error(),
              (TokenRefusal{TokenProblem::unknown_key,
                            "This link was signed with a key that is not used any more; ask for a new one."}));
    const KeyRing other = ring({{"k1", kNewSecret}});
    EXPECT_EQ(read_link(other, old_link, kNow).error(),
              (TokenRefusal{TokenProblem::wrong_signature, "This link was changed after it was signed."}));
}

TEST(Links, AreGoodWithTheirWholeSignatureAlone) {
    const KeyRing keys = ring({{"k1", kNewSecret}});
    const std::string link = make_link(keys, kClaims);
    for (std::size_t size = link.rfind('.') + 1; size < link.size(); ++size)
        EXPECT_EQ(read_link(keys, link.substr(0, size), kNow).error().problem, TokenProblem::wrong_signature) << size;
    EXPECT_EQ(read_link(keys, link + "A", kNow).error().problem, TokenProblem::wrong_signature);
}

TEST(Links, ATokenOfManyGroupsFitsIntoNoCookie) {
    const KeyRing keys = ring({{"k1", kNewSecret}});
    TokenClaims claims{.person = "ann@x", .groups = {"legal"}, .expires = 2000, .token_id = "t"};
    EXPECT_TRUE(fits_into_cookie(keys, claims));
    claims.groups.assign(400, "legal");
    EXPECT_FALSE(fits_into_cookie(keys, claims));
}

TEST(Links, WhatIsNoneIsSaidToBeNone) {
    const KeyRing keys = ring({{"k1", kNewSecret}});
    for (const std::string text : {"", "x", "...", "hplink1.k1.a", "hplink1.k1.a.b.c", "hplink2.k1.a.b"}) {
        EXPECT_EQ(read_link(keys, text, kNow).error(),
                  (TokenRefusal{TokenProblem::malformed,
                                "This link is not whole, or is none: it was cut or changed on its way."}))
            << text;
    }
    EXPECT_EQ(read_link(keys, std::string(20'000, 'x'), kNow).error().problem, TokenProblem::malformed);
    const std::string token =
        make_token(keys, {.person = "ann@x", .groups = {"legal"}, .expires = 2000, .token_id = "t"});
    EXPECT_EQ(read_link(keys, token, kNow).error().message, "This is a token, where a link is expected.");
    EXPECT_EQ(read_token(keys, make_link(keys, kClaims), kNow).error().message,
              "This is a link, where a token is expected.");
}

TEST(Links, HaveAnIdThatSaysHowLongItMatters) {
    SeededRandom random(5);
    const std::string id = make_credential_id(1001, random);
    EXPECT_NE(id, make_credential_id(1001, random));
    EXPECT_EQ(expiry_of_credential(id), 1001);
    for (const std::string other : {"", "-", "1001", "-1001", "0-a", "10x-a", "7f2c1b1e-aaaa"})
        EXPECT_EQ(expiry_of_credential(other), std::nullopt) << other;
    LinkClaims claims = kClaims;
    const std::string of_before = credential_of(claims);
    EXPECT_EQ(expiry_of_credential(of_before), 1001) << "a link of before there were ids";
    claims.person = "bob@x";
    EXPECT_NE(credential_of(claims), of_before);
    claims.link_id = id;
    EXPECT_EQ(credential_of(claims), id);
}

TEST(KeyRings, MustBeGood) {
    const auto said = [](std::vector<SigningKey> keys) { return KeyRing::make(std::move(keys)).error().message; };
    EXPECT_EQ(said({}), "keys: expected at least one, found none.");
    EXPECT_EQ(said({{"a.b", kOldSecret}}),
              "keys[0].id: expected 1 to 32 letters, digits, - and _, found something else.");
    EXPECT_EQ(said({{"a", "short secret"}}), "keys[0].secret: expected at least 32 bytes, found 12.");
    EXPECT_THAT(said({{"a", "short secret"}}), Not(HasSubstr("short secret")));
    EXPECT_EQ(said({{"a", std::string(31, 'x')}}), "keys[0].secret: expected at least 32 bytes, found 31.");
    EXPECT_EQ(said({{"a", kOldSecret}, {"a", kNewSecret}}), "keys[1].id: a is there twice.");
}

TEST(Base64Url, HasOneFormForEachText) {
    EXPECT_EQ(base64url_encode("\xff\xfe\xfd\xfc"), "__79_A");
    EXPECT_EQ(base64url_decode("__79_A"), "\xff\xfe\xfd\xfc");
    for (const std::string text : {"__79_B", "//79/A", "__79_A==", "_", "a b"})
        EXPECT_FALSE(base64url_decode(text)) << text;
}

}  // namespace
}  // namespace holdpoint::approvals
