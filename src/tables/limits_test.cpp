// What DynamoDB counts, and where it stops.
#include <gtest/gtest.h>

#include "base/meters.hpp"
#include "tables/keys.hpp"
#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

/// A text in so many maps, each the only member `n` of the one around it.
std::string wrapped(int maps, std::string inside = R"({"S":"leaf"})") {
    for (int i = 0; i < maps; ++i) inside = R"({"M":{"n":)" + inside + "}}";
    return inside;
}

constexpr const char* kKey = R"("TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}})";

class LimitsTest : public testing::Test {
protected:
    void SetUp() override { db_.ok("CreateTable", kOrders); }

    static std::string put_of(const std::string& value) {
        return R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},"d":)" + value + "}}";
    }
    std::string got() { return json::serialize(db_.ok("GetItem", "{" + std::string(kKey) + "}")); }
    std::string filter_error(const std::string& filter, const std::string& values) {
        return db_.error("Scan", R"({"TableName":"orders","FilterExpression":")" + filter +
                                     R"(","ExpressionAttributeValues":{)" + values + "}}");
    }

    Database db_;
};

const std::string kTooDeep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

TEST_F(LimitsTest, AttributesNestTo32LevelsOfWhichTheyAreTheFirst) {
    db_.ok("PutItem", put_of(wrapped(31)));
    EXPECT_TRUE(got().contains("leaf"));
    EXPECT_EQ(db_.error("PutItem", put_of(wrapped(32))), "ValidationException: " + kTooDeep);
    EXPECT_EQ(filter_error("d = :v", R"(":v":)" + wrapped(32)),
              "ValidationException: ExpressionAttributeValues contains invalid value: " + kTooDeep + " for key :v");
}

/// A name of so many bytes.
std::string name_of(std::size_t bytes) {
    return std::string(bytes, 'n');
}

const std::string kNameTooLarge =
    "ValidationException: 1 validation error detected: Attribute name is too large, must be less than 65536 bytes";
const std::string kNameEmpty =
    "ValidationException: One or more parameter values were invalid: An attribute name may not be empty";

TEST_F(LimitsTest, ANameOfAnAttributeHasBetween1And65535Bytes) {
    const auto put_named = [](const std::string& name) {
        return R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":"1"},")" + name +
               R"(":{"S":"v"}}})";
    };
    const auto nested = [](const std::string& name) { return R"({"L":[{"M":{")" + name + R"(":{"S":"v"}}}]})"; };
    db_.ok("PutItem", put_named(name_of(65'535)));
    db_.ok("PutItem", put_of(nested(name_of(65'535))));
    EXPECT_EQ(db_.error("PutItem", put_named(name_of(65'536))), kNameTooLarge);
    EXPECT_EQ(db_.error("PutItem", put_of(nested(name_of(65'536)))), kNameTooLarge);
    EXPECT_EQ(db_.error("PutItem", put_named("")), kNameEmpty);
    EXPECT_EQ(db_.error("BatchWriteItem",
                        R"({"RequestItems":{"orders":[{"PutRequest":)" + put_named(name_of(65'536)) + "}]}}"),
              kNameTooLarge);
}

TEST_F(LimitsTest, AnUpdateNamesNothingLongerThanAPut) {
    const auto set = [](const std::string& path, const std::string& name, const std::string& value) {
        return "{" + std::string(kKey) + R"(,"UpdateExpression":"SET )" + path +
               R"( = :v","ExpressionAttributeNames":{"#n":")" + name + R"("},"ExpressionAttributeValues":{":v":)" +
               value + "}}";
    };
    db_.ok("UpdateItem", set("#n", name_of(65'535), R"({"S":"v"})"));
    const auto before = got();
    EXPECT_TRUE(db_.error("UpdateItem", set("#n", name_of(65'536), R"({"S":"v"})")).contains("too large"));
    EXPECT_TRUE(db_.error("UpdateItem", set("#n", "d", R"({"M":{")" + name_of(65'536) + R"(":{"S":"v"}}})"))
                    .contains("too large"));
    EXPECT_EQ(got(), before);
}

/// Global indexes of so many attributes each.
std::string indexes_that_include(std::size_t indexes, std::size_t attributes) {
    std::string all;
    for (std::size_t i = 0; i < indexes; ++i) {
        std::string names;
        for (std::size_t n = 0; n < attributes; ++n) names += (n > 0 ? ",\"a" : "\"a") + std::to_string(n) + '"';
        all += (i > 0 ? "," : "") + std::string(R"({"IndexName":"index-)") + std::to_string(i) +
               R"(","KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":{"ProjectionType":"INCLUDE",)" +
               R"("NonKeyAttributes":[)" + names + "]}}";
    }
    return "[" + all + "]";
}

TEST_F(LimitsTest, IndexesIncludeAHundredAttributesTogether) {
    const auto create = [](const std::string& table, const std::string& indexes) {
        return R"({"TableName":")" + table + R"(","BillingMode":"PAY_PER_REQUEST",)" +
               R"("AttributeDefinitions":[{"AttributeName":"p","AttributeType":"S"}],)" +
               R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"GlobalSecondaryIndexes":)" + indexes + "}";
    };
    const std::string refused =
        "ValidationException: One or more parameter values were invalid: NonKeyAttributes count of all indexes exceeds "
        "the per-table limit of 100";
    db_.ok("CreateTable", create("full", indexes_that_include(5, 20)));
    EXPECT_EQ(db_.error("CreateTable", create("more", indexes_that_include(6, 17))), refused);
    EXPECT_EQ(db_.error("UpdateTable",
                        R"({"TableName":"full","GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"index-5",)"
                        R"("KeySchema":[{"AttributeName":"p","KeyType":"HASH"}],"Projection":)"
                        R"({"ProjectionType":"INCLUDE","NonKeyAttributes":["b"]}}}]})"),
              refused);
}

TEST_F(LimitsTest, AnUpdateNestsNothingDeeperThanAPut) {
    db_.ok("PutItem", put_of(wrapped(20, R"({"M":{}})")));
    std::string path = "d";
    for (int i = 0; i < 20; ++i) path += ".n";
    const auto set = [&](int maps) {
        return R"(,"UpdateExpression":"SET )" + path + R"(.n = :v","ExpressionAttributeValues":{":v":)" +
               wrapped(maps) + "}}";
    };
    const std::string before = got();
    EXPECT_EQ(db_.error("UpdateItem", "{" + std::string(kKey) + set(11)), "ValidationException: " + kTooDeep);
    EXPECT_EQ(got(), before);
    const auto cancelled =
        db_.call("TransactWriteItems", R"({"TransactItems":[{"Update":{)" + std::string(kKey) + set(31) + "}]}");
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().name, "TransactionCanceledException");
    EXPECT_TRUE(cancelled.error().details_json.contains(kTooDeep)) << cancelled.error().details_json;
    EXPECT_EQ(got(), before);
    db_.ok("UpdateItem", "{" + std::string(kKey) + set(10));
    EXPECT_TRUE(got().contains("leaf"));
}

// Each action may double an item, and an expression has room for 170: what cannot be stored anyway is not computed
// first.
TEST_F(LimitsTest, AnUpdateStopsAtTheFirstValueThatIsTooMuch) {
    db_.ok("PutItem", put_of(R"({"L":[{"S":")" + std::string(250'000, 'x') + R"("}]})"));
    const auto error = [&](const std::string& update) {
        return db_.error("UpdateItem", "{" + std::string(kKey) + R"(,"UpdateExpression":"SET )" + update + R"("})");
    };
    const std::string too_large = "ValidationException: Item size to update has exceeded the maximum allowed size";
    EXPECT_EQ(error("e = list_append(d, d), f = absent"), too_large);
    EXPECT_EQ(error("e = d, f = d, g = absent"), too_large);
    EXPECT_EQ(error("e = absent"),
              "ValidationException: The provided expression refers to an attribute that does not exist in the item");
}

/// Counts which items are read.
class CountingRows final : public RowReader {
public:
    explicit CountingRows(const RowReader& rows) : rows_(rows) {}
    std::optional<std::string> get(Space space, std::string_view key) const override {
        if (space == Space::items) ++items;
        return rows_.get(space, key);
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return rows_.scan(space, from, to, limit, reverse);
    }
    mutable int items = 0;

private:
    const RowReader& rows_;
};

constexpr int kLargeItems = 15;
constexpr std::size_t kLarge = 390'000;

TEST_F(LimitsTest, ATransactionReadsNoMoreThanItMayAnswer) {
    std::string gets;
    for (int i = 0; i < kLargeItems; ++i) {
        const std::string key = R"("customer":{"S":"ann"},"placed":{"N":")" + std::to_string(i) + R"("})";
        db_.ok("PutItem",
               R"({"TableName":"orders","Item":{)" + key + R"(,"d":{"S":")" + std::string(kLarge, 'x') + R"("}}})");
        gets += (i > 0 ? "," : "") + (R"({"Get":{"TableName":"orders","Key":{)" + key + "}}}");
    }
    const CountingRows rows(db_.rows());
    const auto refused = transact_get_items(rows, parse(R"({"TransactItems":[)" + gets + "]}").as_object());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "The aggregate size of the items in the transaction cannot exceed 4 MB");
    EXPECT_EQ(rows.items, 11) << "the eleventh is too much";
}

TEST_F(LimitsTest, ATransactionLooksAtNoMoreThanItMayWrite) {
    std::string checks;
    for (int i = 0; i < kLargeItems; ++i) {
        const std::string key = R"("customer":{"S":"ann"},"placed":{"N":")" + std::to_string(i) + R"("})";
        db_.ok("PutItem",
               R"({"TableName":"orders","Item":{)" + key + R"(,"d":{"S":")" + std::string(kLarge, 'x') + R"("}}})");
        checks += (i > 0 ? "," : "") + (R"({"ConditionCheck":{"TableName":"orders","Key":{)" + key +
                                        R"~(},"ConditionExpression":"attribute_not_exists(d)"}})~");
    }
    const CountingRows rows(db_.rows());
    const auto refused =
        transact_write_items(rows, parse(R"({"TransactItems":[)" + checks + "]}").as_object(), db_.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "The aggregate size of the items in the transaction cannot exceed 4 MB");
    EXPECT_LE(rows.items, 22) << "eleven, each read for its condition and for its size";
}

// Who writes waits for it: a search that looked at each character again at each place took a minute for this.
TEST_F(LimitsTest, WhatATextContainsIsFoundInLinearTime) {
    const std::string text = std::string(kLarge / 2, 'a') + "b" + std::string(kLarge / 2 - 1, 'a');
    db_.ok("PutItem", put_of(R"({"S":")" + text + R"("})"));
    const auto check = [&](const std::string& part, int times) {
        std::string condition = "contains(d, :p)";
        for (int i = 1; i < times; ++i) condition += " OR contains(d, :p)";
        return db_.call("TransactWriteItems",
                        R"({"TransactItems":[{"ConditionCheck":{)" + std::string(kKey) + R"(,"ConditionExpression":")" +
                            condition + R"(","ExpressionAttributeValues":{":p":{"S":")" + part + R"("}}}}]})");
    };
    EXPECT_TRUE(check("ab", 1));
    EXPECT_TRUE(check(std::string(kLarge / 2, 'a') + "b", 1));
    const Stopwatch watch;
    const auto refused = check(std::string(kLarge / 4, 'a') + "c", 100);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.ends_with("[ConditionalCheckFailed]")) << refused.error().message;
    EXPECT_LT(watch.elapsed(), std::chrono::seconds(10));
}

TEST_F(LimitsTest, ABatchEndsBeforeItsAnswerIsManyTimesAsLargeAsItsItems) {
    std::string text;
    for (std::size_t i = 0; i < kLarge; ++i) text += "\\u0001";  // one byte, six in JSON
    std::string keys;
    for (int i = 0; i < kLargeItems; ++i) {
        const std::string key = R"("customer":{"S":"ann"},"placed":{"N":")" + std::to_string(i) + R"("})";
        db_.ok("PutItem", R"({"TableName":"orders","Item":{)" + key + R"(,"d":{"S":")" + text + R"("}}})");
        keys += (i > 0 ? ",{" : "{") + key + "}";
    }
    const auto answer = db_.ok("BatchGetItem", R"({"RequestItems":{"orders":{"Keys":[)" + keys + "]}}}");
    EXPECT_EQ(answer.at("Responses").at("orders").as_array().size(), 14U);
    EXPECT_EQ(answer.at("UnprocessedKeys").at("orders").at("Keys").as_array().size(), 1U);
}

TEST_F(LimitsTest, WhatEarlierVersionsStoredDeeperIsReadAndDeleted) {
    db_.ok("PutItem", put_of(wrapped(1)));
    const auto row = db_.rows().scan(Space::items, "", "", 1, false).front();
    const std::string deep = R"({"customer":{"S":"ann"},"placed":{"N":"1"},"d":)" + wrapped(63) + "}";
    db_.apply({{.space = Space::items, .key = row.key, .value = deep}});
    EXPECT_TRUE(got().contains("leaf"));
    const auto cancelled = db_.call("TransactWriteItems", R"({"TransactItems":[{"Delete":{)" + std::string(kKey) +
                                                              R"~(,"ConditionExpression":"attribute_not_exists(d)",
                                            "ReturnValuesOnConditionCheckFailure":"ALL_OLD"}}]})~");
    ASSERT_FALSE(cancelled);
    EXPECT_TRUE(cancelled.error().details_json.contains("leaf"));
    db_.ok("UpdateItem", "{" + std::string(kKey) + R"(,"UpdateExpression":"REMOVE d.n"})");
    EXPECT_TRUE(got().contains(R"("d":{"M":{}})"));
    db_.ok("DeleteItem", "{" + std::string(kKey) + "}");
}

TEST_F(LimitsTest, InTakesAHundredValues) {
    const auto error = [&](int count) {
        std::string names;
        std::string values;
        for (int i = 0; i < count; ++i) {
            names += (i > 0 ? ",:v" : ":v") + std::to_string(i);
            values += (i > 0 ? ",\":v" : "\":v") + std::to_string(i) + R"(":{"N":"1"})";
        }
        return filter_error("placed IN (" + names + ")", values);
    };
    EXPECT_EQ(error(100), "no error");
    EXPECT_EQ(error(101),
              "ValidationException: Invalid FilterExpression: The IN operator is provided with too many operands; "
              "number of operands: 101");
}

TEST_F(LimitsTest, OperatorsAreCountedToTheFirstThatIsTooMuch) {
    const auto error = [&](int comparisons) {
        std::string filter = "a = :v";
        for (int i = 1; i < comparisons; ++i) filter += " OR a = :v";
        return filter_error(filter, R"(":v":{"N":"1"})");
    };
    EXPECT_EQ(error(150), "no error");
    EXPECT_EQ(error(151),
              "ValidationException: Invalid FilterExpression: The expression contains too many operators; operator "
              "count: 301");
}

TEST_F(LimitsTest, TheSizeOfATextIsItsLengthInUtf16) {
    db_.ok("PutItem", put_of(R"({"S":"\u00e9\ud834\udd1e"})"));  // one unit, and a pair
    const auto found = [&](const std::string& size) {
        return db_
            .ok("Scan", R"~({"TableName":"orders","FilterExpression":"size(d) = :n",
                             "ExpressionAttributeValues":{":n":{"N":")~" +
                            size + R"("}}})")
            .at("Count")
            .as_int64();
    };
    EXPECT_EQ(found("3"), 1);
    EXPECT_EQ(found("6"), 0);
}

// Seen on the service, by items one byte too large: digits before the point and behind it are counted in pairs of their
// own. (The guide says "approximately".)
TEST(NumberSizeTest, DigitsAreCountedInPairsOnEitherSideOfThePoint) {
    const auto size = [](std::string_view text) { return Number::parse(text)->stored_size(); };
    EXPECT_EQ(size("0"), 1U);
    EXPECT_EQ(size("12"), 2U);
    EXPECT_EQ(size("123"), 3U);
    EXPECT_EQ(size("1010"), 3U);
    EXPECT_EQ(size("1E125"), 2U);
    EXPECT_EQ(size("0.0000001"), 2U);
    EXPECT_EQ(size("1.5"), 3U);
    EXPECT_EQ(size("3.14159"), 5U);
    EXPECT_EQ(size("-1.2"), 4U);
    EXPECT_EQ(size("12345678901234567890123456789012345678"), 20U);
}

}  // namespace
}  // namespace holdpoint::tables
