#include <gtest/gtest.h>

#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

std::string key(int at) {
    return R"({"customer":{"S":"ann"},"placed":{"N":")" + std::to_string(at) + R"("}})";
}
std::string put(int at, const std::string& rest = "") {
    return R"({"Put":{"TableName":"orders","Item":)" + key(at) + rest + "}}";
}
std::string check(int at, const std::string& rest = "") {
    return R"({"ConditionCheck":{"TableName":"orders","Key":)" + key(at) +
           R"~(,"ConditionExpression":"attribute_exists(customer)")~" + rest + "}}";
}
std::string transaction(const std::string& items, const std::string& rest = "") {
    return R"({"TransactItems":[)" + items + "]" + rest + "}";
}

class TransactTest : public testing::Test {
protected:
    void SetUp() override { db_.ok("CreateTable", kOrders); }
    std::int64_t count() { return db_.ok("Scan", R"({"TableName":"orders"})").at("Count").as_int64(); }
    Database db_;
};

TEST_F(TransactTest, AllIsWrittenOrNothing) {
    const auto refused = db_.call("TransactWriteItems", transaction(put(1) + "," + check(2)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().name, "TransactionCanceledException");
    EXPECT_EQ(refused.error().message,
              "Transaction cancelled, please refer cancellation reasons for specific reasons [None, "
              "ConditionalCheckFailed]");
    EXPECT_EQ(json::parse(refused.error().details_json).at("CancellationReasons"), parse(R"([{"Code":"None"},
                        {"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}])"));
    EXPECT_EQ(count(), 0);
    db_.ok("TransactWriteItems", transaction(put(1) + "," + put(2)));
    db_.ok("TransactWriteItems",
           transaction(put(3) + "," + check(2) + R"(,{"Delete":{"TableName":"orders","Key":)" + key(1) + "}}"));
    EXPECT_EQ(count(), 2);
    EXPECT_EQ(db_.ok("TransactGetItems", transaction(R"({"Get":{"TableName":"orders","Key":)" + key(1) +
                                                     R"(}},{"Get":{"TableName":"orders","Key":)" + key(3) + "}}")),
              parse(R"({"Responses":[{},{"Item":)" + key(3) + "}]}"));
}

TEST_F(TransactTest, ARefusalShowsTheItemThatWasInTheWay) {
    db_.ok("TransactWriteItems", transaction(put(1)));
    const auto refused =
        db_.call("TransactWriteItems", transaction(put(1, R"~(,"ConditionExpression":"attribute_not_exists(customer)",
                                      "ReturnValuesOnConditionCheckFailure":"ALL_OLD")~")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(json::parse(refused.error().details_json).at("CancellationReasons").at(0).at("Item"), parse(key(1)));
}

TEST_F(TransactTest, OneItemOnlyOnce) {
    EXPECT_EQ(db_.error("TransactWriteItems", transaction(put(1) + "," + check(1))),
              "ValidationException: Transaction request cannot include multiple operations on one item");
    std::string items = put(0);
    for (int i = 1; i <= 100; ++i) items += "," + put(i);
    EXPECT_TRUE(db_.error("TransactWriteItems", transaction(items)).contains("less than or equal to 100"));
    EXPECT_EQ(db_.error("TransactWriteItems", transaction("{}")),
              "ValidationException: TransactItems can only contain one of Check, Put, Update or Delete");
    EXPECT_EQ(count(), 0);
}

TEST_F(TransactTest, AnItemThatIsTooLargeToPutIsNoReasonForACancellation) {
    const std::string large = R"({"S":")" + std::string(400 * 1024, 'x') + R"("})";
    const std::string item = key(1).substr(0, key(1).size() - 1) + R"(,"d":)" + large + "}";
    EXPECT_EQ(db_.error("TransactWriteItems", transaction(R"({"Put":{"TableName":"orders","Item":)" + item + "}}")),
              "ValidationException: Item size has exceeded the maximum allowed size");
    EXPECT_EQ(db_.error("TransactWriteItems",
                        transaction(R"({"Update":{"TableName":"orders","Key":)" + key(1) +
                                    R"(,"UpdateExpression":"SET d = :d","ExpressionAttributeValues":{":d":)" + large +
                                    "}}}")),
              "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific "
              "reasons [ValidationError]");
}

TEST_F(TransactTest, ARepeatedTokenIsAnsweredForTenMinutes) {
    const std::string add = R"({"Update":{"TableName":"orders","Key":)" + key(1) +
                            R"(,"UpdateExpression":"ADD n :one","ExpressionAttributeValues":{":one":{"N":"1"}}}})";
    const std::string token = R"(,"ClientRequestToken":"token-1")";
    const auto number = [&] {
        return std::string(
            db_.ok("GetItem", R"({"TableName":"orders","Key":)" + key(1) + "}").at("Item").at("n").at("N").as_string());
    };
    db_.ok("TransactWriteItems", transaction(add, token));
    db_.advance(std::chrono::minutes(9));
    db_.ok("TransactWriteItems", transaction(add, token));
    EXPECT_EQ(number(), "1");
    EXPECT_TRUE(db_.error("TransactWriteItems", transaction(put(2), token))
                    .starts_with("IdempotentParameterMismatchException: "));
    db_.advance(std::chrono::minutes(1));
    db_.ok("TransactWriteItems", transaction(add, token));
    EXPECT_EQ(number(), "2");
    db_.advance(std::chrono::minutes(10) - Milliseconds{1});
    db_.apply(expired(db_.rows(), db_.now(), 10));
    db_.ok("TransactWriteItems", transaction(add, token));
    EXPECT_EQ(number(), "2") << "what is left of its first ten minutes does not take it along";
    db_.advance(Milliseconds{1});
    db_.apply(expired(db_.rows(), db_.now(), 10));
    EXPECT_EQ(db_.rows().size(Space::meta), 0U);
}

TEST_F(TransactTest, WhatIsAskedMustBeAsTheServiceTakesIt) {
    const auto with_token = [](std::size_t size) {
        return R"(,"ClientRequestToken":")" + std::string(size, 'x') + "\"";
    };
    db_.ok("TransactWriteItems", transaction(put(1), with_token(36)));
    EXPECT_NE(db_.error("TransactWriteItems", transaction(put(1), with_token(37)))
                  .find("Member must have length between 1 and 36"),
              std::string::npos);
    std::string both = put(1);
    both.back() = ',';
    both += R"("Delete":{"TableName":"orders","Key":)" + key(2) + "}}";
    EXPECT_EQ(db_.error("TransactWriteItems", transaction(both)),
              "ValidationException: TransactItems can only contain one of Check, Put, Update or Delete");
    EXPECT_EQ(db_.ok("TransactWriteItems", transaction(put(1), R"(,"ReturnConsumedCapacity":"TOTAL")"))
                  .at("ConsumedCapacity")
                  .at(0)
                  .at("CapacityUnits"),
              2.0)
        << "written twice: prepared and committed";
}

TEST_F(TransactTest, GetsAreOfDifferentItemsWhoseKeysSuitTheTable) {
    const auto get = [](const std::string& of) { return R"({"Get":{"TableName":"orders","Key":)" + of + "}}"; };
    EXPECT_EQ(db_.error("TransactGetItems", transaction(get(key(1)) + "," + get(key(1)))),
              "ValidationException: Transaction request cannot include multiple operations on one item");
    EXPECT_EQ(db_.error("TransactGetItems", transaction(get(key(1)) + "," + get(R"({"customer":{"S":"ann"}})"))),
              "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific "
              "reasons [None, ValidationError]");
}

TEST(BatchTest, WritesAndGetsManyItems) {
    Database db;
    db.ok("CreateTable", kOrders);
    const auto batch = [](const std::string& requests) { return R"({"RequestItems":{"orders":[)" + requests + "]}}"; };
    const auto put_request = [](int at) { return R"({"PutRequest":{"Item":)" + key(at) + "}}"; };
    EXPECT_EQ(db.ok("BatchWriteItem", batch(put_request(1) + "," + put_request(2))),
              parse(R"({"UnprocessedItems":{}})"));
    db.ok("BatchWriteItem", batch(R"({"DeleteRequest":{"Key":)" + key(1) + "}}"));
    EXPECT_EQ(db.ok("BatchGetItem",
                    R"({"RequestItems":{"orders":{"Keys":[)" + key(1) + "," + key(2) + R"(],"ConsistentRead":true}}})"),
              parse(R"({"Responses":{"orders":[)" + key(2) + R"(]},"UnprocessedKeys":{}})"));
    EXPECT_EQ(db.error("BatchWriteItem", batch(put_request(3) + "," + put_request(3))),
              "ValidationException: Provided list of item keys contains duplicates");
    for (const std::string wrong : {R"({"customer":{"S":"ann"}})", R"({"customer":{"S":"ann"},"placed":{"S":"1"}})"}) {
        EXPECT_EQ(db.error("BatchWriteItem", batch(R"({"PutRequest":{"Item":)" + wrong + "}}")),
                  "ValidationException: The provided key element does not match the schema");
    }
    std::string many = put_request(0);
    for (int i = 1; i <= 25; ++i) many += "," + put_request(i);
    EXPECT_EQ(db.error("BatchWriteItem", batch(many)),
              "ValidationException: Too many items requested for the BatchWriteItem call");
    std::string keys = key(0);
    for (int i = 1; i < 100; ++i) keys += "," + key(i);
    const auto gets = [](const std::string& of) { return R"({"RequestItems":{"orders":{"Keys":[)" + of + "]}}}"; };
    db.ok("BatchGetItem", gets(keys));
    EXPECT_EQ(db.error("BatchGetItem", gets(keys + "," + key(100))),
              "ValidationException: Too many items requested for the BatchGetItem call");
    EXPECT_EQ(db.error("BatchGetItem", gets(key(1) + "," + key(1))),
              "ValidationException: Provided list of item keys contains duplicates");
}

TEST(BatchTest, WhatDidNotFitIsAskedForAgainAsItWas) {
    Database db;
    db.ok("CreateTable", kOrders);
    std::string keys;
    for (int i = 0; i < 45; ++i) {
        std::string item = key(i);
        item.back() = ',';
        db.ok("PutItem",
              R"({"TableName":"orders","Item":)" + item + R"("text":{"S":")" + std::string(390'000, 'x') + R"("}}})");
        keys += (i == 0 ? "" : ",") + key(i);
    }
    const auto answer =
        db.ok("BatchGetItem", R"({"RequestItems":{"orders":{"ConsistentRead":true,"ProjectionExpression":
        "placed","Keys":[)" + keys +
                                  "]}}}");
    EXPECT_EQ(answer.at("Responses").at("orders").as_array().size(), 43U) << "16 MB as they are stored";
    const auto& left = answer.at("UnprocessedKeys").at("orders");
    EXPECT_EQ(left.at("Keys"), parse("[" + key(43) + "," + key(44) + "]"));
    EXPECT_EQ(left.at("ProjectionExpression"), "placed");
    EXPECT_EQ(left.at("ConsistentRead"), true);
}

}  // namespace
}  // namespace holdpoint::tables
