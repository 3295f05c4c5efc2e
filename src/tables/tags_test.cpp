#include <gtest/gtest.h>

#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

constexpr const char* kArn = R"("ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/orders")";

class TagsTest : public testing::Test {
protected:
    static std::string create(const std::string& tags) {
        const std::string orders = kOrders;
        return orders.substr(0, orders.size() - 1) + R"(,"Tags":)" + tags + "}";
    }
    static std::string of_orders(const std::string& rest) { return "{" + std::string(kArn) + rest + "}"; }
    json::value tags() { return db_.ok("ListTagsOfResource", of_orders("")).at("Tags"); }

    Database db_;
};

TEST_F(TagsTest, ATableKeepsWhatItWasTaggedWith) {
    db_.ok("CreateTable", create(R"([{"Key":"team","Value":"a"},{"Key":"cost","Value":""}])"));
    EXPECT_EQ(tags(), parse(R"([{"Key":"cost","Value":""},{"Key":"team","Value":"a"}])"));
    EXPECT_EQ(db_.ok("TagResource", of_orders(R"(,"Tags":[{"Key":"team","Value":"b"}])")), json::object());
    db_.ok("UntagResource", of_orders(R"(,"TagKeys":["cost","none"])"));
    EXPECT_EQ(tags(), parse(R"([{"Key":"team","Value":"b"}])"));
    db_.ok("UpdateTable", R"({"TableName":"orders","DeletionProtectionEnabled":false})");
    EXPECT_EQ(tags(), parse(R"([{"Key":"team","Value":"b"}])"));
}

TEST_F(TagsTest, WhatCannotBeATagIsRefused) {
    EXPECT_TRUE(db_.error("CreateTable", create(R"([{"Key":"aws:x","Value":"a"}])")).contains("aws:"));
    db_.ok("CreateTable", kOrders);
    EXPECT_EQ(tags(), json::array());
    const auto error = [&](const std::string& tags) {
        return db_.error("TagResource", of_orders(R"(,"Tags":)" + tags));
    };
    EXPECT_TRUE(error(R"([{"Key":"","Value":"a"}])").contains("length between 1 and 128"));
    EXPECT_TRUE(error(R"([{"Key":"k","Value":"a"},{"Key":"k","Value":"a"}])").contains("Duplicate tag key: k"));
    EXPECT_TRUE(error(R"([{"Key":"k"}])").contains("must not be null"));
    std::string many;
    for (int i = 0; i < 51; ++i)
        many += (i > 0 ? "," : "") + (R"({"Key":"k)" + std::to_string(i) + R"(","Value":"v"})");
    EXPECT_TRUE(error("[" + many + "]").contains("at most 50 tags"));
    EXPECT_EQ(db_.error("ListTagsOfResource", R"({"ResourceArn":"orders"})"),
              "ValidationException: Invalid TableArn: Invalid ResourceArn provided as input orders");
    EXPECT_EQ(db_.error("ListTagsOfResource", R"({"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/no"})"),
              "ResourceNotFoundException: Requested resource not found: ResourcArn: "
              "arn:aws:dynamodb:us-east-1:000000000000:table/no not found");
}

TEST(LimitsOfAccountTest, AreThoseOfAws) {
    Database db;
    EXPECT_EQ(db.ok("DescribeLimits", "{}"),
              parse(R"({"AccountMaxReadCapacityUnits":80000,"AccountMaxWriteCapacityUnits":80000,
                        "TableMaxReadCapacityUnits":40000,"TableMaxWriteCapacityUnits":40000})"));
}

}  // namespace
}  // namespace holdpoint::tables
