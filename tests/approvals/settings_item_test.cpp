// A value of the settings table: nobody's change is lost, and what cannot be read says which item it is.
#include "approvals/repository/settings_item.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "approvals/repository/signing_keys.hpp"
#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Names = std::vector<std::string>;

struct SettingsItemTest : ::testing::Test {
    ManualClock clock{from_epoch_ms(1'700'000'000'000)};
    SeededRandom random{5};
    Tables tables{clock};
    int pauses = 0;
    aws::Client client{configuration_of_tests(), tables, clock, random,
                       [this](std::chrono::milliseconds) { ++pauses; }};
    SettingsItem<Names> item{client, "settings", "guests", "names"};

    Result<Names> add(const std::string& name) {
        return item.change([&](Names names) -> Result<Names> {
            names.push_back(name);
            return names;
        });
    }
    /// The item with these attributes beside its name.
    void store(boost::json::object attributes) {
        attributes["name"] = {{"S", "guests"}};
        ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem",
                                {{"TableName", "settings"}, {"Item", std::move(attributes)}}));
    }
};

TEST_F(SettingsItemTest, OfTwoWhoReadTheSameTheFirstWrites) {
    const auto read = item.read();
    EXPECT_EQ(read->revision, 0);
    EXPECT_TRUE(*item.put({"ann"}, read->revision));
    EXPECT_FALSE(*item.put({"bob"}, read->revision));
    EXPECT_EQ(item.read()->revision, 1);
    EXPECT_THAT(item.read()->value, ElementsAre("ann"));
}

TEST_F(SettingsItemTest, AChangeIsMadeAnewToWhatAnotherWroteMeanwhile) {
    bool met = false;
    tables.before_call = [&](const std::string& action) {
        if (action == "PutItem" && !std::exchange(met, true)) {
            EXPECT_TRUE(add("ann"));
        }
        return true;
    };
    EXPECT_THAT(*add("bob"), ElementsAre("ann", "bob"));
    EXPECT_EQ(pauses, 0) << "whoever was faster is done";
    EXPECT_THAT(item.read()->value, ElementsAre("ann", "bob"));
}

TEST_F(SettingsItemTest, AChangeThatIsRefusedIsNotWritten) {
    EXPECT_EQ(item.change([](const Names&) -> Result<Names> { return fail("No", 400, "no"); }).error().name, "No");
    EXPECT_EQ(item.read()->revision, 0);
}

TEST_F(SettingsItemTest, WhoIsOvertakenAgainAndAgainIsToldSo) {
    tables.before_call = [&](const std::string& action) {
        if (action == "PutItem") {
            EXPECT_TRUE(add("ann"));
        }
        return true;
    };
    const auto changed = add("bob");
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().name, "SettingsBusy");
    EXPECT_THAT(changed.error().message, HasSubstr("The item guests of the settings"));
    EXPECT_EQ(pauses, 8) << "before each of its ten tries but the first two";
}

TEST_F(SettingsItemTest, WhatCannotBeReadSaysWhichItemAndWhat) {
    const std::pair<boost::json::object, std::string> damages[] = {
        {{{"revision", {{"N", "1"}}}}, "names is missing"},
        {{{"names", {{"L", {{{"S", "ann"}}}}}}}, "revision is missing"},
        {{{"revision", {{"N", "1"}}}, {"names", {{"S", "ann"}}}}, "expected a list, found text"},
        {{{"revision", {{"S", "1"}}}, {"names", {{"L", boost::json::array{}}}}},
         "expected a whole number, found text"}};
    for (const auto& [attributes, problem] : damages) {
        store(attributes);
        const auto read = item.read();
        ASSERT_FALSE(read) << problem;
        EXPECT_EQ(read.error().name, "SettingsUnreadable");
        EXPECT_THAT(read.error().message, HasSubstr("The item guests of the settings: "));
        EXPECT_THAT(read.error().message, HasSubstr(problem));
        EXPECT_EQ(add("bob").error().name, "SettingsUnreadable") << "and it stays as it is";
    }
}

TEST_F(SettingsItemTest, AStackWithoutTheTableIsTold) {
    SettingsItem<Names> nowhere(client, "", "guests", "names");
    EXPECT_EQ(nowhere.read().error().name, "NoSettingsTable");
    EXPECT_EQ(nowhere.put({}, 0).error().name, "NoSettingsTable");
}

TEST_F(SettingsItemTest, SigningKeysThatCannotBeReadAreNotMadeAnew) {
    ASSERT_TRUE(client.json("dynamodb", "DynamoDB_20120810.PutItem",
                            {{"TableName", "settings"}, {"Item", {{"name", {{"S", "signing-keys"}}}}}}));
    SigningKeys keys(client, "settings", clock, random);
    const auto read = keys.current();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().name, "SettingsUnreadable");
    EXPECT_THAT(read.error().message, HasSubstr("The item signing-keys of the settings"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
