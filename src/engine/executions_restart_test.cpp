// Executions after a restart: what is invoked again, and what stays in memory. The test plays the processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/rows.hpp"
#include "engine/test_server.hpp"
#include "functions/registry.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;
using ::testing::ElementsAre;
using wire::OperationAction;
using wire::OperationType;

class ExecutionsRestartTest : public ServerTest {
protected:
    ExecutionsRestartTest() {
        create("caller", true);
        create("slow", false);
        publish("slow");
        command([](auto& rows) { rows.apply(functions::create_alias(rows, "slow", live("1"))->writes); });
    }

    functions::Function function(const std::string& name, bool is_durable) const {
        functions::Function made;
        made.name = name;
        made.executable = name;
        made.code_sha256 = "code";
        if (is_durable) made.durable = functions::DurableConfig{.execution_timeout_seconds = 3600, .retention_days = 1};
        return made;
    }
    static functions::Alias live(const std::string& version) {
        functions::Alias alias;
        alias.name = "live";
        alias.version = version;
        return alias;
    }
    void create(const std::string& name, bool is_durable) {
        command([&](store::Transaction& rows) {
            rows.apply(functions::create_function(rows, function(name, is_durable), clock_.now(), "revision")->writes);
        });
    }
    void publish(const std::string& name) {
        command([&](store::Transaction& rows) {
            rows.apply(functions::publish_version(rows, name, "", clock_.now(), "published")->writes);
        });
    }
    /// The alias means other code from now on.
    void deploy_slow() {
        command([&](store::Transaction& rows) {
            functions::Function changed = function("slow", false);
            changed.code_sha256 = "other code";
            rows.apply(functions::update_function(rows, changed, clock_.now(), "second")->writes);
        });
        publish("slow");
        command([](auto& rows) { rows.apply(functions::update_alias(rows, "slow", live("2"))->writes); });
    }

    Result<Started> start(const std::string& input) {
        StartRequest request{.function = function("caller", true), .name = "a", .input = input, .trace_header = {}};
        Result<Started> answered = fail("NoAnswer", 500, "no answer");
        server_->executions.start(std::move(request), [&](Result<Started> started) { answered = std::move(started); },
                                  {});
        run();
        return answered;
    }
    /// Begins the invocation that was asked for last; answers its checkpoint token.
    std::string begin() { return begin_input().checkpoint_token; }
    wire::InvocationInput begin_input() {
        std::string payload;
        server_->workforce.works.back().begin("request",
                                              [&](std::optional<std::string> given) { payload = given.value(); });
        run();
        return wire::read_invocation_input(boost::json::parse(payload)).value();
    }
    Result<std::string> checkpoint(const std::string& token, std::vector<wire::OperationUpdate> updates) {
        Result<std::string> answered = fail("NoAnswer", 500, "no answer");
        server_->executions.checkpoint(arn_,
                                       {.checkpoint_token = token, .updates = std::move(updates), .client_token = {}},
                                       {}, [&](Result<std::string> answer) { answered = std::move(answer); });
        run();
        return answered;
    }
    static wire::OperationUpdate callback(const std::string& id) {
        wire::OperationUpdate made;
        made.id = id;
        made.type = OperationType::callback;
        made.action = OperationAction::start;
        return made;
    }
    void stop() {
        server_->executions.stop(arn_, {}, [](auto) {});
        run();
    }
    std::size_t in_memory() const { return server_->executions.meters().in_memory; }

    /// An execution that waits for the plain function, under its alias.
    void invoke_slow() {
        arn_ = start("{}").value().arn;
        wire::OperationUpdate update;
        update.id = "1";
        update.type = OperationType::chained_invoke;
        update.action = OperationAction::start;
        update.function_name = "slow:live";
        ASSERT_TRUE(checkpoint(begin(), {update}));
        ASSERT_THAT(server_->workforce.invoked(), ElementsAre("caller:$LATEST", "slow:1"));
    }

    std::string arn_;
};

TEST_F(ExecutionsRestartTest, WhatAnExecutionWaitsForIsInvokedAgainInTheVersionOfItsHistory) {
    invoke_slow();
    deploy_slow();
    restart();
    EXPECT_THAT(server_->workforce.invoked(), ElementsAre("caller:$LATEST", "slow:1"));
}

TEST_F(ExecutionsRestartTest, NothingIsInvokedForAnExecutionThatHasEnded) {
    invoke_slow();
    stop();
    restart();
    EXPECT_THAT(server_->workforce.invoked(), ElementsAre());
    EXPECT_TRUE(store_->snapshot()->scan(Space::plain_invokes, {}, {}, 1).empty());
    EXPECT_TRUE(store_->snapshot()->scan(Space::running, {}, {}, 1).empty());
    EXPECT_EQ(store_->snapshot()->scan(Space::timers, {}, {}, 2).size(), 1U) << "its retention ends one day";
    EXPECT_EQ(in_memory(), 0U);
}

TEST_F(ExecutionsRestartTest, WhatIsOverIsNotInvokedAgainThoughItsRowIsLeft) {
    invoke_slow();
    const std::vector<Row> left = store_->snapshot()->scan(Space::plain_invokes, {}, {}, 1);
    server_->workforce.works.at(0).done({.body = R"({"Status":"PENDING"})", .error = {}, .log_tail = {}});
    server_->workforce.works.at(1).done({.body = "1", .error = {}, .log_tail = {}});
    run();
    command([&](store::Transaction& rows) { rows.apply({{Space::plain_invokes, left.at(0).key, ""}}); });
    restart();
    EXPECT_THAT(server_->workforce.invoked(), ElementsAre("caller:$LATEST"));
    EXPECT_TRUE(store_->snapshot()->scan(Space::plain_invokes, {}, {}, 1).empty());
}

TEST_F(ExecutionsRestartTest, WhatWasToBeInvokedIsInvokedOnce) {
    arn_ = start("{}").value().arn;
    const auto answered = checkpoint(begin(), {callback("1"), callback("2")});
    const auto response = wire::read_checkpoint_response(boost::json::parse(answered.value())).value();
    const auto pend = [&] {
        server_->workforce.works.back().done({.body = R"({"Status":"PENDING"})", .error = {}, .log_tail = {}});
        run();
    };
    pend();
    server_->executions.succeed_callback(*response.operations.at(0).callback_id, "1", [](const auto&) {});
    run();
    ASSERT_EQ(server_->workforce.works.size(), 2U) << "and the server ends before a process takes it";
    restart();
    ASSERT_EQ(server_->workforce.works.size(), 1U);
    (void)begin();
    pend();
    EXPECT_EQ(server_->workforce.works.size(), 1U) << "it waits";
    restart();
    server_->executions.heartbeat_callback(*response.operations.at(1).callback_id, [](const auto&) {});
    run();
    EXPECT_TRUE(server_->workforce.works.empty()) << "nothing has happened that it would have to see";
}

TEST_F(ExecutionsRestartTest, AChildThatRunsOnIsNotOver) {
    create("child", true);
    publish("child");
    arn_ = start("{}").value().arn;
    wire::OperationUpdate update;
    update.id = "1";
    update.type = OperationType::chained_invoke;
    update.action = OperationAction::start;
    update.function_name = "child:1";
    ASSERT_TRUE(checkpoint(begin(), {update}));
    restart();
    EXPECT_EQ(core::load_execution(*store_->snapshot(), 1)->find("1")->operation.status,
              wire::OperationStatus::started);
}

TEST_F(ExecutionsRestartTest, WhatATenantStartedStaysTheTenants) {
    for (const bool is_durable : {false, true}) {
        functions::Function isolated = function(is_durable ? "durable" : "plain", is_durable);
        isolated.tenant_isolation = true;
        command([&](store::Transaction& rows) {
            rows.apply(functions::create_function(rows, isolated, clock_.now(), "revision")->writes);
        });
        publish(isolated.name);
    }
    arn_ = start("{}").value().arn;
    wire::OperationUpdate plain;
    plain.id = "1";
    plain.type = OperationType::chained_invoke;
    plain.action = OperationAction::start;
    plain.function_name = "plain:1";
    plain.tenant_id = "blue";
    wire::OperationUpdate durable = plain;
    durable.id = "2";
    durable.function_name = "durable:1";
    ASSERT_TRUE(checkpoint(begin(), {plain, durable}));
    const auto expect_blue = [&] {
        ASSERT_EQ(server_->workforce.works.size(), 3U);
        EXPECT_EQ(server_->workforce.works.at(1).tenant_id, "blue");
        EXPECT_EQ(server_->workforce.works.at(2).tenant_id, "blue");
    };
    expect_blue();
    restart();
    expect_blue();
}

// The timers saw the time before the clock was set back, the execution the one after: they forget what they fired.
TEST_F(ExecutionsRestartTest, WhatWasNotDueAfterAllIsWatchedAgain) {
    arn_ = start("{}").value().arn;
    (void)begin();
    std::vector<std::uint64_t> fired;
    const auto look = [&] { server_->timers.fire_due([&](std::uint64_t number) { fired.push_back(number); }); };
    clock_.advance(1h);
    look();
    ASSERT_THAT(fired, ElementsAre(1));
    clock_.set_back(10s);
    server_->executions.fire(1);
    run();
    clock_.advance(10s);
    look();
    EXPECT_THAT(fired, ElementsAre(1, 1));
}

// What does not fit into the first message is fetched in pages.
TEST_F(ExecutionsRestartTest, ALongStateIsHandedOverInPart) {
    arn_ = start("{}").value().arn;
    std::vector<wire::OperationUpdate> steps;
    for (const char* id : {"1", "2", "3", "4", "5", "6"}) {
        wire::OperationUpdate step;
        step.id = id;
        step.action = OperationAction::succeed;
        step.payload = std::string(1024UL * 1024, 'x');
        steps.push_back(std::move(step));
    }
    ASSERT_TRUE(checkpoint(begin(), steps));
    restart();
    EXPECT_EQ(begin_input().next_marker, "4");
}

// Whoever comes too late is answered, and that is all: a history of any size would stay in memory for weeks.
TEST_F(ExecutionsRestartTest, WhoComesTooLateLeavesNothingInMemory) {
    arn_ = start("{}").value().arn;
    const std::string token = begin();
    const auto response =
        wire::read_checkpoint_response(boost::json::parse(checkpoint(token, {callback("1")}).value())).value();
    const std::string callback_id = *response.operations.at(0).callback_id;
    EXPECT_EQ(in_memory(), 1U);
    stop();
    restart();
    ASSERT_EQ(in_memory(), 0U);

    std::string refusal;
    const auto refused = [&](const auto& answer) { refusal = answer ? "accepted" : answer.error().name; };
    Executions& executions = server_->executions;
    executions.succeed_callback(callback_id, "1", refused);
    run();
    EXPECT_EQ(refusal, "CallbackTimeoutException");
    EXPECT_EQ(in_memory(), 0U);
    EXPECT_FALSE(checkpoint(*response.checkpoint_token, {}));
    EXPECT_EQ(in_memory(), 0U);
    executions.state(arn_, *response.checkpoint_token, {}, 10, refused);
    run();
    EXPECT_EQ(refusal, "InvalidParameterValueException");
    EXPECT_EQ(in_memory(), 0U);
    EXPECT_FALSE(start("other input"));
    EXPECT_EQ(in_memory(), 0U);
    stop();
    EXPECT_EQ(in_memory(), 0U);
}

}  // namespace
}  // namespace holdpoint::engine
