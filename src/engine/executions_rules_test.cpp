// What executions let whom do, and when: tokens, names, invokes, what is over, whose end is a dead letter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/rows.hpp"
#include "engine/state_page.hpp"
#include "engine/test_server.hpp"
#include "functions/registry.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

constexpr const char* kRegion = "us-east-1";
constexpr const char* kAccount = "000000000000";

class ExecutionsRules : public ServerTest {
protected:
    ExecutionsRules() {
        topic_ = topics::topic_arn({.region = kRegion, .account = kAccount}, "letters");
        create("caller", true);
        create("other", true);
        create("plain", false);
    }

    /// What is due by now, as the timers' thread finds it.
    void fire() {
        server_->timers.fire_due([this](std::uint64_t number) { server_->executions.fire(number); });
        run();
    }

    static functions::Function function(const std::string& name, bool is_durable) {
        functions::Function made;
        made.name = name;
        made.executable = name;
        made.code_sha256 = "code";
        if (is_durable) made.durable = functions::DurableConfig{.execution_timeout_seconds = 3600, .retention_days = 2};
        return made;
    }
    void create(const std::string& name, bool is_durable) {
        functions::Function made = function(name, is_durable);
        made.dead_letter_arn = topic_;
        command([&](store::Transaction& rows) {
            rows.apply(functions::create_function(rows, made, clock_.now(), "revision")->writes);
            rows.apply(functions::publish_version(rows, name, "", clock_.now(), "published")->writes);
        });
    }
    /// A topic whose messages can be counted.
    void make_topic() {
        command([&](store::Transaction& rows) {
            rows.apply(topics::create_topic(rows, {.region = kRegion, .account = kAccount},
                                            {.name = "letters", .attributes = {}, .tags = {}}, clock_.now())
                           ->writes);
            const topics::Subscribe request{.topic_arn = topic_,
                                            .protocol = "lambda",
                                            .endpoint = "arn:aws:lambda:us-east-1:000000000000:function:plain",
                                            .attributes = {}};
            rows.apply(topics::subscribe(rows, request, kAccount, clock_.now(), "nonce")->writes);
        });
    }
    std::size_t count(Space space) const { return store_->snapshot()->scan(space, {}, {}, SIZE_MAX).size(); }

    static StartRequest request(const std::string& name, const std::string& version = "1") {
        StartRequest made{.function = function("caller", true), .name = name, .input = "{}", .trace_header = "Root=1"};
        made.function.version = version;
        return made;
    }
    Result<Started> try_start(StartRequest request) {
        Result<Started> answered = fail("NoAnswer", 500, "no answer");
        server_->executions.start(
            std::move(request), [&](Result<Started> started) { answered = std::move(started); },
            [&](const Outcome& outcome) { ended_.push_back(outcome.status); });
        run();
        return answered;
    }
    void start(const std::string& name) { arn_ = try_start(request(name)).value().arn; }

    /// Begins what was to be invoked last; nothing when there is nothing to do any more.
    std::optional<std::string> begin(const std::string& request_id = "request") {
        return begin(server_->workforce.works.back(), request_id);
    }
    std::optional<std::string> begin(const Work& work, const std::string& request_id) {
        std::optional<std::string> payload;
        work.begin(request_id, [&](const auto& given) { payload = given; });
        run();
        return payload;
    }
    wire::InvocationInput begin_input() { return input_of(begin()); }
    static wire::InvocationInput input_of(const std::optional<std::string>& payload) {
        return wire::read_invocation_input(boost::json::parse(payload.value())).value();
    }
    void answer(const std::string& body) {
        server_->workforce.works.at(0).done({.body = body, .error = {}, .log_tail = {}});
        run();
    }
    Result<std::string> checkpoint(const std::string& token, std::vector<wire::OperationUpdate> updates,
                                   std::optional<std::string> client_token = {}, const RefusedInvokes& refused = {}) {
        Result<std::string> answered = fail("NoAnswer", 500, "no answer");
        server_->executions.checkpoint(
            arn_, {.checkpoint_token = token, .updates = std::move(updates), .client_token = std::move(client_token)},
            refused, [&](Result<std::string> answer) { answered = std::move(answer); });
        run();
        return answered;
    }
    static wire::CheckpointResponse response_of(const Result<std::string>& answer) {
        return wire::read_checkpoint_response(boost::json::parse(answer.value())).value();
    }
    /// Ids of the operations of a page, and its marker.
    std::vector<std::string> page(const std::string& token, const std::string& marker, std::size_t max) {
        std::vector<std::string> ids;
        server_->executions.state(arn_, token, marker, max, [&](const Result<StatePage>& found) {
            if (!found) return ids.push_back(found.error().message);
            for (const auto& operation : found->operations) ids.push_back(operation.id.substr(0, 8));
            ids.push_back(found->next_marker);
        });
        run();
        return ids;
    }
    core::Execution execution() const { return *core::load_execution(*store_->snapshot(), 1); }

    static wire::OperationUpdate invoke(const std::string& id, const std::string& target) {
        wire::OperationUpdate made;
        made.id = id;
        made.type = OperationType::chained_invoke;
        made.action = OperationAction::start;
        made.payload = "1";
        made.function_name = target;
        return made;
    }
    static wire::OperationUpdate step(const std::string& id) {
        wire::OperationUpdate made;
        made.id = id;
        made.type = OperationType::step;
        made.action = OperationAction::succeed;
        return made;
    }

    std::string topic_;
    std::string arn_;
    std::vector<wire::ExecutionStatus> ended_;
};

TEST_F(ExecutionsRules, ANameIsOneVersionsAndOneTenantsWithOneInput) {
    const auto first = try_start(request("a"));
    ASSERT_TRUE(first);
    EXPECT_EQ(try_start(request("a", "$LATEST")).error().name, "DurableExecutionAlreadyStartedException");
    StartRequest other = request("a");
    other.input = "[]";
    EXPECT_EQ(try_start(std::move(other)).error().name, "DurableExecutionAlreadyStartedException");
    StartRequest tenants = request("a");
    tenants.tenant_id = "blue";
    EXPECT_EQ(try_start(std::move(tenants)).error().name, "DurableExecutionAlreadyStartedException");
    EXPECT_EQ(try_start(request("a"))->arn, first->arn);
    EXPECT_NE(try_start(request("b"))->arn, first->arn);
    EXPECT_EQ(count(Space::executions), 2U);
}

TEST_F(ExecutionsRules, AnExecutionIsWhatItWasStartedAs) {
    StartRequest asked = request("a");
    asked.tenant_id = "blue";
    asked.synchronous = true;
    arn_ = try_start(std::move(asked))->arn;
    const core::Head head = execution().head();
    EXPECT_EQ(head.retention_days, 2);
    EXPECT_EQ(head.trace_header, "Root=1");
    EXPECT_EQ(head.tenant_id, "blue");
    EXPECT_TRUE(head.synchronous);
    const Work& work = server_->workforce.works.back();
    EXPECT_EQ(work.function.version, "1");
    EXPECT_EQ(work.trace_header, "Root=1");
    EXPECT_EQ(work.tenant_id, "blue");
}

TEST_F(ExecutionsRules, StateIsShownToTheInvocationUnderWayInPages) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    const std::string next = *response_of(checkpoint(token, {step("1"), step("2"), step("3")})).checkpoint_token;
    EXPECT_THAT(page(token, "", 10), ElementsAre("Invalid checkpoint token"));
    EXPECT_THAT(page(next, "", 2), ElementsAre(execution().head().id.substr(0, 8), "1", "1"));
    EXPECT_THAT(page(next, "1", 2), ElementsAre("2", "3", ""));
    EXPECT_THAT(page(next, execution().head().id, 1), ElementsAre("1", "1"));
    EXPECT_THAT(page(next, "4", 2), ElementsAre("Invalid Marker."));
}

TEST_F(ExecutionsRules, APageIsNeitherTooLongNorEmpty) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    ASSERT_TRUE(checkpoint(token, {step("1"), step("2")}));
    EXPECT_EQ(page_of(execution(), "", 10, 1).operations.size(), 1U);
    EXPECT_EQ(page_of(execution(), "", 10, 1000).operations.size(), 2U);
    EXPECT_EQ(page_of(execution(), "", 10, 2000).operations.size(), 3U);
}

// Whoever repeats a request says its token, too: the same words in another request are another request.
TEST_F(ExecutionsRules, ARepetitionHasTheTokenOfWhatItRepeats) {
    start("a");
    const std::string first = begin_input().checkpoint_token;
    const auto answered = checkpoint(first, {step("1")}, "client");
    ASSERT_TRUE(answered);
    EXPECT_EQ(*checkpoint(first, {step("1")}, "client"), *answered);
    EXPECT_FALSE(checkpoint(first, {step("1")}));
    const std::string second = *response_of(answered).checkpoint_token;
    ASSERT_TRUE(checkpoint(second, {step("2")}, "client"));
    EXPECT_NE(execution().find("2"), nullptr);
    EXPECT_FALSE(checkpoint(first, {step("1")}, "client"));
}

TEST_F(ExecutionsRules, WhatComesAfterTheExecutionsTimeIsRefused) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    clock_.advance(1h);
    EXPECT_FALSE(checkpoint(token, {step("1")}));
    EXPECT_THAT(ended_, ElementsAre(wire::ExecutionStatus::timed_out)) << "though no timer has fired";
    EXPECT_EQ(execution().find("1"), nullptr);
}

TEST_F(ExecutionsRules, WhatBeginsAfterTheExecutionsTimeHasNothingToDo) {
    start("a");
    clock_.advance(1h);
    EXPECT_EQ(begin(), std::nullopt);
    EXPECT_THAT(ended_, ElementsAre(wire::ExecutionStatus::timed_out));
    EXPECT_EQ(count(Space::running), 0U);
}

TEST_F(ExecutionsRules, AnAnswerAfterTheExecutionsTimeIsTooLate) {
    start("a");
    (void)begin();
    clock_.advance(1h);
    answer(R"({"Status":"SUCCEEDED"})");
    EXPECT_THAT(ended_, ElementsAre(wire::ExecutionStatus::timed_out));
}

// Its process ended while the payload was on its way: that counts as an invocation that failed.
TEST_F(ExecutionsRules, WhatBeginsTwiceIsOneInvocation) {
    start("a");
    EXPECT_THAT(begin().value(), HasSubstr("CheckpointToken"));
    EXPECT_EQ(begin(), "");
    server_->workforce.works.at(0).done(
        {.body = {},
         .error = wire::ErrorObject{.message = "died", .type = {}, .data = {}, .stack_trace = {}},
         .log_tail = {}});
    run();
    EXPECT_EQ(execution().consecutive_failures(), 1);
    EXPECT_EQ(server_->workforce.works.size(), 1U);
    clock_.advance(1s);
    fire();
    EXPECT_EQ(server_->workforce.works.size(), 2U);
    answer(R"({"Status":"SUCCEEDED"})");
    EXPECT_THAT(ended_, ElementsAre()) << "it is not the invocation under way";
    EXPECT_THAT(begin("request-2").value(), HasSubstr("CheckpointToken"));
    answer(R"({"Status":"SUCCEEDED"})");
    EXPECT_THAT(ended_, ElementsAre()) << "it has an id that is over";
}

TEST_F(ExecutionsRules, AnExecutionStaysUntilItsLastInvocationIsOver) {
    start("a");
    (void)begin();
    server_->executions.stop(arn_, {}, [](const auto&) {});
    run();
    clock_.advance(48h);
    server_->executions.fire(1);
    run();
    EXPECT_EQ(count(Space::executions), 1U);
    answer(R"({"Status":"PENDING"})");
    EXPECT_EQ(count(Space::running), 0U);
    fire();
    for (const Space space : {Space::executions, Space::executions_by_function, Space::execution_names, Space::journal,
                              Space::timers, Space::running}) {
        EXPECT_EQ(count(space), 0U) << "space " << static_cast<int>(space);
    }
}

TEST_F(ExecutionsRules, AnExecutionIsForgottenWhenItsRetentionIsOverAndNotBefore) {
    start("a");
    (void)begin();
    answer(R"({"Status":"SUCCEEDED"})");
    EXPECT_EQ(core::read_head(*store_->snapshot(), 1)->status, wire::ExecutionStatus::succeeded);
    clock_.advance(48h - 1ms);
    fire();
    EXPECT_EQ(count(Space::executions), 1U);
    clock_.advance(1ms);
    fire();
    EXPECT_EQ(count(Space::executions), 0U);
}

TEST_F(ExecutionsRules, AnInvokeThatIsRefusedFailsAtOnceAndTheOthersStart) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    auto blue = invoke("tenant", "plain:1");
    blue.tenant_id = "blue";
    const RefusedInvokes refused = {
        {"refused", {.name = "AccessDeniedException", .http_status = 403, .message = "may not", .details_json = {}}}};
    ASSERT_TRUE(checkpoint(token,
                           {invoke("refused", "other:1"), invoke("unqualified", "other"), blue,
                            invoke("durable", "other:1"), invoke("plain", "plain:1")},
                           {}, refused));
    const auto error_of = [&](const std::string& id) { return execution().find(id)->operation.error->type; };
    EXPECT_EQ(error_of("refused"), "AccessDeniedException");
    EXPECT_EQ(error_of("unqualified"), "InvalidParameterValueException");
    EXPECT_EQ(error_of("tenant"), "InvalidParameterValueException");
    EXPECT_THAT(server_->workforce.invoked(), ElementsAre("caller:1", "plain:1", "other:1"));
    EXPECT_EQ(count(Space::executions), 2U);
    EXPECT_EQ(count(Space::plain_invokes), 1U);
}

TEST_F(ExecutionsRules, AnInvokeHasItsOwnTraceOrItsCallers) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    auto durable = invoke("1", "other:1");
    auto plain = invoke("2", "plain:1");
    ASSERT_TRUE(checkpoint(token, {durable, plain}));
    EXPECT_EQ(server_->workforce.works.at(1).trace_header, "Root=1");
    EXPECT_EQ(server_->workforce.works.at(2).trace_header, "Root=1");
    restart();
    const std::string next = input_of(begin(server_->workforce.works.front(), "request-2")).checkpoint_token;
    durable.id = "3";
    plain.id = "4";
    durable.trace_header = plain.trace_header = "Root=2";
    server_->workforce.works.clear();
    ASSERT_TRUE(checkpoint(next, {durable, plain}));
    ASSERT_EQ(server_->workforce.works.size(), 2U);
    EXPECT_EQ(server_->workforce.works.at(0).trace_header, "Root=2");
    EXPECT_EQ(server_->workforce.works.at(1).trace_header, "Root=2");
}

TEST_F(ExecutionsRules, TheEventOfAnExecutionThatDidNotSucceedIsADeadLetterOnce) {
    make_topic();
    start("a");
    (void)begin();
    server_->executions.stop(arn_, {}, [](const auto&) {});
    run();
    EXPECT_EQ(count(Space::deliveries), 1U);
    answer(R"({"Status":"FAILED"})");
    EXPECT_EQ(count(Space::deliveries), 1U);
}

TEST_F(ExecutionsRules, WhoeverHearsOfTheEndNeedsNoDeadLetter) {
    make_topic();
    StartRequest waited_for = request("a");
    waited_for.synchronous = true;
    (void)try_start(std::move(waited_for));
    (void)begin();
    answer(R"({"Status":"FAILED"})");
    server_->workforce.works.clear();
    start("b");
    const std::string token = begin_input().checkpoint_token;
    ASSERT_TRUE(checkpoint(token, {invoke("1", "other:1")}));
    (void)begin();
    server_->workforce.works.back().done({.body = R"({"Status":"FAILED"})", .error = {}, .log_tail = {}});
    run();
    answer(R"({"Status":"SUCCEEDED"})");
    EXPECT_THAT(ended_, ElementsAre(wire::ExecutionStatus::failed, wire::ExecutionStatus::succeeded));
    EXPECT_EQ(count(Space::deliveries), 0U);
}

TEST_F(ExecutionsRules, ADeadLetterGoesWhereTheRoleLetsIt) {
    make_topic();
    server_.reset();
    server_ = std::make_unique<Server>(
        clock_, *store_, [](const RowReader&, const functions::Function&, const std::string&) -> Result<void> {
            return fail("Refused", 400, "may not");
        });
    start("a");
    (void)begin();
    answer(R"({"Status":"FAILED","Error":{"ErrorMessage":"no"}})");
    EXPECT_THAT(ended_, ElementsAre(wire::ExecutionStatus::failed));
    EXPECT_EQ(core::read_outcome(*store_->snapshot(), execution().head()).error->message, "no");
    EXPECT_EQ(count(Space::deliveries), 0U);
}

// The child ended while its caller had a process, which was told nothing before the server ended.
TEST_F(ExecutionsRules, AfterARestartACallerHearsOfTheChildThatEndedMeanwhile) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    ASSERT_TRUE(checkpoint(token, {invoke("1", "other:1")}));
    (void)begin();
    server_->workforce.works.back().done(
        {.body = R"({"Status":"SUCCEEDED","Result":"2"})", .error = {}, .log_tail = {}});
    run();
    EXPECT_EQ(execution().find("1")->operation.status, OperationStatus::started);
    restart();
    const auto input = begin_input();
    EXPECT_EQ(input.operations.at(1).result, "2");
    EXPECT_THAT(input.updated_operation_ids, ElementsAre("1"));
}

TEST_F(ExecutionsRules, ACallerIsToldWithinASecondWhileItHasAProcess) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    ASSERT_TRUE(checkpoint(token, {invoke("1", "other:1"), invoke("2", "plain:1")}));
    server_->workforce.works.at(1).done({.body = "2", .error = {}, .log_tail = {}});
    run();
    clock_.advance(999ms);
    fire();
    EXPECT_EQ(execution().find("2")->operation.status, OperationStatus::started);
    clock_.advance(1ms);
    fire();
    EXPECT_EQ(execution().find("2")->operation.status, OperationStatus::succeeded);
    EXPECT_EQ(count(Space::plain_invokes), 0U);
}

// A function that invokes itself without end makes such a chain, whose links time out one after the other.
TEST_F(ExecutionsRules, WhoEndsTellsItsCallerAloneHoweverManyHaveEndedAboveIt) {
    constexpr std::size_t kDeep = 8000;
    start("a");
    std::vector<std::string> arns;
    while (arns.size() < kDeep) {
        const auto input = begin_input();
        arns.push_back(arn_ = input.execution_arn);
        ASSERT_TRUE(checkpoint(input.checkpoint_token, {invoke("1", "other:1")}));
    }
    std::size_t stopped = 0;
    const auto stop = [&](const std::string& arn) {
        server_->executions.stop(arn, {}, [&](const Result<TimePoint>& at) { stopped += at ? 1 : 0; });
        run();
    };
    for (std::size_t i = kDeep - 1; i > 0; --i) stop(arns[i - 1]);
    stop(arns.back());
    EXPECT_EQ(stopped, kDeep);
}

TEST_F(ExecutionsRules, TheFirstOfSeveralThatEndedIsNotPutOffByTheOthers) {
    start("a");
    const std::string token = begin_input().checkpoint_token;
    ASSERT_TRUE(checkpoint(token, {invoke("1", "plain:1"), invoke("2", "plain:1")}));
    server_->workforce.works.at(1).done({.body = "1", .error = {}, .log_tail = {}});
    run();
    clock_.advance(500ms);
    server_->workforce.works.at(2).done({.body = "2", .error = {}, .log_tail = {}});
    run();
    clock_.advance(500ms);
    fire();
    EXPECT_EQ(execution().find("1")->operation.status, OperationStatus::succeeded);
}

TEST_F(ExecutionsRules, ACheckpointTellsOfAChildThatHasEnded) {
    start("a");
    const auto answered = checkpoint(begin_input().checkpoint_token, {invoke("1", "other:1")});
    (void)begin("child's");
    server_->workforce.works.back().done(
        {.body = R"({"Status":"SUCCEEDED","Result":"2"})", .error = {}, .log_tail = {}});
    run();
    const auto news = checkpoint(*response_of(answered).checkpoint_token, {});
    ASSERT_EQ(response_of(news).operations.size(), 1U);
    EXPECT_EQ(response_of(news).operations.at(0).result, "2");
}

TEST_F(ExecutionsRules, AnArnIsAnExecutionsWholeOne) {
    start("a");
    const std::string other = std::string(arn_).replace(arn_.find("caller"), 6, "others");
    std::string refusal;
    const auto refused = [&](const auto& answer) { refusal = answer ? "accepted" : answer.error().name; };
    server_->executions.stop(other, {}, refused);
    run();
    EXPECT_EQ(refusal, "ResourceNotFoundException");
    EXPECT_FALSE(core::find_execution(*store_->snapshot(), other));
    EXPECT_TRUE(core::find_execution(*store_->snapshot(), arn_));
}

TEST_F(ExecutionsRules, WhatTheModelForbidsIsRefusedFirst) {
    start("a");
    EXPECT_EQ(checkpoint("no token!", {}).error().name, "ValidationException");
    wire::ErrorObject huge;
    huge.message = std::string(2UL * 1024 * 1024, 'x');
    std::string refusal;
    server_->executions.stop(arn_, huge, [&](const auto& answer) { refusal = answer ? "" : answer.error().name; });
    run();
    EXPECT_EQ(refusal, "InvalidParameterValueException");
    EXPECT_TRUE(execution().is_running());
}

}  // namespace
}  // namespace holdpoint::engine
