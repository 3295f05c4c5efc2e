// What conditions and updates come to, and what they are refused for.
#include <gtest/gtest.h>

#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

/// One item: customer "ann", placed 1, and the attributes of a test.
class ExpressionTest : public testing::Test {
protected:
    void SetUp() override { db_.ok("CreateTable", kOrders); }

    void put(const std::string& attributes) {
        db_.ok("PutItem",
               R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},)" + attributes + "}}");
    }
    static std::string with_values(const std::string& values) {
        return values.empty() ? "" : R"(,"ExpressionAttributeValues":{)" + values + "}";
    }
    bool passes(const std::string& filter, const std::string& values = "") {
        return db_.ok("Scan",
                      R"({"TableName":"orders","FilterExpression":")" + filter + R"(")" + with_values(values) + "}")
                   .at("Count") == 1;
    }
    /// What of the item has changed, or why it has not.
    json::value updated(const std::string& expression, const std::string& values = "") {
        const auto answer = db_.call("UpdateItem", R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":
            {"N":"1"}},"ReturnValues":"ALL_NEW","UpdateExpression":")" +
                                                       expression + R"(")" + with_values(values) + "}");
        if (!answer) return json::string(answer.error().message);
        json::object item = answer->at("Attributes").as_object();
        item.erase("customer");
        item.erase("placed");
        return item;
    }

    Database db_;
};

TEST_F(ExpressionTest, WhatHasAnotherTypeOrIsMissingHasNoOrder) {
    put(R"("t":{"S":"5"},"n":{"N":"5"},"b":{"B":"NQ=="},"l":{"L":[{"N":"1"},{"S":"x"}]})");
    const std::string text = R"(":v":{"S":"9"})";
    const std::string number = R"(":v":{"N":"9"})";
    EXPECT_TRUE(passes("t < :v", text));
    EXPECT_TRUE(passes("n < :v", number));
    for (const std::string filter : {"n < :v", "n >= :v", "b < :v", "l < :v", "absent < :v", "absent = :v"})
        EXPECT_FALSE(passes(filter, text)) << filter;
    EXPECT_FALSE(passes("t < :v", number));
    EXPECT_TRUE(passes("n <> :v", text));
    EXPECT_TRUE(passes("absent <> :v", text)) << "what is missing equals nothing";
    EXPECT_FALSE(passes("absent = lacking"));
}

TEST_F(ExpressionTest, BoundsBelongToTheirRange) {
    put(R"("n":{"N":"5"})");
    EXPECT_TRUE(passes("n BETWEEN :a AND :b", R"(":a":{"N":"5"},":b":{"N":"6"})"));
    EXPECT_TRUE(passes("n BETWEEN :a AND :b", R"(":a":{"N":"4"},":b":{"N":"5"})"));
    EXPECT_FALSE(passes("n BETWEEN :a AND :b", R"(":a":{"N":"5.1"},":b":{"N":"6"})"));
    EXPECT_FALSE(passes("n BETWEEN :a AND :b", R"(":a":{"N":"4"},":b":{"N":"4.9"})"));
}

TEST_F(ExpressionTest, FunctionsLookForTheirOwnType) {
    put(R"("t":{"S":"text"},"b":{"B":"dGV4dA=="},"l":{"L":[{"N":"1"},{"S":"x"}]},"s":{"SS":["x","y"]})");
    EXPECT_TRUE(passes("begins_with(t, :v)", R"(":v":{"S":"te"})"));
    EXPECT_TRUE(passes("begins_with(b, :v)", R"(":v":{"B":"dGU="})"));
    EXPECT_FALSE(passes("begins_with(b, :v)", R"(":v":{"S":"te"})"));
    EXPECT_FALSE(passes("begins_with(l, :v)", R"(":v":{"S":"x"})"));
    EXPECT_TRUE(passes("contains(l, :v)", R"(":v":{"S":"x"})"));
    EXPECT_FALSE(passes("contains(l, :v)", R"(":v":{"S":"1"})"));
    EXPECT_TRUE(passes("contains(s, :v)", R"(":v":{"S":"y"})"));
    EXPECT_FALSE(passes("contains(t, :v)", R"(":v":{"B":"dGU="})"));
}

TEST_F(ExpressionTest, AnIndexBeyondTheEndOfAListAppends) {
    put(R"("l":{"L":[{"S":"a"},{"S":"b"}]})");
    EXPECT_EQ(updated("SET l[9] = :d, l[5] = :c, l[0] = :x", R"(":c":{"S":"c"},":d":{"S":"d"},":x":{"S":"x"})"),
              parse(R"({"l":{"L":[{"S":"x"},{"S":"b"},{"S":"c"},{"S":"d"}]}})"))
        << "in the order of the indexes";
    EXPECT_EQ(updated("REMOVE l[0], l[1], l[8]"), parse(R"({"l":{"L":[{"S":"c"},{"S":"d"}]}})"));
}

TEST_F(ExpressionTest, APathLeadsThroughWhatIsThere) {
    put(R"("l":{"L":[{"S":"a"}]},"m":{"M":{}})");
    const json::value wrong = json::string("The document path provided in the update expression is invalid for update");
    const std::string value = R"(":v":{"S":"v"})";
    for (const std::string expression :
         {"SET l[1].x = :v", "SET l[0].x = :v", "SET l.x = :v", "SET m[0] = :v", "SET m.x.y = :v", "SET absent.x = :v"})
        EXPECT_EQ(updated(expression, value), wrong) << expression;
    EXPECT_EQ(updated("REMOVE absent.x"), wrong);
    EXPECT_EQ(updated("DELETE absent.x :v", R"(":v":{"SS":["v"]})"), wrong);
    EXPECT_EQ(updated("REMOVE m.x, absent SET m.y = :v", value),
              parse(R"({"l":{"L":[{"S":"a"}]},"m":{"M":{"y":{"S":"v"}}}})"));
}

TEST_F(ExpressionTest, ASetGoesWithItsLastMember) {
    put(R"("s":{"SS":["a","b"]},"n":{"N":"1"})");
    EXPECT_EQ(updated("DELETE s :v", R"(":v":{"SS":["a","c"]})"), parse(R"({"s":{"SS":["b"]},"n":{"N":"1"}})"));
    EXPECT_EQ(updated("DELETE s :v", R"(":v":{"SS":["b"]})"), parse(R"({"n":{"N":"1"}})"));
}

TEST_F(ExpressionTest, WhatIsThereIsKept) {
    put(R"("n":{"N":"1"})");
    EXPECT_EQ(updated("SET n = if_not_exists(n, :v), o = if_not_exists(o, :v)", R"(":v":{"N":"7"})"),
              parse(R"({"n":{"N":"1"},"o":{"N":"7"}})"));
}

TEST_F(ExpressionTest, AnUpdateKeepsTheTypesOfIndexes) {
    put(R"("status":{"S":"open"})");
    EXPECT_EQ(updated("SET #s = :v", R"(":v":{"N":"7"}},"ExpressionAttributeNames":{"#s":"status")"),
              json::string("One or more parameter values were invalid: Type mismatch for Index Key status Expected: S "
                           "Actual: N IndexName: by-status"));
    EXPECT_EQ(updated("SET #s = :v", R"(":v":{"S":""}},"ExpressionAttributeNames":{"#s":"status")"),
              json::string("One or more parameter values are not valid. A value specified for a secondary index key is "
                           "not supported. The AttributeValue for a key attribute cannot contain an empty string "
                           "value. IndexName: by-status, IndexKey: status"));
    EXPECT_FALSE(passes("size(#s) = :v", R"(":v":{"N":"0"}},"ExpressionAttributeNames":{"#s":"status")"));
}

}  // namespace
}  // namespace holdpoint::tables
