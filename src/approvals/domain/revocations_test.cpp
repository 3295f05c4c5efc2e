#include "approvals/domain/revocations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const TimePoint kNow = from_epoch_ms(1'000'000);  // second 1000

TEST(Revocations, TakeBackOneCredentialUntilItExpiresByItself) {
    const Revocations revoked = with_credential({}, "1010-a", kNow).value();
    EXPECT_TRUE(revoked.cover("1010-a", "ann@x", 5));
    EXPECT_FALSE(revoked.cover("1010-b", "ann@x", 5));
    EXPECT_THAT(with_credential(revoked, "1010-a", kNow)->credentials, SizeIs(1)) << "twice is once";
    EXPECT_THAT(with_credential(revoked, "2000-c", kNow + std::chrono::seconds(9))->credentials, SizeIs(2));
    EXPECT_THAT(with_credential(revoked, "2000-c", kNow + std::chrono::seconds(10))->credentials, SizeIs(1));
    EXPECT_THAT(with_credential({}, "900-a", kNow)->credentials, IsEmpty()) << "it had expired";
    // One that does not say when it expires may be good for as long as any.
    EXPECT_EQ(with_credential({}, "0f8fad5b-d9cb-469f-a165-70867728950e", kNow)->credentials.front().until,
              1000 + 3650LL * 86400);
    EXPECT_EQ(with_credential({}, "99999999999999-a", kNow)->credentials.front().until, 1000 + 3650LL * 86400);
}

TEST(Revocations, TakeBackWhatSomebodyWasGivenBefore) {
    const Revocations revoked = with_person({}, " Ann@X ", kNow).value();
    EXPECT_TRUE(revoked.cover("1", "ann@x", 0));
    EXPECT_TRUE(revoked.cover("1", "ann@x", 1'000'000));
    EXPECT_FALSE(revoked.cover("1", "ann@x", 1'000'001)) << "what they are given later is good";
    EXPECT_FALSE(revoked.cover("1", "bob@x", 0));
    const Revocations later = with_person(revoked, "ann@x", kNow + Milliseconds(5)).value();
    EXPECT_THAT(later.people, SizeIs(1));
    EXPECT_TRUE(later.cover("1", "ann@x", 1'000'005));
    EXPECT_THAT(with_person(later, "bob@x", kNow + kLongestToken + std::chrono::seconds(1))->people, SizeIs(1));
}

TEST(Revocations, AreBoundedAndTakeIdsAlone) {
    Revocations many;
    for (std::size_t i = 0; i < kRevocationsMax; ++i) many.credentials.push_back({std::to_string(i), 5000});
    EXPECT_THAT(with_person(many, "ann@x", kNow).error().message, HasSubstr("rotate-keys --drop-older"));
    EXPECT_TRUE(with_person(many, "ann@x", kNow + std::chrono::seconds(4000))) << "those had expired";
    for (const std::string& wrong :
         {std::string(), std::string("hptoken1.k.p.s"), std::string(200, 'x'), std::string("nope"),
          std::string("9999-"), std::string("-ab"), std::string("9999-xyz"), std::string("9999-ab\n"),
          std::string("99999999999999999999-ab"), std::string("9999-" + std::string(65, 'a')),
          std::string("0f8fad5b-d9cb-469f-a165-7086772895")})
        EXPECT_THAT(with_credential({}, wrong, kNow).error().message, HasSubstr("Expected the id")) << wrong;
    EXPECT_FALSE(with_person({}, "  ", kNow));
    EXPECT_FALSE(with_person({}, "ann\n@x", kNow));
}

}  // namespace
}  // namespace holdpoint::approvals
