#include "api/cloudformation/cloudformation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <future>

#include "api/deploy/stack_rows.hpp"
#include "base/encoding.hpp"

namespace holdpoint::api {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

const std::string kId = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1";
const std::string kTopic = "arn:aws:sns:us-east-1:000000000000:app-topic";

Stack app() {
    Stack stack;
    stack.name = "app";
    stack.id = kId;
    stack.resources = {{"Role", "AWS::IAM::Role", "app-role", false},
                       {"Table", "AWS::DynamoDB::Table", "app-table", false},
                       {"Kept", "AWS::DynamoDB::Table", "app-kept", true},
                       {"Topic", "AWS::SNS::Topic", kTopic, false},
                       {"Told", std::string(stacks::kSubscription), kTopic + ":1", false},
                       {"Lines", "AWS::Logs::LogGroup", "app-lines", false},
                       {"Function", "AWS::Serverless::Function", "app-f", false},
                       {"Live", std::string(kAliasType), "app-f:live", false},
                       {"Api", "AWS::Serverless::HttpApi", "abc", false},
                       {"Tick", std::string(kRuleType), "app-tick", false}};
    return stack;
}

class CloudFormationTest : public ::testing::Test {
protected:
    CloudFormationTest()
        : path_(std::filesystem::temp_directory_path() / ("stack-logs-" + std::to_string(::getpid()) + ".db")),
          clock_(from_epoch_ms(1'800'000'000'000)),
          random_(1),
          store_(store::make_memory_store()),
          writer_(clock_, *store_),
          logs_(store::open_log_store(path_)),
          service_(
              make_cloudformation_service({.clock = clock_, .random = random_, .store = *store_, .writer = writer_},
                                          *logs_, [](const std::string&) {})) {
        logs_->create_group("app-lines", clock_.now());
        put(app());
    }
    ~CloudFormationTest() override {
        logs_.reset();
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    }

    void put(const Stack& stack) {
        std::promise<void> written;
        writer_.submit([&](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
            rows.apply({put_stack(stack)});
            return [&] { written.set_value(); };
        });
        written.get_future().get();
    }
    [[nodiscard]] bool exists() const { return find_stack(*store_->snapshot(), "app").has_value(); }

    net::Response send(const std::string& action, const std::string& stack, const std::string& role = "role") {
        std::promise<net::Response> answered;
        std::string body = "Action=" + action;
        if (!stack.empty()) body += "&StackName=" + percent_encode(stack);
        service_->handle(
            {.request = {.method = "POST", .target = "/", .headers = {}, .body = std::move(body)},
             .caller = {.account = "000000000000", .arn = "a", .user_id = "u", .role_name = role},
             .authorize = [this](const std::string& name, const std::string& resource, const auto&) -> Result<void> {
                 asked_.push_back(name + " " + resource);
                 if (name == meanwhile_at_) put(meanwhile_);
                 if (name == denied_) return fail("AccessDenied", 403, "not " + asked_.back());
                 return {};
             },
             .request_id = "r",
             .respond = [&](net::Response response) { answered.set_value(std::move(response)); }});
        return answered.get_future().get();
    }

    std::string path_;
    ManualClock clock_;
    SeededRandom random_;
    std::unique_ptr<store::Store> store_;
    engine::Writer writer_;
    std::unique_ptr<store::LogStore> logs_;
    std::unique_ptr<Service> service_;
    std::vector<std::string> asked_;
    std::string denied_;        // this action is
    std::string meanwhile_at_;  // when it is asked about, somebody deploys
    Stack meanwhile_;
};

// A script whose variable is not set would otherwise hear that its stack is deleted.
TEST_F(CloudFormationTest, WhoNamesNoStackIsToldSo) {
    for (const char* action : {"DeleteStack", "GetTemplate", "ListStackResources", "DescribeStackResources"}) {
        const auto response = send(action, "");
        EXPECT_EQ(response.status, 400) << action;
        EXPECT_THAT(response.body, HasSubstr("<Code>ValidationError</Code>"));
        EXPECT_THAT(response.body, HasSubstr("Value null at 'stackName'"));
    }
    EXPECT_EQ(send("DescribeStacks", "").status, 200) << "those are all";
}

TEST_F(CloudFormationTest, AStackIsAskedAboutByItsIdHoweverItIsNamed) {
    for (const std::string& name : {std::string("app"), kId}) {
        for (const char* action : {"DescribeStacks", "GetTemplate", "ListStackResources", "DescribeStackResources"}) {
            asked_.clear();
            EXPECT_EQ(send(action, name).status, 200) << action;
            EXPECT_THAT(asked_, ElementsAre(std::string("cloudformation:") + action + " " + kId));
        }
    }
}

TEST_F(CloudFormationTest, WhatIsThereNotIsAskedAboutByName) {
    const std::string earlier = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/0";
    EXPECT_EQ(send("DescribeStacks", "nobody").status, 400);
    EXPECT_EQ(send("DescribeStacks", earlier).status, 400);
    EXPECT_EQ(send("DescribeStacks", "").status, 200);
    const std::string any = "arn:aws:cloudformation:us-east-1:000000000000:stack/";
    EXPECT_THAT(asked_, ElementsAre("cloudformation:DescribeStacks " + any + "nobody/*",
                                    "cloudformation:DescribeStacks " + earlier,
                                    "cloudformation:DescribeStacks " + any + "*/*"));
}

// Programs read these without asking whether they are there.
TEST_F(CloudFormationTest, WhatAwsAlwaysSaysOfAStackIsThere) {
    Stack stack = app();
    stack.description = "what it is for";
    put(stack);
    const std::string drift = "<DriftInformation><StackDriftStatus>NOT_CHECKED</StackDriftStatus></DriftInformation>";
    EXPECT_THAT(send("DescribeStacks", "app").body,
                AllOf(HasSubstr(drift), HasSubstr("<RollbackConfiguration></RollbackConfiguration>")));
    EXPECT_THAT(send("ListStacks", "").body,
                AllOf(HasSubstr(drift), HasSubstr("<TemplateDescription>what it is for</TemplateDescription>")));
    const std::string of_resource =
        "<DriftInformation><StackResourceDriftStatus>NOT_CHECKED</StackResourceDriftStatus></DriftInformation>";
    EXPECT_THAT(send("ListStackResources", "app").body, HasSubstr(of_resource));
    EXPECT_THAT(send("DescribeStackResources", "app").body, HasSubstr(of_resource));
}

TEST_F(CloudFormationTest, StacksAreListedByStatusesThatThereAre) {
    const std::string list = "ListStacks&StackStatusFilter.member.1=DELETE_COMPLETE&StackStatusFilter.member.2=";
    EXPECT_THAT(send(list + "CREATE_COMPLETE", "").body, HasSubstr("<StackName>app</StackName>"));
    EXPECT_THAT(send(list + "CREATE_FAILED", "").body, Not(HasSubstr("<StackName>")));
    const auto refused = send(list + "COMPLETE", "");
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.body,
                HasSubstr("Value '[DELETE_COMPLETE, COMPLETE]' at 'stackStatusFilter' failed to "
                          "satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
                          "[CREATE_IN_PROGRESS, "));
}

TEST_F(CloudFormationTest, WhoDeletesAStackMayDeleteEachOfItsResources) {
    EXPECT_EQ(send("DeleteStack", "app").status, 200);
    EXPECT_FALSE(exists());
    const std::string function = "arn:aws:lambda:us-east-1:000000000000:function:app-f";
    EXPECT_THAT(
        asked_,
        UnorderedElementsAre(
            "cloudformation:DeleteStack " + kId, "iam:DeleteRole arn:aws:iam::000000000000:role/app-role",
            "dynamodb:DeleteTable arn:aws:dynamodb:us-east-1:000000000000:table/app-table", "sns:DeleteTopic " + kTopic,
            "sns:Unsubscribe *", "logs:DeleteLogGroup arn:aws:logs:us-east-1:000000000000:log-group:app-lines:*",
            "lambda:DeleteFunction " + function,
            "logs:DeleteLogGroup arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/app-f:*",
            "lambda:DeleteAlias " + function, "apigateway:DELETE arn:aws:apigateway:us-east-1::/apis/abc",
            "events:DeleteRule arn:aws:events:us-east-1:000000000000:rule/app-tick"));
}

TEST_F(CloudFormationTest, NothingIsRemovedWhenOneResourceMayNotBe) {
    for (const char* action :
         {"iam:DeleteRole", "dynamodb:DeleteTable", "sns:DeleteTopic", "sns:Unsubscribe", "logs:DeleteLogGroup",
          "lambda:DeleteFunction", "lambda:DeleteAlias", "apigateway:DELETE", "events:DeleteRule"}) {
        denied_ = action;
        const net::Response answer = send("DeleteStack", "app");
        EXPECT_EQ(answer.status, 403) << action;
        EXPECT_THAT(answer.body, HasSubstr(action));
        ASSERT_TRUE(exists()) << action;
        ASSERT_TRUE(logs_->has_group("app-lines")) << action;
    }
}

TEST_F(CloudFormationTest, TheAccountsOwnKeyMayDeleteEverything) {
    EXPECT_EQ(send("DeleteStack", kId, "").status, 200);
    EXPECT_THAT(asked_, ElementsAre("cloudformation:DeleteStack " + kId));
    EXPECT_FALSE(exists());
    asked_.clear();
    EXPECT_EQ(send("DeleteStack", "app").status, 200) << "that it is gone is success";
}

TEST_F(CloudFormationTest, AStackThatChangedSinceItWasAskedAboutStays) {
    meanwhile_ = app();
    meanwhile_.resources.push_back({"Other", "AWS::DynamoDB::Table", "app-other", false});
    meanwhile_at_ = "events:DeleteRule";
    const net::Response answer = send("DeleteStack", "app");
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("changed"));
    EXPECT_TRUE(exists());
}

TEST_F(CloudFormationTest, AStackThatCameSinceItWasAskedAboutStays) {
    meanwhile_ = app();
    meanwhile_.name = "new";
    meanwhile_at_ = "cloudformation:DeleteStack";
    EXPECT_EQ(send("DeleteStack", "new").status, 400);
    EXPECT_TRUE(find_stack(*store_->snapshot(), "new"));
}

}  // namespace
}  // namespace holdpoint::api
