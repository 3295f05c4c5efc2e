#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

/// Customers ann and bob with orders at -10, -1, 0, 2, 10; even ones are open, odd ones done.
class QueryTest : public testing::Test {
protected:
    void SetUp() override {
        db_.ok("CreateTable", kOrders);
        for (const std::string customer : {"ann", "bob"}) {
            int number = 0;
            for (const std::string at : {"10", "-1", "0", "2", "-10"}) {
                db_.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":")" + customer +
                                      R"("},"placed":{"N":")" + at + R"("},"nr":{"N":")" + std::to_string(number) +
                                      R"("},"status":{"S":")" + (number % 2 == 0 ? "open" : "done") + R"("}}})");
                ++number;
            }
        }
    }

    static std::string ats(const json::object& answer) {
        std::string text;
        for (const auto& item : answer.at("Items").as_array())
            text += (text.empty() ? "" : " ") + std::string(item.at("placed").at("N").as_string());
        return text;
    }

    /// A query of ann's orders with further members.
    static std::string of_ann(const std::string& sort, const std::string& rest = "") {
        return R"({"TableName":"orders","KeyConditionExpression":"customer = :c)" + sort +
               R"(","ExpressionAttributeValues":{":c":{"S":"ann"})" + rest + "}";
    }

    Database db_;
};

TEST_F(QueryTest, SortKeysAreInTheOrderOfNumbers) {
    EXPECT_EQ(ats(db_.ok("Query", of_ann("", "}"))), "-10 -1 0 2 10");
    EXPECT_EQ(ats(db_.ok("Query", of_ann("", R"(},"ScanIndexForward":false)"))), "10 2 0 -1 -10");
    EXPECT_EQ(ats(db_.ok("Query", of_ann(" AND placed > :a", R"(,":a":{"N":"-1"}})"))), "0 2 10");
    EXPECT_EQ(ats(db_.ok("Query", of_ann(" AND :a >= placed", R"(,":a":{"N":"-1"}})"))), "-10 -1");
    EXPECT_EQ(ats(db_.ok("Query", of_ann(" AND placed BETWEEN :a AND :b", R"(,":a":{"N":"-1"},":b":{"N":"2"}})"))),
              "-1 0 2");
}

TEST_F(QueryTest, PagesEndAtTheLimitAndGoOnAfterTheirKey) {
    const auto first = db_.ok("Query", of_ann("", R"(},"Limit":2,"ScanIndexForward":false)"));
    EXPECT_EQ(ats(first), "10 2");
    EXPECT_EQ(first.at("LastEvaluatedKey"), parse(R"({"customer":{"S":"ann"},"placed":{"N":"2"}})"));
    const auto second = db_.ok("Query", of_ann("", R"(},"Limit":9,"ScanIndexForward":false,"ExclusiveStartKey":)" +
                                                       json::serialize(first.at("LastEvaluatedKey"))));
    EXPECT_EQ(ats(second), "0 -1 -10");
    EXPECT_FALSE(second.contains("LastEvaluatedKey"));
    EXPECT_EQ(
        db_.error("Query", of_ann("", R"(},"ExclusiveStartKey":{"customer":{"S":"bob"},"placed":{"N":"2"}})")),
        "ValidationException: The provided starting key is outside query boundaries based on provided conditions");
}

TEST_F(QueryTest, TheLimitCountsWhatIsReadNotWhatPassesTheFilter) {
    const auto page = db_.ok("Query", R"({"TableName":"orders","KeyConditionExpression":"customer = :c","Limit":3,
        "FilterExpression":"#s = :s","ExpressionAttributeNames":{"#s":"status"},
        "ExpressionAttributeValues":{":c":{"S":"ann"},":s":{"S":"done"}},"ProjectionExpression":"placed"})");
    EXPECT_EQ(page, parse(R"({"Items":[{"placed":{"N":"-1"}}],"Count":1,"ScannedCount":3,
                              "LastEvaluatedKey":{"customer":{"S":"ann"},"placed":{"N":"0"}}})"));
    EXPECT_EQ(db_.error("Query", R"({"TableName":"orders","KeyConditionExpression":"customer = :c",
        "FilterExpression":"placed > :c","ExpressionAttributeValues":{":c":{"S":"ann"}}})"),
              "ValidationException: Filter Expression can only contain non-primary key attributes: Primary key "
              "attribute: placed");
}

TEST_F(QueryTest, AGlobalIndexFollowsItsItems) {
    const std::string open = R"({"TableName":"orders","IndexName":"by-status","KeyConditionExpression":"#s = :s",
        "ExpressionAttributeNames":{"#s":"status"},"ExpressionAttributeValues":{":s":{"S":"open"}})";
    EXPECT_EQ(ats(db_.ok("Query", open + "}")), "-10 -10 0 0 10 10");
    db_.ok("UpdateItem", R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"0"}},
        "UpdateExpression":"SET #s = :d","ExpressionAttributeNames":{"#s":"status"},
        "ExpressionAttributeValues":{":d":{"S":"done"}}})");
    db_.ok("UpdateItem", R"({"TableName":"orders","Key":{"customer":{"S":"bob"},"placed":{"N":"10"}},
        "UpdateExpression":"REMOVE #s","ExpressionAttributeNames":{"#s":"status"}})");
    db_.ok("DeleteItem", R"({"TableName":"orders","Key":{"customer":{"S":"bob"},"placed":{"N":"-10"}}})");
    const auto page = db_.ok("Query", open + R"(,"Limit":2})");
    EXPECT_EQ(ats(page), "-10 0");
    EXPECT_EQ(page.at("LastEvaluatedKey"),
              parse(R"({"customer":{"S":"bob"},"placed":{"N":"0"},"status":{"S":"open"}})"));
    EXPECT_EQ(
        ats(db_.ok("Query", open + R"(,"ExclusiveStartKey":)" + json::serialize(page.at("LastEvaluatedKey")) + "}")),
        "10");
    EXPECT_EQ(db_.error("Query", open + R"(,"ConsistentRead":true})"),
              "ValidationException: Consistent reads are not supported on global secondary indexes");
}

TEST_F(QueryTest, ConditionsMustBeOnTheKey) {
    const auto error = [&](const std::string& condition) {
        auto values = std::string(condition.contains(":d") ? R"(,":d":{"N":"1"})" : "");
        return db_.error("Query", R"({"TableName":"orders","KeyConditionExpression":")" + condition +
                                      R"(","ExpressionAttributeValues":{":c":{"S":"ann"})" + values + "}}");
    };
    EXPECT_EQ(error("placed = :c"), "ValidationException: Query condition missed key schema element: customer");
    EXPECT_EQ(error("customer > :c"), "ValidationException: Query key condition not supported");
    EXPECT_EQ(error("customer = :c OR placed = :d"),
              "ValidationException: Invalid operator used in KeyConditionExpression: OR");
    EXPECT_EQ(error("customer = :c AND nr = :d"),
              "ValidationException: Query condition missed key schema element: placed");
    EXPECT_EQ(error("customer = :d AND placed = :c"),
              "ValidationException: One or more parameter values were invalid: Condition parameter type does not match "
              "schema type");
    EXPECT_EQ(error("customer = :c AND size(placed) = :d"),
              "ValidationException: KeyConditionExpressions cannot contain nested operations");
    EXPECT_EQ(db_.error("Query", R"({"TableName":"orders"})"),
              "ValidationException: Either the KeyConditions or KeyConditionExpression parameter must be specified in "
              "the request.");
}

TEST_F(QueryTest, SegmentsTogetherAreTheWholeTable) {
    std::int64_t count = 0;
    for (int segment = 0; segment < 7; ++segment) {
        count += db_.ok("Scan", R"({"TableName":"orders","TotalSegments":7,"Select":"COUNT","Segment":)" +
                                    std::to_string(segment) + "}")
                     .at("Count")
                     .as_int64();
    }
    EXPECT_EQ(count, 10);
    EXPECT_EQ(db_.error("Scan", R"({"TableName":"orders","TotalSegments":7,"Segment":7})"),
              "ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments: "
              "Segment: 7 is not less than TotalSegments: 7");
}

TEST_F(QueryTest, WhatMayBeOutOfDateCostsHalf) {
    const std::string scan = R"({"TableName":"orders","ReturnConsumedCapacity":"TOTAL")";
    EXPECT_EQ(db_.ok("Scan", scan + "}").at("ConsumedCapacity").at("CapacityUnits"), 0.5);
    EXPECT_EQ(db_.ok("Scan", scan + R"(,"ConsistentRead":true})").at("ConsumedCapacity").at("CapacityUnits"), 1.0);
}

TEST(SegmentTest, SegmentsAreEvenHoweverTheKeysLook) {
    for (const std::string type : {"S", "N", "B"}) {
        Database db;
        db.ok("CreateTable", R"({"TableName":"many","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"k",
            "KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"k","AttributeType":")" +
                                 type + R"("}]})");
        for (int i = -500; i < 500; ++i) {
            const std::string key = type == "N"   ? std::to_string(i)
                                    : type == "B" ? base64_encode(std::to_string(i))
                                                  : "user#" + std::to_string(i);
            db.ok("PutItem", R"({"TableName":"many","Item":{"k":{")" + type + R"(":")" + key + R"("}}})");
        }
        std::int64_t sum = 0;
        for (int segment = 0; segment < 4; ++segment) {
            const auto page = db.ok("Scan", R"({"TableName":"many","TotalSegments":4,"Select":"COUNT","Segment":)" +
                                                std::to_string(segment) + "}");
            const std::int64_t count = page.at("Count").as_int64();
            EXPECT_TRUE(count > 200 && count < 300) << type << " " << segment << ": " << count;
            sum += count;
        }
        EXPECT_EQ(sum, 1000);
    }
}

TEST_F(QueryTest, AScanGoesOnInItsOwnSegment) {
    const std::string first = R"({"TableName":"orders","TotalSegments":2,"Limit":1,"Segment":)";
    const auto page = db_.ok("Scan", first + "0}");
    const auto empty = db_.ok("Scan", first + "1}");
    const bool in_first = page.contains("LastEvaluatedKey");
    const auto& last = (in_first ? page : empty).at("LastEvaluatedKey");
    const std::string rest = R"(,"ExclusiveStartKey":)" + json::serialize(last) + "}";
    EXPECT_EQ(db_.error("Scan", first + (in_first ? "0" : "1") + rest), "no error");
    EXPECT_EQ(
        db_.error("Scan", first + (in_first ? "1" : "0") + rest),
        std::string("ValidationException: The provided starting key is invalid: Invalid ExclusiveStartKey. Please "
                    "use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: ") +
            (in_first ? "1" : "0"));
}

TEST_F(QueryTest, APageHoldsOneMegabyteAtMost) {
    for (int i = 0; i < 5; ++i) {
        db_.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"carl"},"placed":{"N":")" +
                              std::to_string(i) + R"("},"big":{"S":")" + std::string(300 * 1024, 'x') + R"("}}})");
    }
    const auto page = db_.ok("Query", R"({"TableName":"orders","KeyConditionExpression":"customer = :c",
        "ExpressionAttributeValues":{":c":{"S":"carl"}},"ProjectionExpression":"placed"})");
    EXPECT_EQ(ats(page), "0 1 2");
    EXPECT_EQ(page.at("LastEvaluatedKey").at("placed"), parse(R"({"N":"2"})"));
}

TEST(ProjectionTest, LocalIndexesFetchWhatGlobalOnesRefuse) {
    Database db;
    db.ok("CreateTable", R"({"TableName":"docs","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"S"},
                                {"AttributeName":"x","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
        "LocalSecondaryIndexes":[{"IndexName":"local","Projection":{"ProjectionType":"KEYS_ONLY"},
            "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"x","KeyType":"RANGE"}]}],
        "GlobalSecondaryIndexes":[{"IndexName":"global","Projection":{"ProjectionType":"INCLUDE",
            "NonKeyAttributes":["a"]},"KeySchema":[{"AttributeName":"x","KeyType":"HASH"}]}]})");
    db.ok("PutItem",
          R"({"TableName":"docs","Item":{"p":{"S":"p"},"s":{"S":"s"},"x":{"S":"xyz"},"a":{"S":"1"},"b":{"S":"2"}}})");
    const std::string local = R"~({"TableName":"docs","IndexName":"local","KeyConditionExpression":
        "p = :p AND begins_with(x, :x)","ExpressionAttributeValues":{":p":{"S":"p"},":x":{"S":"xy"}})~";
    const std::string global = R"({"TableName":"docs","IndexName":"global","KeyConditionExpression":"x = :x",
        "ExpressionAttributeValues":{":x":{"S":"xyz"}})";
    EXPECT_EQ(db.ok("Query", local + "}").at("Items").at(0), parse(R"({"p":{"S":"p"},"s":{"S":"s"},"x":{"S":"xyz"}})"));
    EXPECT_EQ(db.ok("Query", local + R"(,"ConsistentRead":true,"ProjectionExpression":"b"})").at("Items"),
              parse(R"([{"b":{"S":"2"}}])"));
    EXPECT_EQ(db.ok("Query", global + "}").at("Items").at(0),
              parse(R"({"p":{"S":"p"},"s":{"S":"s"},"x":{"S":"xyz"},"a":{"S":"1"}})"));
    EXPECT_EQ(db.ok("Query", local + R"(,"Select":"ALL_ATTRIBUTES"})").at("Items").at(0).at("b").at("S"), "2");
    EXPECT_EQ(db.ok("Query", global + R"~(,"FilterExpression":"attribute_exists(b)"})~").at("Count"), 0)
        << "a filter sees what the index shows";
    EXPECT_EQ(db.error("Query", global + R"(,"ProjectionExpression":"b"})"),
              "ValidationException: One or more parameter values were invalid: Global secondary index global does not "
              "project [b]");
}

}  // namespace
}  // namespace holdpoint::tables
