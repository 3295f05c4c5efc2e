// Deploying: what two who deploy at once are told.
#include "api/deploy/deploy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <utility>

#include "api/deploy/stack_rows.hpp"
#include "core/rows.hpp"
#include "tables/jobs.hpp"
#include "tables/operations.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Lets something happen when the first number is drawn: for a new stack's id, while its deployment is planned.
class InterruptedRandom final : public Random {
public:
    std::uint64_t next() override {
        if (const auto now = std::exchange(meanwhile, nullptr)) now();
        return random_.next();
    }
    std::function<void()> meanwhile;

private:
    SeededRandom random_{1};
};

class DeployTest : public ::testing::Test {
protected:
    DeployTest() : logs_(store::open_log_store(path_)) {}
    ~DeployTest() override {
        logs_.reset();
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    }

    /// Once the writer comes to it.
    std::future<net::Response> deploy(const std::string& parameter, const std::string& value) {
        return deploy({{"template",
                        "Parameters: {A: {Type: String, Default: a}, B: {Type: String, Default: b}}\n"
                        "Resources: {T: {Type: \"AWS::SNS::Topic\"}}\n"},
                       {"stack_name", "app"},
                       {"parameters", boost::json::object{{parameter, value}}}});
    }
    std::future<net::Response> deploy(const boost::json::object& body) { return post("/holdpoint/deploy", body); }
    std::future<net::Response> post(const std::string& path, const boost::json::object& body) {
        const auto answered = std::make_shared<std::promise<net::Response>>();
        service_->handle(
            {.request = {.method = "POST", .target = path, .headers = {}, .body = boost::json::serialize(body)},
             .caller = {},
             .authorize = {},
             .request_id = "r",
             .respond = [answered](net::Response response) { answered->set_value(std::move(response)); }});
        return answered->get_future();
    }

    /// Rows that nobody else writes.
    void write(const std::function<std::vector<RowWrite>(const RowReader&)>& decide) {
        std::promise<void> written;
        writer_.submit([&](store::Transaction& rows, TimePoint) {
            rows.apply(decide(rows));
            return [&written] { written.set_value(); };
        });
        written.get_future().wait();
    }
    std::size_t count(Space space) { return store_->count(space, {}, {}, 10'000); }

    const std::string path_ =
        std::filesystem::temp_directory_path() / ("deploy-logs-" + std::to_string(::getpid()) + ".db");
    ManualClock clock_{from_epoch_ms(1'800'000'000'000)};
    InterruptedRandom random_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_};
    std::unique_ptr<store::LogStore> logs_;
    CodeStore code_{"/nonexistent", random_};
    std::unique_ptr<Service> service_ = make_deploy_service(
        {.clock = clock_, .random = random_, .store = *store_, .writer = writer_}, *logs_, code_,
        {.url = "http://127.0.0.1:1", .concurrency = nullptr, .on_function_changed = [this](const std::string&) {
             if (on_change_) on_change_();
         }});
    std::function<void()> on_change_;
};

// Its plan keeps parameters, and the id, of a stack that is another one by then.
TEST_F(DeployTest, OfTwoAtOnceOneIsRefused) {
    random_.meanwhile = [this] { EXPECT_EQ(deploy("A", "2").get().status, 200); };
    const net::Response refused = deploy("B", "3").get();
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body, HasSubstr("Stack app changed while this was planned; deploy again."));
    const auto stack = find_stack(*store_->snapshot(), "app");
    EXPECT_EQ(stack->parameters.at("B"), "b");
    EXPECT_EQ(deploy("B", "3").get().status, 200);
    const auto after = find_stack(*store_->snapshot(), "app");
    EXPECT_EQ(after->id, stack->id);
    EXPECT_EQ(after->parameters.at("A") + after->parameters.at("B"), "23");
}

TEST_F(DeployTest, WhatTheTemplateSaysNoMoreIsTheDefaultAgain) {
    const auto deployed = [&](const std::string& topic, const std::string& group) {
        const std::string text =
            "Parameters: {P: {Type: String, Default: p}}\nResources:\n"
            "  T: {Type: \"AWS::SNS::Topic\", Properties: {TopicName: t" +
            topic +
            "}}\n"
            "  G: {Type: \"AWS::Logs::LogGroup\", Properties: {LogGroupName: g" +
            group + "}}\n";
        return deploy({{"template", text}, {"stack_name", "app"}}).get().status;
    };
    const std::string arn = "arn:aws:sns:us-east-1:000000000000:t";
    const auto name = [&] { return topics::topic_attributes(*store_->snapshot(), arn)->at("DisplayName"); };
    const auto retention = [&] { return logs_->groups("g", "", 1).at(0).retention_days; };
    ASSERT_EQ(deployed(", DisplayName: !Ref P", ", RetentionInDays: 7"), 200);
    EXPECT_EQ(name(), "p");
    EXPECT_EQ(retention(), 7);
    ASSERT_EQ(deployed("", ""), 200);
    EXPECT_EQ(name(), "");
    EXPECT_EQ(retention(), std::nullopt);
    // What no template said stays as somebody set it, as on AWS.
    logs_->set_retention("g", 30);
    ASSERT_EQ(deployed("", ""), 200);
    EXPECT_EQ(retention(), 30);
}

// All executions that a function ever had were looked at in one command, while nobody else was served.
TEST_F(DeployTest, ExecutionsThatWaitAreCountedAFewAtATime) {
    write([](const RowReader&) {
        std::vector<RowWrite> writes;
        for (std::uint64_t number = 1; number <= 2400; ++number) {
            core::Head head;
            head.number = number;
            head.function = number % 2 == 0 ? "f" : "g";
            head.status = number % 800 == 0 ? wire::ExecutionStatus::running : wire::ExecutionStatus::succeeded;
            for (RowWrite& each : core::start_writes(head)) writes.push_back(std::move(each));
        }
        Stack stack;
        stack.name = "app";
        for (const char* name : {"f", "g"}) {
            stack.resources.push_back(
                {.logical_id = name, .type = "AWS::Serverless::Function", .physical_id = name, .retain = false});
        }
        writes.push_back(put_stack(stack));
        return writes;
    });
    const auto before = writer_.meters().commands.value();
    const net::Response refused = post("/holdpoint/delete", {{"stack_name", "app"}}).get();
    EXPECT_EQ(refused.body, R"({"deleted":false,"waiting":3})");
    EXPECT_GE(writer_.meters().commands.value() - before, 4U);
}

// Nobody said so, and they failed one after the other.
TEST_F(DeployTest, ExecutionsOfFunctionsThatGoAreCounted) {
    write([](const RowReader&) {
        std::vector<RowWrite> writes;
        for (std::uint64_t number = 1; number <= 600; ++number) {
            core::Head head;
            head.number = number;
            head.function = "f";
            head.status = number % 300 == 0 ? wire::ExecutionStatus::running : wire::ExecutionStatus::succeeded;
            for (RowWrite& each : core::start_writes(head)) writes.push_back(std::move(each));
        }
        Stack stack;
        stack.name = "app";
        stack.resources.push_back(
            {.logical_id = "F", .type = "AWS::Serverless::Function", .physical_id = "f", .retain = false});
        writes.push_back(put_stack(stack));
        return writes;
    });
    const auto waiting = [this](const std::string& value) {
        const net::Response answer = deploy("A", value).get();
        EXPECT_EQ(answer.status, 200);
        return boost::json::parse(answer.body).at("waiting").to_number<int>();
    };
    EXPECT_EQ(waiting("1"), 2);
    EXPECT_EQ(waiting("2"), 0) << "it is gone already";
}

TEST_F(DeployTest, AStackIsGoneWhenItsLargeTablesAre) {
    const std::string text =
        "Resources:\n"
        "  T:\n"
        "    Type: AWS::DynamoDB::Table\n"
        "    Properties:\n"
        "      TableName: things\n"
        "      BillingMode: PAY_PER_REQUEST\n"
        "      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]\n"
        "      KeySchema: [{AttributeName: id, KeyType: HASH}]\n";
    const auto deployed = [&] { return deploy({{"template", text}, {"stack_name", "app"}}).get(); };
    ASSERT_EQ(deployed().status, 200);
    write([](const RowReader& rows) {
        std::vector<RowWrite> writes;
        for (int i = 0; i < 1200; ++i) {
            const std::string item = R"({"TableName":"things","Item":{"id":{"S":")" + std::to_string(i) + R"("}}})";
            auto change = tables::put_item(rows, boost::json::parse(item).as_object()).value();
            for (RowWrite& each : change.writes) writes.push_back(std::move(each));
        }
        return writes;
    });
    EXPECT_EQ(post("/holdpoint/delete", {{"stack_name", "app"}}).get().status, 200);
    EXPECT_EQ(count(Space::items) + count(Space::tables) + count(Space::stacks), 0U);
    ASSERT_EQ(deployed().status, 200);
    // One that somebody else deletes just now.
    write([](const RowReader& rows) {
        tables::Table table = tables::load_table(rows, "things").value();
        table.jobs = {{.kind = tables::JobKind::erase_items, .index = {}}};
        return std::vector<RowWrite>{tables::save_table(table)};
    });
    EXPECT_THAT(deployed().body, HasSubstr("the table things is still being deleted"));
}

TEST_F(DeployTest, FunctionsChangeWhenANewIndexCanBeRead) {
    const auto deployed = [&](const std::string& index) {
        const std::string text =
            "Resources:\n"
            "  T:\n"
            "    Type: AWS::DynamoDB::Table\n"
            "    Properties:\n"
            "      TableName: things\n"
            "      AttributeDefinitions: [{AttributeName: id, AttributeType: S}" +
            std::string(index.empty() ? "" : ", {AttributeName: kind, AttributeType: S}") +
            "]\n"
            "      KeySchema: [{AttributeName: id, KeyType: HASH}]\n" +
            index;
        return deploy({{"template", text}, {"stack_name", "app"}}).get().body;
    };
    ASSERT_THAT(deployed(""), HasSubstr("created"));
    write([](const RowReader& rows) {
        std::vector<RowWrite> writes;
        for (int i = 0; i < 1200; ++i) {
            const boost::json::object item{{"id", {{"S", std::to_string(i)}}}, {"kind", {{"S", "k"}}}};
            auto change = tables::put_item(rows, {{"TableName", "things"}, {"Item", item}}).value();
            for (RowWrite& each : change.writes) writes.push_back(std::move(each));
        }
        Stack stack = find_stack(rows, "app").value();  // with a function, which the next deployment takes away
        stack.resources.push_back(
            {.logical_id = "F", .type = "AWS::Serverless::Function", .physical_id = "f", .retain = false});
        writes.push_back(put_stack(stack));
        return writes;
    });
    std::vector<bool> filling;
    on_change_ = [&] { filling.push_back(tables::has_jobs(*store_->snapshot(), "things")); };
    EXPECT_THAT(deployed("      GlobalSecondaryIndexes:\n"
                         "        - IndexName: ByKind\n"
                         "          KeySchema: [{AttributeName: kind, KeyType: HASH}]\n"
                         "          Projection: {ProjectionType: ALL}\n"),
                HasSubstr(R"({"resource":"T","change":"updated"})"));
    EXPECT_THAT(filling, ElementsAre(false));
    const boost::json::object query{{"TableName", "things"},
                                    {"IndexName", "ByKind"},
                                    {"Select", "COUNT"},
                                    {"KeyConditionExpression", "kind = :k"},
                                    {"ExpressionAttributeValues", {{":k", {{"S", "k"}}}}}};
    EXPECT_EQ(tables::query(*store_->snapshot(), query)->at("Count"), 1200);
    EXPECT_THAT(deployed(""), HasSubstr(R"({"resource":"T","change":"updated"})"));
    EXPECT_TRUE(tables::load_table(*store_->snapshot(), "things")->indexes.empty());
}

// Its stack was gone, and nobody heard that the table was not.
TEST_F(DeployTest, AStackWithAProtectedTableStays) {
    const std::string table =
        "  T: {Type: \"AWS::DynamoDB::Table\", Properties: {TableName: things, KeySchema: [{AttributeName: id, "
        "KeyType: "
        "HASH}], AttributeDefinitions: [{AttributeName: id, AttributeType: S}]}}\n";
    const std::string topic = "  N: {Type: \"AWS::SNS::Topic\"}\n";
    const auto deployed = [&](const std::string& resources) {
        return deploy({{"template", "Resources:\n" + resources}, {"stack_name", "app"}}).get();
    };
    const auto protect = [this](bool on) {
        write([on](const RowReader& rows) {
            const boost::json::object request{{"TableName", "things"}, {"DeletionProtectionEnabled", on}};
            return tables::update_table(rows, request).value().writes;
        });
    };
    ASSERT_EQ(deployed(table + topic).status, 200);
    protect(true);
    for (const net::Response& refused : {post("/holdpoint/delete", {{"stack_name", "app"}}).get(), deployed(topic)}) {
        EXPECT_EQ(refused.status, 400);
        EXPECT_THAT(refused.body, HasSubstr("T: Resource cannot be deleted as it is currently protected against "
                                            "deletion. Disable deletion protection first. Table: things. Nothing was "
                                            "deleted."));
        EXPECT_EQ(find_stack(*store_->snapshot(), "app")->resources.size(), 2U);
    }
    EXPECT_EQ(count(Space::topics), 1U);
    protect(false);
    EXPECT_EQ(post("/holdpoint/delete", {{"stack_name", "app"}}).get().status, 200);
    EXPECT_EQ(count(Space::tables) + count(Space::topics) + count(Space::stacks), 0U);
}

}  // namespace
}  // namespace holdpoint::api
