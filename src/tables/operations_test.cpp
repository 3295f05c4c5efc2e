#include "tables/operations.hpp"

#include <gtest/gtest.h>

#include "tables/index_changes.hpp"
#include "tables/jobs.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

TEST(TablesTest, ATableIsCreatedDescribedListedAndDeleted) {
    Database db;
    const auto created = db.ok("CreateTable", kOrders);
    EXPECT_EQ(created.at("TableDescription").at("TableStatus").as_string(), "CREATING");
    EXPECT_EQ(db.error("CreateTable", kOrders), "ResourceInUseException: Table already exists: orders");
    db.ok("PutItem",
          R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"status":{"S":"open"}}})");
    const auto table = db.ok("DescribeTable", R"({"TableName":"orders"})").at("Table").as_object();
    EXPECT_EQ(table.at("TableStatus").as_string(), "ACTIVE");
    EXPECT_EQ(table.at("ItemCount").as_int64(), 1);
    EXPECT_EQ(table.at("AttributeDefinitions").as_array().size(), 3U);
    EXPECT_EQ(table.at("GlobalSecondaryIndexes").at(0).at("IndexArn").as_string(),
              "arn:aws:dynamodb:us-east-1:000000000000:table/orders/index/by-status");
    EXPECT_EQ(db.ok("ListTables", "{}"), parse(R"({"TableNames":["orders"]})"));
    db.ok("DeleteTable", R"({"TableName":"orders"})");
    EXPECT_TRUE(db.is_empty());
    EXPECT_EQ(db.error("DescribeTable", R"({"TableName":"orders"})"),
              "ResourceNotFoundException: Requested resource not found: Table: orders not found");
    EXPECT_EQ(db.error("GetItem", R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}}})"),
              "ResourceNotFoundException: Requested resource not found");
}

TEST(TablesTest, DefinitionsMustFitTogether) {
    Database db;
    const auto create = [&](const std::string& rest) {
        return db.error("CreateTable", R"({"TableName":"tab",)" + rest + "}");
    };
    EXPECT_EQ(
        create(R"("AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],
                        "BillingMode":"PAY_PER_REQUEST")"),
        "ValidationException: One or more parameter values were invalid: Some index key attributes are not defined "
        "in AttributeDefinitions. Keys: [a], AttributeDefinitions: []");
    EXPECT_EQ(create(R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},
                        {"AttributeName":"b","AttributeType":"S"}],
                        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST")"),
              "ValidationException: One or more parameter values were invalid: Number of attributes in KeySchema does "
              "not exactly match number of attributes defined in AttributeDefinitions");
    EXPECT_EQ(
        create(R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
                        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}])"),
        "ValidationException: One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits "
        "must both be specified when BillingMode is PROVISIONED");
    EXPECT_TRUE(create(R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
                        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
                        "StreamSpecification":{"StreamEnabled":true})")
                    .contains("StreamSpecification"));
    EXPECT_TRUE(create(R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
                        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
                        "VectorIndexes":[{"IndexName":"near"}])")
                    .contains("VectorIndexes"));
    EXPECT_EQ(create(R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
                        "KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
                        "ResourcePolicy":"{}")"),
              "ValidationException: ResourcePolicy is not supported by this server");
    EXPECT_TRUE(db.is_empty());
}

TEST(TablesTest, IndexesComeAndGoWithTheirEntries) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto put = [&](int number, const std::string& attributes) {
        db.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":")" +
                             std::to_string(number) + "\"}," + attributes + "}}");
    };
    put(1, R"("status":{"S":"open"},"city":{"S":"Oslo"})");
    put(2, R"("status":{"S":"open"},"city":{"N":"7"})");
    put(3, R"("status":{"S":"open"})");
    const Table before = load_table(db.rows(), "orders").value();
    Index by_city = before.indexes.at(0);
    by_city.name = "by-city";
    by_city.key.partition = {.name = "city", .type = Type::string};
    const auto count = [&](const std::string& index, const std::string& attribute, const std::string& value) {
        const auto answer =
            db.call("Query", R"({"TableName":"orders","IndexName":")" + index +
                                 R"(","KeyConditionExpression":"#a = :v","ExpressionAttributeNames":{"#a":")" +
                                 attribute + R"("},"ExpressionAttributeValues":{":v":{"S":")" + value + R"("}}})");
        return answer ? answer->at("Count").as_int64() : -1;
    };
    db.apply(save_with_jobs(db.rows(), change_indexes(before, {before.indexes.at(0), by_city}).value()));
    EXPECT_EQ(count("by-city", "city", "Oslo"), 1) << "an item with a city that is no text is not in it";
    EXPECT_EQ(count("by-status", "status", "open"), 3);
    put(2, R"("status":{"S":"open"},"city":{"S":"Oslo"})");
    EXPECT_EQ(count("by-city", "city", "Oslo"), 2);
    db.apply(save_with_jobs(db.rows(), change_indexes(load_table(db.rows(), "orders").value(), {by_city}).value()));
    EXPECT_EQ(count("by-status", "status", "open"), -1);
    EXPECT_EQ(count("by-city", "city", "Oslo"), 2);
    by_city.global = false;
    EXPECT_FALSE(change_indexes(before, {before.indexes.at(0), by_city}).has_value());
    db.ok("DeleteTable", R"({"TableName":"orders"})");
    EXPECT_TRUE(db.is_empty());
}

TEST(ItemsTest, NoPathLeadsIntoAKey) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto refused = [&](const std::string& action, const std::string& expressions) {
        return db.error(
            action, R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}},)" + expressions + "}");
    };
    const std::string scalars =
        "ValidationException: Key attributes must be scalars; list random access '[]' and map lookup '.' are not "
        "allowed: ";
    EXPECT_EQ(refused("GetItem", R"("ProjectionExpression":"customer.a")"), scalars + "Key: customer");
    EXPECT_EQ(refused("DeleteItem", R"("ConditionExpression":"placed[0] = customer")"), scalars + "Key: placed");
    const auto update = [&](const std::string& path) {
        return refused("UpdateItem", R"("ConditionExpression":"absent = present","UpdateExpression":"SET #s)" + path +
                                         R"( = absent","ExpressionAttributeNames":{"#s":"status"})");
    };
    EXPECT_EQ(update(".a"), scalars + "IndexKey: status");
    EXPECT_EQ(update("[1]"), scalars + "IndexKey: status");
    EXPECT_EQ(update(""), "ConditionalCheckFailedException: The conditional request failed");
    EXPECT_EQ(db.error("Scan", R"({"TableName":"orders","FilterExpression":"customer[0] = placed"})"),
              scalars + "Key: customer");
    EXPECT_EQ(db.error("BatchGetItem", R"({"RequestItems":{"orders":{"ProjectionExpression":"placed[0]",
                        "Keys":[{"customer":{"S":"ann"},"placed":{"N":"1"}}]}}})"),
              scalars + "Key: placed");
}

TEST(ItemsTest, NoTextBeginsWithANumber) {
    Database db;
    db.ok("CreateTable", kOrders);
    EXPECT_EQ(db.error("DeleteItem", R"~({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}},
                        "ConditionExpression":"begins_with(a, size(b))"})~"),
              "ValidationException: Invalid ConditionExpression: Incorrect operand type for operator or function; "
              "operator or function: begins_with, operand type: N");
}

TEST(ItemsTest, OperandsMayBeInParentheses) {
    Database db;
    db.ok("CreateTable", kOrders);
    db.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"n":{"N":"5"}}})");
    const auto found = [&](const std::string& filter) {
        return db.ok("Scan", R"({"TableName":"orders","FilterExpression":")" + filter + R"("})").at("Count").as_int64();
    };
    EXPECT_EQ(found("(n) >= size(customer)"), 1);
    EXPECT_EQ(found("((size(customer)) BETWEEN placed AND (n) AND attribute_exists((n)))"), 1);
    EXPECT_EQ(found("NOT (placed) IN ((n), (size((customer))))"), 1);
    const auto error = [&](const std::string& filter) {
        return db.error("Scan", R"({"TableName":"orders","FilterExpression":")" + filter + R"("})");
    };
    EXPECT_EQ(error("((n)) > placed"),
              "ValidationException: Invalid FilterExpression: The expression has redundant parentheses;");
    EXPECT_EQ(error("(n)"), R"~(ValidationException: Invalid FilterExpression: Syntax error; token: ")", near: "n)")~");
    EXPECT_EQ(error("contains(n, n)"),
              "ValidationException: Invalid FilterExpression: The first operand must be distinct from the remaining "
              "operands for this operator or function; operator: contains, first operand: [n]");
}

TEST(ItemsTest, SetsHaveEachMemberOnce) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto put = [&](const std::string& set) {
        return db.error("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"s":{)" +
                                       set + "}}}");
    };
    const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
    EXPECT_EQ(put(R"("SS":["a","b","a"])"), invalid + "Input collection [a, b, a] contains duplicates.");
    EXPECT_EQ(put(R"("NS":["1","1.0"])"), "ValidationException: Input collection contains duplicates");
    EXPECT_EQ(put(R"("BS":["YQ==","YQ=="])"), invalid + "Input collection [YQ==, YQ==]of type BS contains duplicates.");
}

TEST(ItemsTest, WhereAnItemIsMissingThereIsNothingToTakeAway) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto update = [](const std::string& expression) {
        return R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}},"UpdateExpression":")" +
               expression + R"(","ExpressionAttributeValues":{":v":{"SS":["a"]}}})";
    };
    db.ok("UpdateItem", update("REMOVE a.b DELETE c.d :v"));
    db.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"c":{"M":{}}}})");
    db.ok("UpdateItem", update("DELETE c.d :v"));
    EXPECT_EQ(db.error("UpdateItem", update("DELETE a.b :v")),
              "ValidationException: The document path provided in the update expression is invalid for update");
}

TEST(ItemsTest, BoundsMustBeOfOneTypeBeforeTheyMustBeOrdered) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto error = [&](const std::string& low, const std::string& high) {
        return db.error("Scan", R"({"TableName":"orders","FilterExpression":"a BETWEEN :l AND :h",
                        "ExpressionAttributeValues":{":l":)" +
                                    low + R"(,":h":)" + high + "}}");
    };
    EXPECT_EQ(
        error(R"({"BOOL":true})", R"({"N":"1"})"),
        "ValidationException: Invalid FilterExpression: The BETWEEN operator requires same data type for lower and "
        "upper bounds; lower bound operand: AttributeValue: {BOOL:true}, upper bound operand: AttributeValue: "
        "{N:1}");
    EXPECT_EQ(error(R"({"BOOL":true})", R"({"BOOL":true})"),
              "ValidationException: Invalid FilterExpression: Incorrect operand type for operator or function; "
              "operator or function: BETWEEN, operand type: BOOL");
}

TEST(ItemsTest, ReturnValuesShowWhatWasAndWhatIs) {
    Database db;
    db.ok("CreateTable", kOrders);
    db.ok("PutItem",
          R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"n":{"N":"5"},"x":{"S":"y"}}})");
    const std::string update = R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1.0"}},
        "UpdateExpression":"SET n = n + :one","ExpressionAttributeValues":{":one":{"N":"1"}},"ReturnValues":)";
    EXPECT_EQ(db.ok("UpdateItem", update + R"("UPDATED_NEW"})"), parse(R"({"Attributes":{"n":{"N":"6"}}})"));
    EXPECT_EQ(db.ok("UpdateItem", update + R"("UPDATED_OLD"})"), parse(R"({"Attributes":{"n":{"N":"6"}}})"));
    EXPECT_EQ(db.ok("UpdateItem", update + R"("ALL_NEW"})").at("Attributes").as_object().size(), 4U);
    EXPECT_EQ(db.ok("UpdateItem", update + R"("NONE"})"), parse("{}"));
    EXPECT_EQ(db.error("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"}},
                                     "ReturnValues":"ALL_NEW"})"),
              "ValidationException: ReturnValues can only be ALL_OLD or NONE");
    EXPECT_EQ(db.ok("DeleteItem", R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}},
                                     "ReturnValues":"ALL_OLD"})")
                  .at("Attributes")
                  .at("n"),
              parse(R"({"N":"9"})"));
}

TEST(ItemsTest, AnUpdateMakesAnItemUnlessItOnlyTakesAway) {
    Database db;
    db.ok("CreateTable", kOrders);
    const std::string key = R"({"TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}})";
    db.ok("UpdateItem", key + R"(,"UpdateExpression":"REMOVE n"})");
    EXPECT_EQ(db.ok("GetItem", key + "}"), parse("{}"));
    db.ok("UpdateItem", key + "}");
    EXPECT_TRUE(db.ok("GetItem", key + "}").contains("Item"));
    EXPECT_EQ(
        db.error("UpdateItem", key + R"(,"UpdateExpression":"SET #a = :v","ExpressionAttributeNames":{"#a":"placed"},
                                           "ExpressionAttributeValues":{":v":{"N":"2"}}})"),
        "ValidationException: One or more parameter values were invalid: Cannot update attribute placed. This "
        "attribute is part of the key");
}

TEST(ItemsTest, AFailedConditionWritesNothingAndMayShowTheItem) {
    Database db;
    db.ok("CreateTable", kOrders);
    const std::string put = R"~({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"}},
        "ConditionExpression":"attribute_not_exists(customer)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"})~";
    db.ok("PutItem", put);
    const auto refused = db.call("PutItem", put);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "ConditionalCheckFailedException");
    EXPECT_EQ(refused.error().message, "The conditional request failed");
    EXPECT_EQ(json::parse(refused.error().details_json),
              parse(R"({"Item":{"customer":{"S":"ann"},"placed":{"N":"1"}}})"));
    const auto bare = db.call("PutItem", put.substr(0, put.rfind(R"(,"ReturnValuesOn)")) + "}");
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().details_json, "") << "nobody asked to see it";
}

TEST(ItemsTest, KeysMustSuitTheTable) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto get = [&](const std::string& key) {
        return db.error("GetItem", R"({"TableName":"orders","Key":)" + key + "}");
    };
    const auto put = [&](const std::string& item) {
        return db.error("PutItem", R"({"TableName":"orders","Item":)" + item + "}");
    };
    const std::string mismatch = "ValidationException: The provided key element does not match the schema";
    EXPECT_EQ(get(R"({"customer":{"S":"ann"}})"), mismatch);
    EXPECT_EQ(get(R"({"customer":{"S":"ann"},"placed":{"S":"1"}})"), mismatch);
    EXPECT_EQ(get(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"status":{"S":"open"}})"), mismatch);
    EXPECT_EQ(get(R"({"customer":{"S":""},"placed":{"N":"1"}})"),
              "ValidationException: One or more parameter values are not valid. The AttributeValue for a key attribute "
              "cannot contain an empty string value. Key: customer");
    EXPECT_EQ(put(R"({"customer":{"S":"ann"}})"),
              "ValidationException: One or more parameter values were invalid: Missing the key placed in the item");
    EXPECT_EQ(
        put(R"({"customer":{"N":"1"},"placed":{"N":"1"}})"),
        "ValidationException: One or more parameter values were invalid: Type mismatch for key customer expected: "
        "S actual: N");
    EXPECT_EQ(put(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"status":{"N":"1"}})"),
              "ValidationException: One or more parameter values were invalid: Type mismatch for Index Key status "
              "Expected: S Actual: N IndexName: by-status");
    EXPECT_EQ(
        put(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"big":{"S":")" + std::string(400 * 1024, 'x') + R"("}})"),
        "ValidationException: Item size has exceeded the maximum allowed size");
    const std::string rest(400 * 1024 - std::string_view("customerannplacedbig").size() - 2, 'x');  // a short number: 2
    EXPECT_EQ(put(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"big":{"S":")" + rest + R"("}})"), "no error");
    EXPECT_NE(put(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"big":{"S":")" + rest + R"(x"}})"), "no error");
}

TEST(ItemsTest, KeysHaveTheirSizes) {
    Database db;
    db.ok("CreateTable", R"({"TableName":"docs","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"},{"AttributeName":"s","AttributeType":"S"}],
        "KeySchema":[{"AttributeName":"p","KeyType":"HASH"},{"AttributeName":"s","KeyType":"RANGE"}],
        "GlobalSecondaryIndexes":[{"IndexName":"turned","Projection":{"ProjectionType":"ALL"},
            "KeySchema":[{"AttributeName":"s","KeyType":"HASH"},{"AttributeName":"p","KeyType":"RANGE"}]}]})");
    const auto error = [&](const std::string& operation, const std::string& member, std::size_t p, std::size_t s) {
        return db.error(operation, R"({"TableName":"docs",")" + member + R"(":{"p":{"S":")" + std::string(p, 'x') +
                                       R"("},"s":{"S":")" + std::string(s, 'x') + R"("}}})");
    };
    const std::string wrong = "ValidationException: One or more parameter values were invalid: ";
    EXPECT_EQ(error("GetItem", "Key", 2048, 1024), "no error");
    EXPECT_EQ(error("GetItem", "Key", 2049, 1),
              wrong + "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    EXPECT_EQ(error("GetItem", "Key", 1, 1025),
              wrong + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    EXPECT_EQ(error("PutItem", "Item", 1024, 1024), "no error");
    EXPECT_EQ(
        error("PutItem", "Item", 1025, 1),
        wrong + "Size of rangekey has exceeded the maximum size limit of 1024 bytes. IndexName: turned, IndexKey: p");
}

TEST(ItemsTest, ConsumedCapacityCountsTheIndexes) {
    Database db;
    db.ok("CreateTable", kOrders);
    EXPECT_EQ(db.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},
                                  "status":{"S":"open"}},"ReturnConsumedCapacity":"INDEXES"})"),
              parse(R"({"ConsumedCapacity":{"TableName":"orders","CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},
                        "GlobalSecondaryIndexes":{"by-status":{"CapacityUnits":1.0}}}})"));
}

TEST(ExpiryTest, ItemsGoWhenTheirTimeHasPassed) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto put = [&](const std::string& at, const std::string& ttl) {
        db.ok("PutItem",
              R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"status":{"S":"open"},"placed":{"N":")" + at +
                  R"("},"ttl":{"N":")" + ttl + R"("}}})");
    };
    put("1", "1700000000");  // before the clock, and there before expiry was on
    db.ok("UpdateTimeToLive",
          R"({"TableName":"orders","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}})");
    EXPECT_EQ(db.error("UpdateTimeToLive",
                       R"({"TableName":"orders","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}})"),
              "ValidationException: TimeToLive is already enabled");
    EXPECT_EQ(db.ok("DescribeTimeToLive", R"({"TableName":"orders"})"),
              parse(R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}})"));
    put("2", "1800000100");  // after it
    put("3", "1000");        // absurdly long ago: a mistake
    db.apply(expired(db.rows(), db.now(), 100));
    EXPECT_EQ(db.ok("Scan", R"({"TableName":"orders","Select":"COUNT"})"), parse(R"({"Count":2,"ScannedCount":2})"));
    EXPECT_EQ(
        db.ok("Scan", R"({"TableName":"orders","IndexName":"by-status","Select":"COUNT"})").at("Count").as_int64(), 2);
    db.advance(std::chrono::milliseconds(99'999));
    db.apply(expired(db.rows(), db.now(), 100));
    EXPECT_EQ(db.ok("Scan", R"({"TableName":"orders","Select":"COUNT"})").at("Count").as_int64(), 2);
    db.advance(std::chrono::milliseconds(1));
    db.apply(expired(db.rows(), db.now(), 100));
    EXPECT_EQ(db.ok("Scan", R"({"TableName":"orders","Select":"COUNT"})").at("Count").as_int64(), 1);
    EXPECT_TRUE(expired(db.rows(), db.now(), 100).empty());
}

TEST(ExpiryTest, WhatWasPutOffWhileExpiryWasOffStays) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto expire = [&](bool on) {
        db.ok("UpdateTimeToLive",
              std::string(R"({"TableName":"orders","TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":)") +
                  (on ? "true}}" : "false}}"));
    };
    const auto put = [&](const std::string& ttl) {
        db.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"ttl":{"N":")" +
                             ttl + R"("}}})");
    };
    expire(true);
    put("1800000100");
    expire(false);
    put("1800000200");
    expire(true);
    db.advance(std::chrono::seconds(100));
    db.apply(expired(db.rows(), db.now(), 100));
    EXPECT_EQ(db.ok("Scan", R"({"TableName":"orders","Select":"COUNT"})").at("Count").as_int64(), 1);
}

}  // namespace
}  // namespace holdpoint::tables
