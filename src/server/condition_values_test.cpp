// What policies' condition keys are in a request.
#include "server/condition_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConditionValues, AreThoseOfTheCallerAndOfTheRequest) {
    api::Caller caller;
    caller.account = "000000000000";
    caller.arn = "arn:aws:sts::000000000000:assumed-role/r/s";
    caller.user_id = "AROAr:s";
    caller.role_name = "r";
    RequestFacts facts{.peer_address = "192.0.2.7",
                       .user_agent = {},
                       .region = "us-east-1",
                       .is_secure = false,
                       .at = from_epoch_ms(1'800'000'000'500)};
    const auto values = [&](std::string_view key) { return condition_values(key, caller, facts, {}); };
    EXPECT_THAT(values("aws:SecureTransport"), ElementsAre("false"));
    facts.is_secure = true;
    EXPECT_THAT(values("aws:SecureTransport"), ElementsAre("true"));
    EXPECT_THAT(values("aws:PrincipalArn"), ElementsAre("arn:aws:iam::000000000000:role/r"));
    EXPECT_THAT(values("aws:userid"), ElementsAre("AROAr:s"));
    EXPECT_THAT(values("aws:SourceIp"), ElementsAre("192.0.2.7"));
    EXPECT_THAT(values("aws:UserAgent"), IsEmpty());
    EXPECT_THAT(values("aws:EpochTime"), ElementsAre("1800000000"));
    EXPECT_THAT(values("aws:MadeUp"), IsEmpty());
    caller.role_name.clear();
    EXPECT_THAT(values("aws:PrincipalArn"), ElementsAre(caller.arn));
}

}  // namespace
}  // namespace holdpoint::server
