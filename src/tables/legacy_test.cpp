// The parameters from before expressions.
#include <gtest/gtest.h>

#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

constexpr const char* kKey = R"("TableName":"orders","Key":{"customer":{"S":"ann"},"placed":{"N":"1"}})";

class LegacyTest : public testing::Test {
protected:
    void SetUp() override {
        db_.ok("CreateTable", kOrders);
        for (const std::string at : {"1", "2", "3"}) {
            db_.ok("PutItem", R"({"TableName":"orders","Item":{"customer":{"S":"ann"},"placed":{"N":")" + at +
                                  R"("},"n":{"N":")" + at + R"("},"a.b":{"S":"x)" + at +
                                  R"("},"s":{"SS":["p","q"]}}})");
        }
    }

    /// The sort keys that were found.
    std::string found(std::string_view operation, const std::string& rest) {
        std::string text;
        for (const auto& item : db_.ok(operation, R"({"TableName":"orders",)" + rest + "}").at("Items").as_array())
            text += (text.empty() ? "" : " ") + std::string(item.at("placed").at("N").as_string());
        return text;
    }
    std::string scan(const std::string& filter) { return found("Scan", R"("ScanFilter":{)" + filter + "}"); }
    std::string error(std::string_view operation, const std::string& rest) {
        return db_.error(operation, R"({"TableName":"orders",)" + rest + "}");
    }
    std::string update(const std::string& rest) { return "{" + std::string(kKey) + "," + rest + "}"; }
    json::value item() { return db_.ok("GetItem", "{" + std::string(kKey) + "}").at("Item"); }

    Database db_;
};

TEST_F(LegacyTest, AttributesToGetNamesWholeAttributes) {
    const auto wanted = parse(R"({"Item":{"n":{"N":"1"},"a.b":{"S":"x1"}}})");
    EXPECT_EQ(db_.ok("GetItem", "{" + std::string(kKey) + R"(,"AttributesToGet":["n","a.b","none"]})"), wanted);
    const auto batch = db_.ok("BatchGetItem", R"({"RequestItems":{"orders":{"AttributesToGet":["n"],
        "Keys":[{"customer":{"S":"ann"},"placed":{"N":"2"}}]}}})");
    EXPECT_EQ(batch.at("Responses"), parse(R"({"orders":[{"n":{"N":"2"}}]})"));
    EXPECT_EQ(db_.ok("Scan", R"({"TableName":"orders","AttributesToGet":["n"],"Limit":1})").at("Items"),
              parse(R"([{"n":{"N":"1"}}])"));
    EXPECT_EQ(error("GetItem", std::string(R"("Key":{"customer":{"S":"ann"},"placed":{"N":"1"}},)") +
                                   R"("AttributesToGet":["n","n"])"),
              "ValidationException: One or more parameter values were invalid: Duplicate value in attribute name: n");
    EXPECT_EQ(error("Scan", R"("AttributesToGet":["n"],"ProjectionExpression":"n")"),
              "ValidationException: Can not use both expression and non-expression parameters in the same request: "
              "Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}");
    EXPECT_EQ(error("Scan", R"("AttributesToGet":["n"],"Select":"COUNT")"),
              "ValidationException: Cannot specify the AttributesToGet when choosing to get COUNT");
}

TEST_F(LegacyTest, FiltersCompareAsTheirOperatorsSay) {
    const auto of = [](const std::string& op, const std::string& values) {
        return R"({"ComparisonOperator":")" + op + R"(","AttributeValueList":[)" + values + "]}";
    };
    const std::string two = R"({"N":"2"})";
    EXPECT_EQ(scan(R"("n":)" + of("EQ", two)), "2");
    EXPECT_EQ(scan(R"("n":)" + of("NE", two)), "1 3");
    EXPECT_EQ(scan(R"("n":)" + of("LE", two)), "1 2");
    EXPECT_EQ(scan(R"("n":)" + of("LT", two)), "1");
    EXPECT_EQ(scan(R"("n":)" + of("GE", two)), "2 3");
    EXPECT_EQ(scan(R"("n":)" + of("GT", two)), "3");
    EXPECT_EQ(scan(R"("n":)" + of("IN", two + R"(,{"N":"3"})")), "2 3");
    EXPECT_EQ(scan(R"("n":)" + of("BETWEEN", two + R"(,{"N":"9"})")), "2 3");
    EXPECT_EQ(scan(R"("s":)" + of("CONTAINS", R"({"S":"q"})")), "1 2 3");
    EXPECT_EQ(scan(R"("s":)" + of("NOT_CONTAINS", R"({"S":"z"})")), "1 2 3");
    EXPECT_EQ(scan(R"("a.b":)" + of("BEGINS_WITH", R"({"S":"x3"})")), "3");
    EXPECT_EQ(scan(R"("none":{"ComparisonOperator":"NULL"})"), "1 2 3");
    EXPECT_EQ(scan(R"("none":{"ComparisonOperator":"NOT_NULL"})"), "");
    const std::string both = R"("ScanFilter":{"n":)" + of("EQ", two) + R"(,"a.b":)" + of("EQ", R"({"S":"x3"})") + "}";
    EXPECT_EQ(found("Scan", both), "");
    EXPECT_EQ(found("Scan", both + R"(,"ConditionalOperator":"OR")"), "2 3");
    const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
    EXPECT_EQ(error("Scan", R"("ScanFilter":{"n":)" + of("BETWEEN", two) + "}"),
              invalid + "Invalid number of argument(s) for the BETWEEN ComparisonOperator");
    EXPECT_EQ(error("Scan", R"("ScanFilter":{"n":)" + of("LT", R"({"SS":["a"]})") + "}"),
              invalid + "ComparisonOperator LT is not valid for SS AttributeValue type");
    EXPECT_EQ(error("Scan", R"("ScanFilter":{"n":)" + of("BETWEEN", two + R"(,{"N":"1"})") + "}"),
              "ValidationException: The BETWEEN condition was provided a range where the lower bound is greater than "
              "the upper bound");
    EXPECT_EQ(error("Scan", R"("ConditionalOperator":"OR")"),
              "ValidationException: ConditionalOperator cannot be used without Filter or Expected");
    EXPECT_TRUE(error("Scan", R"("ScanFilter":{"n":{"ComparisonOperator":"LIKE"}})").contains("enum value set"));
    EXPECT_TRUE(error("Scan", R"("ScanFilter":{"n":1})").starts_with("SerializationException"));
}

TEST_F(LegacyTest, KeyConditionsSelectAPartitionAndARange) {
    const std::string ann =
        R"("KeyConditions":{"customer":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"ann"}]})";
    EXPECT_EQ(found("Query", ann + "}"), "1 2 3");
    EXPECT_EQ(found("Query", ann + R"(,"placed":{"ComparisonOperator":"GE","AttributeValueList":[{"N":"2"}]}},
                                      "ScanIndexForward":false)"),
              "3 2");
    EXPECT_EQ(
        found("Query", ann + R"(},"QueryFilter":{"n":{"ComparisonOperator":"EQ","AttributeValueList":[{"N":"2"}]}})"),
        "2");
    EXPECT_EQ(found("Query", ann + R"(},"FilterExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"2"}})"),
              "3");
    EXPECT_EQ(error("Query", ann + R"(,"placed":{"ComparisonOperator":"NE","AttributeValueList":[{"N":"2"}]}})"),
              "ValidationException: Attempted conditional constraint is not an indexable operation");
    EXPECT_EQ(error("Query", ann + R"(},"QueryFilter":{"placed":{"ComparisonOperator":"NULL"}})"),
              "ValidationException: QueryFilter can only contain non-primary key attributes: Primary key attribute: "
              "placed");
}

TEST_F(LegacyTest, ExpectedIsACondition) {
    const std::string put = R"("Item":{"customer":{"S":"ann"},"placed":{"N":"1"}},"Expected":)";
    const std::string failed = "ConditionalCheckFailedException: The conditional request failed";
    EXPECT_EQ(error("PutItem", put + R"({"customer":{"Exists":false}})"), failed);
    EXPECT_EQ(error("PutItem", put + R"({"n":{"Value":{"N":"2"}}})"), failed);
    EXPECT_EQ(error("PutItem", put + R"({"n":{"Value":{"N":"2"}},"x":{"Exists":false}},"ConditionalOperator":"OR")"),
              "no error");
    EXPECT_EQ(db_.ok("DeleteItem", update(R"("Expected":{"n":{"ComparisonOperator":"NULL"}},"ReturnValues":"ALL_OLD")"))
                  .at("Attributes")
                  .as_object()
                  .size(),
              2U);
    const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
    EXPECT_EQ(error("PutItem", put + R"({"n":{}})"),
              invalid + "Value must be provided when Exists is null for Attribute: n");
    EXPECT_EQ(error("PutItem", put + R"({"n":{"Exists":false,"Value":{"N":"1"}}})"),
              invalid + "Value cannot be used when Exists is false for Attribute: n");
    EXPECT_EQ(error("PutItem", put + R"({"n":{"Exists":true,"ComparisonOperator":"NULL"}})"),
              invalid + "Exists and ComparisonOperator cannot be used together for Attribute: n");
}

TEST_F(LegacyTest, AttributeUpdatesPutAddAndDelete) {
    db_.ok("UpdateItem", update(R"("AttributeUpdates":{"n":{"Action":"ADD","Value":{"N":"5"}},
        "a.b":{"Action":"DELETE"},"s":{"Action":"DELETE","Value":{"SS":["p"]}},"new":{"Value":{"S":"v"}},
        "list":{"Action":"ADD","Value":{"L":[{"S":"l"}]}}})"));
    EXPECT_EQ(item(), parse(R"({"customer":{"S":"ann"},"placed":{"N":"1"},"n":{"N":"6"},"s":{"SS":["q"]},
                                "new":{"S":"v"},"list":{"L":[{"S":"l"}]}})"));
    EXPECT_EQ(db_.ok("UpdateItem", update(R"("AttributeUpdates":{"n":{"Action":"PUT","Value":{"N":"1"}}},
                                             "ReturnValues":"UPDATED_OLD")")),
              parse(R"({"Attributes":{"n":{"N":"6"}}})"));
    const std::string invalid = "ValidationException: One or more parameter values were invalid: ";
    EXPECT_EQ(db_.error("UpdateItem", update(R"("AttributeUpdates":{"n":{"Action":"ADD"}})")),
              invalid + "Only DELETE action is allowed when no attribute value is specified");
    EXPECT_EQ(db_.error("UpdateItem", update(R"("AttributeUpdates":{"n":{"Action":"ADD","Value":{"S":"x"}}})")),
              invalid + "ADD action is not supported for the type S");
    EXPECT_EQ(db_.error("UpdateItem", update(R"("AttributeUpdates":{"placed":{"Value":{"N":"2"}}})")),
              invalid + "Cannot update attribute placed. This attribute is part of the key");
}

TEST_F(LegacyTest, TransactionsHaveNone) {
    EXPECT_TRUE(db_.error("TransactWriteItems", R"({"TransactItems":[{"Put":{"TableName":"orders","Expected":{"n":
        {"Exists":false}},"Item":{"customer":{"S":"ann"},"placed":{"N":"1"}}}}]})")
                    .starts_with("ValidationException: Expected is a legacy parameter"));
    EXPECT_TRUE(db_.error("TransactGetItems", R"({"TransactItems":[{"Get":{"TableName":"orders","AttributesToGet":["n"],
        "Key":{"customer":{"S":"ann"},"placed":{"N":"1"}}}}]})")
                    .starts_with("ValidationException: AttributesToGet is a legacy parameter"));
}

}  // namespace
}  // namespace holdpoint::tables
