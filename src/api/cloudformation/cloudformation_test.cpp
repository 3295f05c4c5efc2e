#include "api/cloudformation/cloudformation.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "functions/registry.hpp"
#include "stacks/stack.hpp"

namespace holdpoint::api {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using testing::HasSubstr;

constexpr std::string_view kTemplate = R"(
Transform: AWS::Serverless-2016-10-31
Description: a <small> stack
Parameters:
  Secret: {Type: String, NoEcho: true}
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {HoldpointExecutable: f}
    Properties: {FunctionName: !Sub '${AWS::StackName}-F', PackageType: Image, Tags: {a: b}}
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: /aws/lambda/app-F}
Outputs:
  Name: {Value: !Ref F, Description: the function}
)";

/// Remembers which groups there are.
class FakeLogs final : public store::LogStore {
public:
    void create_group(const std::string& group, TimePoint) override { names.insert(group); }
    void delete_group(const std::string& group) override { names.erase(group); }
    [[nodiscard]] bool has_group(const std::string& group) const override { return names.contains(group); }
    void create_stream(const std::string&, const std::string&, TimePoint) override {}
    void append(const std::string&, const std::string&, std::vector<store::LogEvent>) override {}
    void flush() override {}
    [[nodiscard]] std::vector<store::LogGroup> groups(std::string_view, std::string_view, std::size_t) const override {
        return {};
    }
    [[nodiscard]] std::vector<store::LogStream> streams(const std::string&, std::string_view) const override {
        return {};
    }
    [[nodiscard]] std::vector<store::LogEvent> events(const store::LogQuery&) const override { return {}; }

    std::set<std::string> names;
};

/// Both services over one store and writer, with a function's executable on disk.
class Stacks : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(folder_ / "code");
        std::ofstream(folder_ / "f") << "#!/bin/sh";
        fs::permissions(folder_ / "f", fs::perms::owner_all);
    }
    void TearDown() override {
        writer_.stop();
        fs::remove_all(folder_);
    }

    static fs::path temporary_folder() {
        std::string name = fs::temp_directory_path() / "holdpoint-stacks-XXXXXX";
        return ::mkdtemp(name.data());
    }

    DeployOptions options() {
        return {.code_folder = folder_ / "code",
                .logs = logs_,
                .on_functions_changed = [this](const std::vector<std::string>& names) { changed_ = names; },
                .deliveries_added = [] {},
                .count_open_executions = [this](const std::string&) { return open_; }};
    }

    net::Response send(Service& service, const std::string& target, const std::string& body,
                       const std::string& role = {}) {
        std::promise<net::Response> answer;
        Call call{.request = {.method = "POST", .target = target, .headers = {}, .body = body},
                  .caller = {.account = "000000000000",
                             .arn = "arn:aws:iam::000000000000:user/x",
                             .user_id = "x",
                             .role_name = role},
                  .authorize = [](const std::string&, const std::string&) { return Result<void>{}; },
                  .request_id = "id",
                  .respond = [&](net::Response response) { answer.set_value(std::move(response)); }};
        service.handle(std::move(call));
        return answer.get_future().get();
    }

    net::Response deploy(const std::string& parameters = R"({"Secret":"s3cret"})", const std::string& role = {}) {
        const json::object body{{"stack_name", "app"},
                                {"template", kTemplate},
                                {"parameters", json::parse(parameters)},
                                {"code", json::object{{"f", json::object{{"path", (folder_ / "f").string()}}}}}};
        return send(*deploy_, "/holdpoint/deploy", json::serialize(body), role);
    }
    json::object remove(const std::string& more) {
        const auto response = send(*deploy_, "/holdpoint/delete", R"({"stack_name":"app")" + more + "}");
        EXPECT_EQ(response.status, 200) << response.body;
        return json::parse(response.body).as_object();
    }
    std::string query(const std::string& body) { return send(*cloudformation_, "/", body).body; }

    fs::path folder_ = temporary_folder();
    ManualClock clock_{from_epoch_ms(1'800'000'000'000)};
    SeededRandom random_{7};
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    engine::Writer writer_{clock_, *store_};
    Context context_{.clock = clock_, .random = random_, .store = *store_, .writer = writer_};
    FakeLogs logs_;
    std::vector<std::string> changed_;
    std::size_t open_ = 0;
    std::unique_ptr<Service> deploy_ = make_deploy_service(context_, options());
    std::unique_ptr<Service> cloudformation_ = make_cloudformation_service(context_, options());
};

TEST_F(Stacks, DeployAnswersWhatItDid) {
    const auto response = deploy();
    ASSERT_EQ(response.status, 200) << response.body;
    const json::object answer = json::parse(response.body).as_object();
    EXPECT_EQ(answer.at("status"), "CREATE_COMPLETE");
    EXPECT_EQ(json::serialize(answer.at("outputs")),
              R"([{"key":"Name","value":"app-F","description":"the function"}])");
    EXPECT_EQ(json::serialize(answer.at("aws_only")), R"(["F.Tags"])");
    EXPECT_EQ(answer.at("changes").as_array().size(), 3U);  // the function, its role, its log group
    EXPECT_TRUE(logs_.has_group("/aws/lambda/app-F"));
    EXPECT_THAT(changed_, testing::ElementsAre("app-F"));
    const auto function = functions::list_functions(*store_->snapshot(), {}, 1).at(0);
    EXPECT_TRUE(fs::exists(folder_ / "code" / function.code_sha256));
}

TEST_F(Stacks, ARedeployKeepsParametersThatAreNotGiven) {
    EXPECT_THAT(deploy("{}").body, HasSubstr("Parameters.Secret: must have a value"));
    ASSERT_EQ(deploy().status, 200);
    const auto again = deploy("{}");
    EXPECT_EQ(again.status, 200) << again.body;
    EXPECT_EQ(stacks::find_stack(*store_->snapshot(), "app")->parameters.at("Secret").value, "s3cret");
}

TEST_F(Stacks, OnlyTheAccountDeploys) {
    EXPECT_EQ(deploy("{}", "app-FRole").status, 403);
}

TEST_F(Stacks, DeleteFirstSaysHowManyExecutionsAreOpen) {
    ASSERT_EQ(deploy().status, 200);
    open_ = 2;
    const auto refused = remove("");
    EXPECT_EQ(refused.at("deleted"), false);
    EXPECT_EQ(json::serialize(refused.at("open_executions")), R"([{"function":"app-F","count":2}])");
    EXPECT_EQ(remove(R"(,"force":true)").at("deleted"), true);
    EXPECT_FALSE(logs_.has_group("/aws/lambda/app-F"));
    const auto gone = send(*deploy_, "/holdpoint/delete", R"({"stack_name":"app"})");
    EXPECT_EQ(gone.status, 400);
    EXPECT_THAT(gone.body, HasSubstr("Stack with id app does not exist"));
}

TEST_F(Stacks, DescribesAStackByNameAndArn) {
    ASSERT_EQ(deploy().status, 200);
    const std::string id = stacks::find_stack(*store_->snapshot(), "app")->id;
    for (const std::string& name : {std::string("app"), id}) {
        const std::string xml = query("Action=DescribeStacks&StackName=" + name);
        EXPECT_THAT(xml, HasSubstr("<StackStatus>CREATE_COMPLETE</StackStatus>"));
        EXPECT_THAT(xml, HasSubstr("<OutputKey>Name</OutputKey><OutputValue>app-F</OutputValue>"));
        EXPECT_THAT(xml, HasSubstr("<ParameterValue>****</ParameterValue>"));
        EXPECT_THAT(xml, HasSubstr("<Description>a &lt;small&gt; stack</Description>"));
        EXPECT_THAT(xml, HasSubstr("<CreationTime>2027-01-15T08:00:00.000Z</CreationTime>"));
    }
    EXPECT_THAT(query("Action=DescribeStacks"), HasSubstr("<StackName>app</StackName>"));
    EXPECT_THAT(query("Action=ListStacks&StackStatusFilter.member.1=UPDATE_COMPLETE"),
                HasSubstr("<StackSummaries></StackSummaries>"));
    EXPECT_THAT(query("Action=DescribeStackResources&PhysicalResourceId=app-F"),
                HasSubstr("<ResourceType>AWS::Lambda::Function</ResourceType>"));
    EXPECT_THAT(query("Action=ListStackResources&StackName=app"),
                HasSubstr("<LogicalResourceId>Logs</LogicalResourceId>"));
    EXPECT_THAT(query("Action=GetTemplate&StackName=app"), HasSubstr("<TemplateBody>\nTransform:"));
}

TEST_F(Stacks, UnknownStacksAreValidationErrors) {
    const auto response = send(*cloudformation_, "/", "Action=DescribeStacks&StackName=none");
    EXPECT_EQ(response.status, 400);
    EXPECT_THAT(response.body, HasSubstr("<Code>ValidationError</Code><Message>Stack with id none does not exist"));
    EXPECT_THAT(query("Action=CreateStack"), HasSubstr("InvalidAction"));
}

TEST_F(Stacks, DeleteStackDoesNotAsk) {
    ASSERT_EQ(deploy().status, 200);
    open_ = 2;
    EXPECT_EQ(send(*cloudformation_, "/", "Action=DeleteStack&StackName=app").status, 200);
    EXPECT_EQ(send(*cloudformation_, "/", "Action=DeleteStack&StackName=app").status, 200);
    EXPECT_FALSE(stacks::find_stack(*store_->snapshot(), "app"));
}

}  // namespace
}  // namespace holdpoint::api
