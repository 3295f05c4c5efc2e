// Writes that go with a record of a chain: who is overtaken waits, and what can never be written ends at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "approvals/repository/repository.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using namespace std::chrono_literals;

struct ChainWrites : ::testing::Test {
    Result<bool> write(const std::string& update) {
        return repository->write_with({{"Update",
                                        {{"TableName", "settings"},
                                         {"Key", {{"name", {{"S", "x"}}}}},
                                         {"UpdateExpression", update},
                                         {"ExpressionAttributeNames", {{"#value", "value"}}},
                                         {"ExpressionAttributeValues", {{":one", {{"N", "1"}}}}}}}},
                                      "chain", event);
    }

    ManualClock clock{from_epoch_ms(1'700'000'000'000)};
    SeededRandom random{5};
    Tables tables{clock};
    std::vector<std::chrono::milliseconds> pauses;
    aws::Client client{configuration_of_tests(), tables, clock, random,
                       [this](std::chrono::milliseconds length) { pauses.push_back(length); }};
    std::unique_ptr<Repository> repository =
        make_repository(client, {.approvals = "approvals", .audit = "audit"}, clock, random);
    AuditEvent event{.event = "tried", .at = "2026-01-01T00:00:00Z"};
    int transactions = 0;
};

TEST_F(ChainWrites, WhoIsOvertakenAgainAndAgainWaitsLongerAndLonger) {
    tables.before_call = [&](const std::string& action) {
        if (action != "TransactWriteItems") return true;
        ++transactions;
        EXPECT_TRUE(repository->append("chain", event, false));
        return true;
    };
    const auto written = write("SET #value = :one");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().name, "AuditChainBusy");
    EXPECT_EQ(transactions, 20);
    ASSERT_THAT(pauses, SizeIs(18)) << "whoever was faster is done: the second try comes at once";
    EXPECT_THAT(pauses, Each(Le(1000ms)));
    EXPECT_LE(pauses[0], 50ms);
    EXPECT_LE(pauses[1], 100ms);
    EXPECT_GT(std::ranges::max(pauses), 400ms);
}

TEST_F(ChainWrites, SoDoesWhoAddsARecord) {
    const auto other = make_repository(client, {.approvals = "approvals", .audit = "audit"}, clock, random);
    int tries = 0;
    tables.before_call = [&](const std::string& action) {
        if (action == "PutItem" && ++tries <= 3) {
            EXPECT_TRUE(other->append("chain", event, false));
        }
        return true;
    };
    EXPECT_TRUE(repository->append("chain", event, false));
    EXPECT_THAT(pauses, SizeIs(2));
    EXPECT_THAT(repository->trail("chain").value(), SizeIs(4));
}

TEST_F(ChainWrites, WhatATableCallsInvalidIsSaidAtOnce) {
    tables.before_call = [&](const std::string& action) {
        if (action == "TransactWriteItems") ++transactions;
        return true;
    };
    const auto written = write("SET #value = #value + :one");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().name, "ValidationException");
    EXPECT_THAT(written.error().message, HasSubstr("attribute that does not exist"));
    EXPECT_EQ(transactions, 1);
    EXPECT_THAT(pauses, IsEmpty());
}

}  // namespace
}  // namespace holdpoint::approvals::testing
