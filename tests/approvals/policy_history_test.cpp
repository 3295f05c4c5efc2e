// What became of named policies: who put which, when; and no version means two things, whatever was dropped meanwhile.
#include "approvals/domain/policy_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using durable::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PolicyFile file_of(const std::string& policies, const std::string& groups = "{}") {
    auto file = read_policy_file(Json::parse(R"({"policies":[)" + policies + R"(],"groups":)" + groups + "}"));
    EXPECT_TRUE(file) << file.error().message;
    return file.value_or(PolicyFile{});
}

std::string policy(const std::string& name, int version, const std::string& stage) {
    return R"({"name":")" + name + R"(","version":)" + std::to_string(version) + R"(,"stages":[{"name":")" + stage +
           R"("}]})";
}

class PolicyHistory : public ::testing::Test {
protected:
    /// As `holdpoint approvals policies put --drop` does: what is wrong, or nothing.
    std::string put(const PolicyFile& file) {
        const StoredPolicies stored = alone_.world.policies().read().value();
        if (const auto ok = check_replacement(stored.file, file, true); !ok) return ok.error().message;
        if (const auto ok = check_history(file, versions_in(alone_.world.policies_trail())); !ok)
            return ok.error().message;
        EXPECT_TRUE(alone_.world.put_policies(file, stored).value());
        return "";
    }

    Alone alone_{WaitMode::polling};
};

TEST_F(PolicyHistory, AVersionThatWasDroppedDoesNotComeBackWithOtherContent) {
    EXPECT_EQ(put(file_of(policy("contract", 2, "legal"))), "");
    EXPECT_EQ(put(file_of("")), "");
    EXPECT_EQ(put(file_of(policy("contract", 2, "anybody"))),
              "policies[0].version: expected more than 2, because version 2 of 'contract' was stored before and said "
              "something else; raise the version.");
    EXPECT_EQ(put(file_of(policy("contract", 2, "legal"))), "") << "the same as it was";
    EXPECT_EQ(put(file_of("")), "");
    EXPECT_EQ(put(file_of(policy("contract", 3, "anybody"))), "");
    EXPECT_EQ(put(file_of(policy("contract", 3, "anybody") + "," + policy("other", 2, "another"))), "")
        << "of another name";
}

TEST_F(PolicyHistory, NeitherDoesOneThatALaterVersionReplaced) {
    EXPECT_EQ(put(file_of(policy("a", 1, "x"))), "");
    EXPECT_EQ(put(file_of(policy("a", 4, "y"))), "");
    EXPECT_EQ(put(file_of("")), "");
    EXPECT_THAT(put(file_of(policy("b", 1, "x") + "," + policy("a", 1, "z"))),
                HasSubstr("policies[1].version: expected more than 4, because version 1 of 'a'"));
}

TEST_F(PolicyHistory, WhoIsInAGroupIsNoPartOfAVersion) {
    const std::string legal = R"({"name":"a","stages":[{"name":"s","approvers":{"groups":["legal"]}}]})";
    EXPECT_EQ(put(file_of(legal, R"({"legal":["ann@x"]})")), "");
    EXPECT_EQ(put(file_of("")), "");
    EXPECT_EQ(put(file_of(legal, R"({"legal":["bob@x"]})")), "");
}

TEST_F(PolicyHistory, WhatWasStoredBeforeThereWereRecordsCountsOnceItWasRemoved) {
    const std::vector<PolicyVersion> known = [&] {
        AuditEvent event = policies_put(file_of(policy("old", 7, "x")), file_of(""), TimePoint());
        SeededRandom random{1};
        return versions_in({next_record(kPoliciesChain, nullptr, event, random)});
    }();
    EXPECT_THAT(known, ElementsAre(version_of(file_of(policy("old", 7, "x")).policies[0])));
    EXPECT_FALSE(check_history(file_of(policy("old", 7, "y")), known));
    EXPECT_TRUE(check_history(file_of(policy("old", 7, "x")), known));
}

TEST_F(PolicyHistory, TheTrailSaysWhatWasPutAndRemovedAndWhichGroupsChanged) {
    const PolicyFile first = file_of(policy("a", 1, "x") + "," + policy("b", 1, "x"), R"({"g":["ann@x"],"h":[]})");
    const PolicyFile second = file_of(policy("a", 2, "y") + "," + policy("c", 1, "x"), R"({"g":["bob@x"],"i":[]})");
    ASSERT_EQ(put(first), "");
    ASSERT_EQ(put(second), "");
    const auto trail = alone_.world.policies_trail();
    ASSERT_THAT(trail, SizeIs(2));
    EXPECT_THAT(verify_chain(trail), IsEmpty());
    EXPECT_EQ(trail[1].event, "policies_put");
    const auto versions = [&](const std::string& detail) {
        return durable::from_json<std::vector<PolicyVersion>>(Json::parse(trail[1].details.at(detail)));
    };
    EXPECT_THAT(versions("put"), ElementsAre(version_of(second.policies[0]), version_of(second.policies[1])));
    EXPECT_THAT(versions("removed"), ElementsAre(version_of(first.policies[0]), version_of(first.policies[1])));
    EXPECT_EQ(trail[1].details.at("groups"), R"(["g","h","i"])") << "names alone, no members";
}

TEST_F(PolicyHistory, APutThatWasNotWrittenHasNoRecordAndTheOtherWayRound) {
    alone_.tables.before_call = [](const std::string& action) { return action != "TransactWriteItems"; };
    EXPECT_FALSE(alone_.world.put_policies(file_of(policy("a", 1, "x")), {}));
    alone_.tables.before_call = {};
    EXPECT_THAT(alone_.world.policies_trail(), IsEmpty());
    EXPECT_EQ(alone_.world.policies().read()->revision, 0);
}

TEST_F(PolicyHistory, ADamagedRecordIsForWhoeverVerifies) {
    AuditEvent event{.event = "policies_put", .at = "2026-01-01T00:00:00Z"};
    event.details = {{"put", "nonsense"}, {"removed", R"([{"name":"a","version":1,"digest":"d"}])"}};
    SeededRandom random{1};
    EXPECT_THAT(versions_in({next_record(kPoliciesChain, nullptr, event, random)}), SizeIs(1));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
