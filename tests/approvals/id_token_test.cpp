// ID tokens and the keys that check them.
#include "approvals/web/oidc/id_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signer.hpp"

namespace holdpoint::approvals::testing {
namespace {

TEST(WebKeys, CheckTheExamplesOfRfc7515) {
    const std::string payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const Json set = Json::parse(
        R"({"keys":[{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"},{"kty":"RSA","kid":"a2","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"},{"kty":"EC","crv":"P-256","kid":"a3","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"EC","crv":"P-384","x":"","y":""},{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"},7]})");
    const auto keys = oidc::read_web_keys(set);
    ASSERT_THAT(keys, ::testing::SizeIs(2)) << "an HMAC key and what is no signing key are none";
    const auto rs256 =
        oidc::read_id_token("eyJhbGciOiJSUzI1NiJ9." + payload +
                            ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
                            "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
                            "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
                            "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp"
                            "0igcN_IoypGlUPQGe77Rw");
    const auto es256 =
        oidc::read_id_token("eyJhbGciOiJFUzI1NiJ9." + payload +
                            ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    ASSERT_TRUE(rs256 && es256);
    EXPECT_TRUE(oidc::is_signed_by(*rs256, keys[0]));
    EXPECT_TRUE(oidc::is_signed_by(*es256, keys[1]));
    EXPECT_FALSE(oidc::is_signed_by(*rs256, keys[1]));
    EXPECT_FALSE(oidc::is_signed_by(*es256, keys[0]));
    EXPECT_EQ(oidc::text_claim(rs256->claims, "iss"), "joe");
    EXPECT_EQ(oidc::find_key(keys, *rs256), nullptr) << "without a kid, one of two keys is a guess";
    auto of_algorithms = keys;
    of_algorithms[0].algorithm = "PS256";
    of_algorithms[1].algorithm = "ES256";
    EXPECT_EQ(oidc::find_key(of_algorithms, *rs256), nullptr) << "a key is for the algorithm that it names alone";
    EXPECT_EQ(oidc::find_key(of_algorithms, *es256), &of_algorithms[1]);
}

TEST(WebKeys, WeakOrMisshapenOnesAreNone) {
    EXPECT_FALSE(PublicKey::rsa(std::string(128, '\xff'), "\x01\x00\x01"));
    EXPECT_FALSE(PublicKey::rsa(std::string(256, '\xff'), "\x01"));
    EXPECT_FALSE(PublicKey::rsa("", ""));
    EXPECT_FALSE(PublicKey::p256(std::string(32, '\x01'), std::string(32, '\x01'))) << "not on the curve";
    EXPECT_FALSE(PublicKey::p256("", ""));
}

TEST(IdTokens, EachChangedByteIsRefused) {
    for (const Signer& signer : {Signer::es256(), Signer::rsa("RS256"), Signer::rsa("PS256")}) {
        const auto keys = oidc::read_web_keys(
            Json(Json::Data(Json::Object{{"keys", Json(Json::Data(Json::Array{signer.web_key()}))}})));
        const std::string token = signer.token({{"sub", text("x")}});
        const auto is_good = [&](const std::string& given) {
            const auto read = oidc::read_id_token(given);
            if (!read) return false;
            const oidc::WebKey* key = oidc::find_key(keys, *read);
            return key != nullptr && oidc::is_signed_by(*read, *key);
        };
        ASSERT_TRUE(is_good(token));
        for (std::size_t i = 0; i < token.size(); ++i) {
            for (const char other : {'A', 'B', '.', '=', '\0', '\xff'}) {
                std::string touched = token;
                touched[i] = other;
                EXPECT_TRUE(touched == token || !is_good(touched)) << i;
            }
            EXPECT_FALSE(is_good(token.substr(0, i))) << i;
        }
        EXPECT_FALSE(is_good(token + "A"));
        EXPECT_FALSE(is_good(token + ".A"));
    }
}

}  // namespace
}  // namespace holdpoint::approvals::testing
