#include "api/dynamodb/dynamodb.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/encoding.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

/// The service over a memory store and a real writer.
class DynamodbServiceTest : public testing::Test {
protected:
    net::Response call(const std::string& action, const std::string& body) {
        std::promise<net::Response> answered;
        service_->handle({.request = {.method = "POST",
                                      .target = "/",
                                      .headers = {{"x-amz-target", "DynamoDB_20120810." + action}},
                                      .body = body},
                          .caller = {.account = "000000000000",
                                     .arn = "arn:aws:iam::000000000000:user/holdpoint",
                                     .user_id = "u",
                                     .role_name = ""},
                          .authorize = [this](const std::string& name, const std::string& resource,
                                              const ServiceKeys& keys) -> Result<void> {
                              accesses_.push_back(name + " " + resource);
                              for (const auto& key : keys("dynamodb:LeadingKeys")) leading_keys_ += key + " ";
                              if (name == denied_) return fail("AccessDeniedException", 400, "no " + name);
                              return {};
                          },
                          .request_id = "request-1",
                          .respond = [&](net::Response response) { answered.set_value(std::move(response)); }});
        return answered.get_future().get();
    }

    json::object ok(const std::string& action, const std::string& body) {
        const auto response = call(action, body);
        EXPECT_EQ(response.status, 200) << action << ": " << response.body;
        return json::parse(response.body).as_object();
    }

    ManualClock clock_{from_epoch_ms(1'800'000'000'000)};
    SeededRandom random_{1};
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_};
    std::unique_ptr<Service> service_ =
        make_dynamodb_service({.clock = clock_, .random = random_, .store = *store_, .writer = writer_});
    std::vector<std::string> accesses_;
    std::string denied_;
    std::string leading_keys_;

    static constexpr const char* kCreate =
        R"({"TableName":"approvals","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})";
};

TEST_F(DynamodbServiceTest, WhatIsWrittenIsReadAtOnceWithAChecksum) {
    EXPECT_EQ(ok("CreateTable", kCreate).at("TableDescription").at("TableArn").as_string(),
              "arn:aws:dynamodb:us-east-1:000000000000:table/approvals");
    ok("PutItem", R"({"TableName":"approvals","Item":{"id":{"S":"a"},"n":{"N":"1.50"}}})");
    const auto response = call(
        "GetItem", R"({"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/approvals","Key":{"id":{"S":"a"}}})");
    EXPECT_EQ(json::parse(response.body), json::parse(R"({"Item":{"id":{"S":"a"},"n":{"N":"1.5"}}})"));
    EXPECT_EQ(response.header("content-type"), "application/x-amz-json-1.0");
    EXPECT_EQ(response.header("x-amz-crc32"), std::to_string(crc32(response.body)));
    EXPECT_EQ(accesses_.back(), "dynamodb:GetItem arn:aws:dynamodb:us-east-1:000000000000:table/approvals");
}

TEST_F(DynamodbServiceTest, PoliciesSeeThePartitionsThatARequestIsAbout) {
    ok("CreateTable", kCreate);
    const auto seen = [&](const std::string& action, const std::string& body) {
        leading_keys_.clear();
        (void)call(action, body);
        return leading_keys_;
    };
    EXPECT_EQ(seen("PutItem", R"({"TableName":"approvals","Item":{"id":{"S":"a"},"x":{"S":"b"}}})"), "a ");
    EXPECT_EQ(seen("GetItem", R"({"TableName":"approvals","Key":{"id":{"S":"a"}}})"), "a ");
    EXPECT_EQ(seen("Query", R"({"TableName":"approvals","KeyConditionExpression":"#k = :v",
        "ExpressionAttributeNames":{"#k":"id"},"ExpressionAttributeValues":{":v":{"S":"q"}}})"),
              "q ");
    EXPECT_EQ(seen("Query", R"({"TableName":"approvals","KeyConditions":{"id":{"ComparisonOperator":"EQ",
        "AttributeValueList":[{"S":"q"}]}}})"),
              "q ");
    const auto queried = [&](const std::string& condition) {
        return seen("Query", R"({"TableName":"approvals","KeyConditionExpression":")" + condition +
                                 R"(","ExpressionAttributeValues":{":v":{"S":"q"},":w":{"S":"w"}}})");
    };
    EXPECT_EQ(queried("x = :w AND id = :v"), "q ");
    EXPECT_EQ(queried("x = :w"), " ");
    EXPECT_EQ(queried("id > :v"), " ");
    EXPECT_EQ(seen("BatchGetItem", R"({"RequestItems":{"approvals":{"Keys":[{"id":{"S":"a"}},{"id":{"S":"b"}}]}}})"),
              "a b ");
    EXPECT_EQ(seen("BatchGetItem", R"({"RequestItems":{"approvals":{"Keys":["a"]}}})"), " ");
    EXPECT_EQ(seen("BatchGetItem", R"({"RequestItems":{"approvals":{"Other":[]}}})"), " ");
    EXPECT_EQ(seen("BatchWriteItem", R"({"RequestItems":{"approvals":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},
        {"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]}})"),
              "a b ");
    EXPECT_EQ(
        seen("TransactWriteItems", R"({"TransactItems":[{"Put":{"TableName":"approvals","Item":{"id":{"S":"t"}}}}]})"),
        "t ");
    EXPECT_EQ(seen("Scan", R"({"TableName":"approvals"})"), "") << "it has none, as on AWS";
    EXPECT_EQ(seen("GetItem", R"({"TableName":"approvals","Key":{"other":{"S":"a"}}})"), " ")
        << "what cannot be found is a key that no policy allows";
    EXPECT_EQ(seen("GetItem", R"({"TableName":"nothing","Key":{"id":{"S":"a"}}})"), " ");
}

TEST_F(DynamodbServiceTest, PoliciesSeeThePartitionOfTheIndexThatIsQueried) {
    ok("CreateTable", R"({"TableName":"approvals","BillingMode":"PAY_PER_REQUEST",
        "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
        "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
        "GlobalSecondaryIndexes":[{"IndexName":"ByN","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],
                                   "Projection":{"ProjectionType":"ALL"}}]})");
    const auto queried = [&](const std::string& index, const std::string& condition) {
        leading_keys_.clear();
        (void)call("Query", R"({"TableName":"approvals","IndexName":")" + index + R"(","KeyConditionExpression":")" +
                                condition + R"(","ExpressionAttributeValues":{":n":{"N":"1.50"},":id":{"S":"mine"}}})");
        return leading_keys_;
    };
    EXPECT_EQ(queried("ByN", "n = :n"), "1.5 ");
    EXPECT_EQ(queried("ByN", "n = :n AND id = :id"), "1.5 ");
    EXPECT_EQ(queried("ByN", "id = :id"), " ") << "the table's own key is none of the index";
    EXPECT_EQ(queried("Other", "id = :id"), " ");
}

TEST_F(DynamodbServiceTest, PoliciesSeeThePartitionThatIsWrittenWhateverElseARequestSays) {
    ok("CreateTable", kCreate);
    const auto seen = [&](const std::string& action, const std::string& body) {
        leading_keys_.clear();
        (void)call(action, body);
        return leading_keys_;
    };
    const std::string mine = R"({"id":{"S":"mine"}})";
    const std::string theirs = R"({"id":{"S":"theirs"}})";
    const std::string put = R"({"TableName":"approvals","Key":)" + mine + R"(,"Item":)" + theirs + "}";
    EXPECT_EQ(seen("PutItem", put), "theirs ");
    EXPECT_EQ(seen("TransactWriteItems", R"({"TransactItems":[{"Put":)" + put + "}]}"), "theirs ");
    EXPECT_EQ(seen("DeleteItem", R"({"TableName":"approvals","Item":)" + mine + R"(,"Key":)" + theirs + "}"),
              "theirs ");
    EXPECT_EQ(seen("UpdateItem", R"({"TableName":"approvals","Item":)" + mine + "}"), " ");
    const auto batch = [&](const std::string& write) {
        return seen("BatchWriteItem", R"({"RequestItems":{"approvals":[)" + write + "]}}");
    };
    EXPECT_EQ(batch(R"({"PutRequest":{"Other":)" + mine + R"(,"Item":)" + theirs + "}}"), "theirs ");
    EXPECT_EQ(batch(R"({"Other":{"Key":)" + mine + R"(},"PutRequest":{"Item":)" + theirs + "}}"), "theirs ");
    EXPECT_EQ(batch(R"({"Other":{"Key":)" + mine + "}}"), " ");
    EXPECT_EQ(batch(R"({"DeleteRequest":{"Key":)" + mine + R"(},"PutRequest":{"Item":)" + theirs + "}}"),
              "theirs mine ");
}

TEST_F(DynamodbServiceTest, RefusalsHaveTheNamesOfTheWire) {
    ok("CreateTable", kCreate);
    const auto type = [](const net::Response& response) {
        return std::string(json::parse(response.body).at("__type").as_string());
    };
    EXPECT_EQ(type(call("CreateTable", kCreate)), "com.amazonaws.dynamodb.v20120810#ResourceInUseException");
    EXPECT_EQ(type(call("PutItem", R"({"TableName":"approvals","Item":{}})")),
              "com.amazon.coral.validate#ValidationException");
    EXPECT_EQ(type(call("PutItem", "{")), "com.amazon.coral.service#SerializationException");
    EXPECT_EQ(type(call("ExportTable", "{}")), "com.amazon.coral.service#UnknownOperationException");
    const auto failed = call("DeleteItem", R"~({"TableName":"approvals","Key":{"id":{"S":"a"}},
        "ConditionExpression":"attribute_exists(id)"})~");
    EXPECT_EQ(failed.status, 400);
    EXPECT_EQ(json::parse(failed.body).at("message").as_string(), "The conditional request failed");
}

TEST_F(DynamodbServiceTest, AFailedConditionShowsTheDeepestItemThatThereMayBe) {
    ok("CreateTable", kCreate);
    std::string deep = R"({"S":"x"})";
    for (int level = 0; level < 31; ++level) deep = R"({"L":[)" + deep + "]}";
    const std::string put = R"({"TableName":"approvals","Item":{"id":{"S":"a"},"deep":)" + deep + "}";
    ok("PutItem", put + "}");
    const std::string condition =
        R"~(,"ConditionExpression":"attribute_not_exists(id)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"})~";
    const auto refused = call("PutItem", put + condition);
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(refused.body.contains(deep)) << refused.body;
    const auto cancelled = call("TransactWriteItems", R"({"TransactItems":[{"Put":)" + put + condition + "}]}");
    EXPECT_EQ(cancelled.status, 400);
    EXPECT_TRUE(cancelled.body.contains(deep)) << cancelled.body;
}

TEST_F(DynamodbServiceTest, AFailedConditionShowsWhatEarlierVersionsStoredDeeper) {
    ok("CreateTable", kCreate);
    const std::string put = R"({"TableName":"approvals","Item":{"id":{"S":"a"}})";
    ok("PutItem", put + "}");
    std::string deep = R"({"S":"x"})";
    for (int level = 0; level < 63; ++level) deep = R"({"L":[)" + deep + "]}";
    std::promise<void> stored;
    writer_.submit([&](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        const auto key = rows.scan(Space::items, "", "", 1, false).front().key;
        rows.apply({{.space = Space::items, .key = key, .value = R"({"id":{"S":"a"},"deep":)" + deep + "}"}});
        return [&] { stored.set_value(); };
    });
    stored.get_future().get();
    const std::string condition =
        R"~(,"ConditionExpression":"attribute_not_exists(id)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"})~";
    EXPECT_TRUE(call("PutItem", put + condition).body.contains(deep));
    EXPECT_TRUE(
        call("TransactWriteItems", R"({"TransactItems":[{"Put":)" + put + condition + "}]}").body.contains(deep));
}

TEST_F(DynamodbServiceTest, TransactionsAndIndexesNeedTheirOwnPermissions) {
    ok("CreateTable", kCreate);
    denied_ = "dynamodb:ConditionCheckItem";
    const auto refused = call("TransactWriteItems", R"~({"TransactItems":[
        {"Put":{"TableName":"approvals","Item":{"id":{"S":"a"}}}},
        {"ConditionCheck":{"TableName":"approvals","Key":{"id":{"S":"b"}},
                           "ConditionExpression":"attribute_exists(id)"}}]})~");
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(refused.body.contains("AccessDeniedException")) << refused.body;
    EXPECT_FALSE(ok("GetItem", R"({"TableName":"approvals","Key":{"id":{"S":"a"}}})").contains("Item"));
    call("Query", R"({"TableName":"approvals","IndexName":"StatusIndex"})");
    EXPECT_EQ(accesses_.back(),
              "dynamodb:Query arn:aws:dynamodb:us-east-1:000000000000:table/approvals/index/StatusIndex");
    const std::string table = "arn:aws:dynamodb:us-east-1:000000000000:table/approvals";
    for (const std::string action : {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "DescribeTable"}) {
        call(action, R"({"TableName":"approvals","IndexName":"StatusIndex"})");
        EXPECT_EQ(accesses_.back(), "dynamodb:" + action + " " + table) << "an index is only read by Query and Scan";
    }
    call("TransactWriteItems",
         R"({"TransactItems":[{"Delete":{"TableName":"approvals","IndexName":"i","Key":{"id":{"S":"a"}}}}]})");
    EXPECT_EQ(accesses_.back(), "dynamodb:DeleteItem " + table);
    call("BatchWriteItem", R"({"RequestItems":{"approvals":[{"DeleteRequest":{"Key":{"id":{"S":"a"}}}}]}})");
    EXPECT_EQ(accesses_.back(), "dynamodb:BatchWriteItem arn:aws:dynamodb:us-east-1:000000000000:table/approvals");
}

}  // namespace
}  // namespace holdpoint::api
