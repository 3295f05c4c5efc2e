#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class UpdateTableTest : public ::testing::Test {
protected:
    void SetUp() override { db_.ok("CreateTable", kOrders); }

    json::object update(const std::string& members) {
        return db_.ok("UpdateTable", R"({"TableName":"orders",)" + members + "}").at("TableDescription").as_object();
    }
    std::string refusal(const std::string& members) {
        return db_.error("UpdateTable", R"({"TableName":"orders",)" + members + "}");
    }
    json::object described() { return db_.ok("DescribeTable", R"({"TableName":"orders"})").at("Table").as_object(); }

    static std::vector<std::string> index_states(const json::object& table) {
        std::vector<std::string> states;
        for (const json::value& index : table.at("GlobalSecondaryIndexes").as_array()) {
            states.emplace_back(index.at("IndexName").as_string());
            states.back() += " " + std::string(index.at("IndexStatus").as_string());
        }
        return states;
    }

    Database db_;
};

TEST_F(UpdateTableTest, ProtectionIsSwitchedOnAndOff) {
    const auto answer = update(R"("DeletionProtectionEnabled":true)");
    EXPECT_EQ(answer.at("TableStatus").as_string(), "UPDATING");
    EXPECT_TRUE(answer.at("DeletionProtectionEnabled").as_bool());
    EXPECT_EQ(described().at("TableStatus").as_string(), "ACTIVE");
    EXPECT_THAT(db_.error("DeleteTable", R"({"TableName":"orders"})"), HasSubstr("protected against deletion"));
    update(R"("TableClass":"STANDARD_INFREQUENT_ACCESS")");
    EXPECT_TRUE(described().at("DeletionProtectionEnabled").as_bool()) << "what is not named stays";
    update(R"("DeletionProtectionEnabled":false)");
    EXPECT_EQ(described().at("TableClassSummary").at("TableClass").as_string(), "STANDARD_INFREQUENT_ACCESS");
    db_.ok("DeleteTable", R"({"TableName":"orders"})");
}

TEST_F(UpdateTableTest, BillingChangesForTheTableAndItsIndexes) {
    const std::string units = R"("ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6})";
    EXPECT_THAT(refusal(units), HasSubstr("when BillingMode is PAY_PER_REQUEST"));
    EXPECT_THAT(refusal(R"("BillingMode":"PROVISIONED")"), HasSubstr("must both be specified"));
    EXPECT_THAT(refusal(R"("BillingMode":"PROVISIONED",)" + units),
                HasSubstr("must be specified for index: by-status"));
    const auto answer =
        update(R"("BillingMode":"PROVISIONED",)" + units +
               R"(,"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"by-status",)" + units + "}}]");
    EXPECT_EQ(answer.at("ProvisionedThroughput").at("WriteCapacityUnits"), 6);
    EXPECT_EQ(answer.at("GlobalSecondaryIndexes").at(0).at("ProvisionedThroughput").at("ReadCapacityUnits"), 5);
    EXPECT_THAT(index_states(answer), ElementsAre("by-status UPDATING"));
    EXPECT_THAT(refusal(units), HasSubstr("The requested value equals the current value"));
    update(R"("BillingMode":"PAY_PER_REQUEST")");
    EXPECT_EQ(described().at("BillingModeSummary").at("BillingMode").as_string(), "PAY_PER_REQUEST");
    EXPECT_EQ(described().at("GlobalSecondaryIndexes").at(0).at("ProvisionedThroughput").at("ReadCapacityUnits"), 0);
}

TEST_F(UpdateTableTest, AnIndexIsMadeWithItsEntriesAndGoesWithThem) {
    db_.ok("PutItem",
           R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"city":{"S":"Bern"}}})");
    const std::string create = R"("GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-city","Projection":
        {"ProjectionType":"ALL"},"KeySchema":[{"AttributeName":"city","KeyType":"HASH"}]}}])";
    EXPECT_THAT(refusal(create), HasSubstr("not defined in AttributeDefinitions"));
    const std::string defined = create + R"(,"AttributeDefinitions":[{"AttributeName":"city","AttributeType":"S"}])";
    EXPECT_THAT(index_states(update(defined)), ElementsAre("by-status ACTIVE", "by-city CREATING"));
    EXPECT_THAT(index_states(described()), ElementsAre("by-status ACTIVE", "by-city ACTIVE"));
    EXPECT_EQ(db_.ok("Scan", R"({"TableName":"orders","IndexName":"by-city"})").at("Count"), 1);
    EXPECT_EQ(refusal(defined), "ValidationException: Attempting to create an index which already exists");
    EXPECT_THAT(index_states(update(R"("GlobalSecondaryIndexUpdates":[{"Delete":{"IndexName":"by-city"}}])")),
                ElementsAre("by-status ACTIVE", "by-city DELETING"));
    EXPECT_THAT(db_.error("Scan", R"({"TableName":"orders","IndexName":"by-city"})"), HasSubstr("specified index"));
    EXPECT_EQ(db_.rows().size(Space::index_items), 0U);
    EXPECT_EQ(described().at("AttributeDefinitions").as_array().size(), 3U);
}

TEST_F(UpdateTableTest, WhatItCannotDoIsRefusedByName) {
    EXPECT_THAT(db_.error("UpdateTable", R"({"TableName":"nobody","DeletionProtectionEnabled":true})"),
                StartsWith("ResourceNotFoundException"));
    EXPECT_THAT(refusal(R"("AttributeDefinitions":[])"), HasSubstr("At least one of"));
    EXPECT_THAT(refusal(R"("StreamSpecification":{"StreamEnabled":true})"), HasSubstr("StreamSpecification"));
    EXPECT_THAT(refusal(R"("ReplicaUpdates":[])"), HasSubstr("ReplicaUpdates is not supported"));
    const auto updates = [this](const std::string& elements) {
        return refusal(R"("GlobalSecondaryIndexUpdates":[)" + elements + "]");
    };
    EXPECT_THAT(updates(R"({"Delete":{"IndexName":"nobody"}})"), HasSubstr("Index: nobody not found"));
    EXPECT_THAT(updates(R"({"Update":{"IndexName":"nobody"}})"), HasSubstr("Index: nobody not found"));
    EXPECT_THAT(updates("{}"), HasSubstr("Exactly one of Create, Update and Delete"));
    EXPECT_THAT(updates(R"({"Delete":{"IndexName":"by-status"}},{"Delete":{"IndexName":"by-status"}})"),
                StartsWith("LimitExceededException"));
    EXPECT_THAT(refusal(R"("DeletionProtectionEnabled":true,"AttributeDefinitions":[{"AttributeName":"placed",
        "AttributeType":"S"}])"),
                HasSubstr("The AttributeType of placed is N and cannot be changed to S"));
    EXPECT_FALSE(described().at("DeletionProtectionEnabled").as_bool()) << "a refused update changes nothing";
}

}  // namespace
}  // namespace holdpoint::tables
