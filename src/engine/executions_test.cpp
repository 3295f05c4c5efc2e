// Durable executions over a memory store and real processes. The test plays the function: its process only says which
// address it was given, and stays.
#include "engine/executions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/rows.hpp"
#include "engine/invoker.hpp"
#include "engine/test_kit.hpp"
#include "functions/registry.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;
using ::testing::HasSubstr;
using wire::ExecutionStatus;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

constexpr const char* kStays = "echo \"$AWS_LAMBDA_RUNTIME_API.\" >> address; exec sleep 60";

/// Everything of one server that executions need; another one over the same store is the next start.
class World {
public:
    World(SharedClock& clock, store::Store& store, const TestFolder& folder)
        : clock_(clock), folder_(folder), writer_(clock, store), timers_(clock, store) {
        InvokerOptions options;
        options.code_folder = folder.path();
        options.working_folder = folder.path();
        invoker_ = std::make_unique<Invoker>(
            clock, random_, logs_, options, [](const functions::Function&) { return ProcessCredentials{}; },
            [](const std::string&) {});
        executions = std::make_unique<Executions>(random_, writer_, timers_, *invoker_, core::Limits{}, may_send_all,
                                                  "us-east-1", "000000000000");
        folder.write("address", "");
        timers_.run([this](std::uint64_t number) { executions->fire(number); }, [] {});
    }
    ~World() {
        timers_.stop();
        invoker_->stop();
        writer_.stop();
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void command(std::function<void(store::Transaction&)> change) {
        Box<bool> done;
        writer_.submit([&](store::Transaction& rows, TimePoint) -> AfterCommit {
            change(rows);
            return [&] { done.put(true); };
        });
        ASSERT_TRUE(done.take());
    }

    Result<Started> start(StartRequest request, std::function<void(Outcome)> on_end = {}) {
        Box<Result<Started>> answered;
        executions->start(
            std::move(request), [&](Result<Started> started) { answered.put(std::move(started)); }, std::move(on_end));
        return answered.take().value_or(fail("NoAnswer", 500, "no answer"));
    }
    Result<std::string> checkpoint(const std::string& arn, const wire::CheckpointRequest& request) {
        Box<Result<std::string>> answered;
        executions->checkpoint(arn, request, {}, [&](Result<std::string> answer) { answered.put(std::move(answer)); });
        return answered.take().value_or(fail("NoAnswer", 500, "no answer"));
    }
    Result<TimePoint> stop(const std::string& arn) {
        Box<Result<TimePoint>> answered;
        executions->stop(arn, {.message = "enough", .type = {}, .data = {}, .stack_trace = {}},
                         [&](Result<TimePoint> ended) { answered.put(ended); });
        return answered.take().value_or(fail("NoAnswer", 500, "no answer"));
    }
    Result<std::monostate> succeed_callback(const std::string& id, const std::string& result) {
        Box<Result<std::monostate>> answered;
        executions->succeed_callback(id, result, [&](Result<std::monostate> answer) { answered.put(answer); });
        return answered.take().value_or(fail("NoAnswer", 500, "no answer"));
    }

    /// The function's next invocation; its process asks for it as soon as it is there.
    std::optional<NextInvocation> next() {
        const auto invocations = std::make_shared<Box<NextInvocation>>();
        std::string asked;
        const auto ask = [&] {
            const std::string process = last_process();
            if (process.empty() || process == asked) return;
            if (invoker_->next(process,
                               [invocations](const NextInvocation& invocation) { invocations->put(invocation); })) {
                asked = process;
            }
        };
        const bool there = eventually([&] {
            ask();
            return invocations->size() > 0;
        });
        return there ? invocations->take() : std::nullopt;
    }
    bool answer(const NextInvocation& invocation, const std::string& body) {
        return invoker_->answer(last_process(), invocation.request_id, body);
    }
    bool fail_invocation(const NextInvocation& invocation) {
        return invoker_->fail(last_process(), invocation.request_id,
                              {.message = "boom", .type = "Error", .data = {}, .stack_trace = {}});
    }
    void advance(Milliseconds by) {
        clock_.advance(by);
        timers_.note(from_epoch_ms(0));
    }

    std::unique_ptr<Executions> executions;

private:
    std::string last_process() const {
        std::string text = folder_.read("address");
        text.resize(text.rfind('.') == std::string::npos ? 0 : text.rfind('.'));
        return text.substr(text.rfind('/') + 1);
    }

    SharedClock& clock_;
    const TestFolder& folder_;
    SystemRandom random_;
    MemoryLogs logs_;
    Writer writer_;
    Timers timers_;
    std::unique_ptr<Invoker> invoker_;
};

class ExecutionsTest : public ::testing::Test {
protected:
    ExecutionsTest() {
        function_.name = "f";
        function_.executable = "f";
        function_.code_sha256 = "script";
        function_.timeout_seconds = 900;
        function_.log_group = "/aws/lambda/f";
        function_.durable = functions::DurableConfig{.execution_timeout_seconds = 3600, .retention_days = 1};
        (void)folder_.script("script", kStays);
        world_ = std::make_unique<World>(clock_, *store_, folder_);
        world_->command([this](store::Transaction& rows) {
            rows.apply(functions::create_function(rows, function_, clock_.now(), "revision")->writes);
        });
    }

    /// As after `kill -9`: nothing of the old server's memory is left.
    void restart() {
        world_.reset();
        world_ = std::make_unique<World>(clock_, *store_, folder_);
        world_->executions->recover();
    }

    StartRequest request(const std::string& name, const std::string& input = "{}") const {
        return {.function = function_, .name = name, .input = input, .trace_header = {}};
    }
    std::string start(const std::string& name) {
        const auto started = world_->start(request(name), [this](const Outcome& outcome) { ended_.put(outcome); });
        return started ? started->arn : started.error().message;
    }
    /// When something rests until a time.
    void advance_to_the_next_timer() {
        const auto rows = store_->snapshot()->scan(Space::timers, {}, {}, 1);
        const auto timer = rows.empty() ? std::nullopt : core::read_timer_key(rows.front().key);
        if (timer && timer->first > clock_.now()) world_->advance(timer->first - clock_.now());
    }
    static wire::InvocationInput input_of(const NextInvocation& invocation) {
        return wire::read_invocation_input(boost::json::parse(invocation.payload)).value();
    }
    static wire::OperationUpdate update(const std::string& id, OperationType type, OperationAction action) {
        wire::OperationUpdate made;
        made.id = id;
        made.type = type;
        made.action = action;
        return made;
    }
    static wire::OperationUpdate callback_update(std::optional<std::int64_t> timeout = {}) {
        auto made = update("1", OperationType::callback, OperationAction::start);
        made.has_callback_options = timeout.has_value();
        made.callback_timeout_seconds = timeout;
        return made;
    }
    static wire::CheckpointResponse response_of(const Result<std::string>& answer) {
        return wire::read_checkpoint_response(boost::json::parse(answer.value())).value();
    }

    TestFolder folder_;
    SharedClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    functions::Function function_;
    Box<Outcome> ended_;
    std::unique_ptr<World> world_;
    const std::string pending_ = R"({"Status":"PENDING"})";
};

TEST_F(ExecutionsTest, RunsToItsResult) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(input_of(*invocation).execution_arn, arn);
    ASSERT_TRUE(world_->answer(*invocation, R"({"Status":"SUCCEEDED","Result":"42"})"));
    const auto outcome = ended_.take();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, ExecutionStatus::succeeded);
    EXPECT_EQ(outcome->result, "42");
}

TEST_F(ExecutionsTest, ANameStartsOneExecutionOnly) {
    const std::string arn = start("a");
    const auto again = world_->start(request("a"));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->arn, arn);
    EXPECT_TRUE(again->existing);
    const auto other_input = world_->start(request("a", "{\"x\":1}"));
    ASSERT_FALSE(other_input);
    EXPECT_EQ(other_input.error().name, "DurableExecutionAlreadyStartedException");
    EXPECT_EQ(other_input.error().http_status, 409);
    const auto invocation = world_->next();
    ASSERT_TRUE(world_->answer(*invocation, R"({"Status":"SUCCEEDED"})"));
    ASSERT_TRUE(ended_.take());
    const auto after = world_->start(request("a"), [this](const Outcome& outcome) { ended_.put(outcome); });
    EXPECT_EQ(after->arn, arn);
    EXPECT_EQ(ended_.take()->status, ExecutionStatus::succeeded) << "who comes late hears the same";
}

TEST_F(ExecutionsTest, ARepeatedCheckpointIsAnsweredByteForByteAndAStaleOneRefused) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    wire::CheckpointRequest first{.checkpoint_token = input_of(*invocation).checkpoint_token,
                                  .updates = {callback_update()},
                                  .client_token = "client-1"};
    const auto answer = world_->checkpoint(arn, first);
    ASSERT_TRUE(answer);
    const auto repeated = world_->checkpoint(arn, first);
    ASSERT_TRUE(repeated);
    EXPECT_EQ(*answer, *repeated);
    first.client_token = "client-2";
    const auto stale = world_->checkpoint(arn, first);
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().name, "InvalidParameterValueException");
    EXPECT_THAT(stale.error().message, HasSubstr("Invalid checkpoint token"));
    EXPECT_FALSE(world_->checkpoint(arn + "x", first));
    EXPECT_TRUE(world_->checkpoint(
        arn, {.checkpoint_token = *response_of(answer).checkpoint_token, .updates = {}, .client_token = {}}));
}

TEST_F(ExecutionsTest, ACallbackWakesItWithItsResult) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    const auto answer = world_->checkpoint(arn, {.checkpoint_token = input_of(*invocation).checkpoint_token,
                                                 .updates = {callback_update()},
                                                 .client_token = {}});
    ASSERT_TRUE(answer);
    const std::string id = *response_of(answer).operations.at(0).callback_id;
    ASSERT_TRUE(world_->answer(*invocation, pending_));
    restart();  // days later
    EXPECT_EQ(world_->succeed_callback("AAAA", "").error().name, "InvalidParameterValueException");
    ASSERT_TRUE(world_->succeed_callback(id, "\"approved\""));
    EXPECT_EQ(world_->succeed_callback(id, "\"again\"").error().name, "CallbackTimeoutException");
    const auto woken = world_->next();
    ASSERT_TRUE(woken);
    const auto input = input_of(*woken);
    EXPECT_EQ(input.operations.at(1).status, OperationStatus::succeeded);
    EXPECT_EQ(input.operations.at(1).result, "\"approved\"");
    EXPECT_EQ(input.updated_operation_ids, std::vector<std::string>{"1"});
}

TEST_F(ExecutionsTest, OnlyOneInvocationIsUnderWayAtATime) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    const auto answer = world_->checkpoint(arn, {.checkpoint_token = input_of(*invocation).checkpoint_token,
                                                 .updates = {callback_update()},
                                                 .client_token = {}});
    ASSERT_TRUE(answer);
    ASSERT_TRUE(world_->succeed_callback(*response_of(answer).operations.at(0).callback_id, "1"));
    ASSERT_TRUE(world_->answer(*invocation, pending_)) << "nothing is pending any more, but it has not heard of that";
    const auto again = world_->next();
    ASSERT_TRUE(again);
    EXPECT_EQ(input_of(*again).operations.at(1).result, "1");
    ASSERT_TRUE(world_->answer(*again, R"({"Status":"SUCCEEDED"})"));
    EXPECT_EQ(ended_.take()->status, ExecutionStatus::succeeded);
    const std::string processes = folder_.read("address");
    EXPECT_EQ(std::count(processes.begin(), processes.end(), '\n'), 1) << "a second one would need its own process";
}

TEST_F(ExecutionsTest, WhatACheckpointToldNeedsNoInvocation) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    auto second = callback_update();
    second.id = "2";
    const auto answer = world_->checkpoint(arn, {.checkpoint_token = input_of(*invocation).checkpoint_token,
                                                 .updates = {callback_update(), second},
                                                 .client_token = {}});
    ASSERT_TRUE(answer);
    const auto response = response_of(answer);
    ASSERT_TRUE(world_->succeed_callback(*response.operations.at(0).callback_id, "1"));
    const auto news =
        world_->checkpoint(arn, {.checkpoint_token = *response.checkpoint_token, .updates = {}, .client_token = {}});
    ASSERT_TRUE(news);
    ASSERT_EQ(response_of(news).operations.size(), 1U);
    EXPECT_EQ(response_of(news).operations.at(0).result, "1");
    ASSERT_TRUE(world_->answer(*invocation, pending_));
    ASSERT_TRUE(world_->succeed_callback(*response.operations.at(1).callback_id, "2"));
    const auto again = world_->next();
    ASSERT_TRUE(again);
    EXPECT_EQ(input_of(*again).operations.at(2).result, "2") << "it came for nothing";
}

// The timers' own thread has not looked yet.
TEST_F(ExecutionsTest, AnEmptyCheckpointShowsWhatIsDueByNow) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    auto wait = update("1", OperationType::wait, OperationAction::start);
    wait.wait_seconds = 60;
    const auto answer = world_->checkpoint(
        arn, {.checkpoint_token = input_of(*invocation).checkpoint_token, .updates = {wait}, .client_token = {}});
    ASSERT_TRUE(answer);
    clock_.advance(60s);
    const auto news = world_->checkpoint(
        arn, {.checkpoint_token = *response_of(answer).checkpoint_token, .updates = {}, .client_token = {}});
    ASSERT_TRUE(news);
    ASSERT_EQ(response_of(news).operations.size(), 1U);
    EXPECT_EQ(response_of(news).operations.at(0).status, OperationStatus::succeeded);
}

// SDKs whose branches run side by side: one is told that the wait is over when another has decided to wait.
TEST_F(ExecutionsTest, WhoWaitsForWhatIsOverIsInvokedAgain) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    const auto answer = world_->checkpoint(arn, {.checkpoint_token = input_of(*invocation).checkpoint_token,
                                                 .updates = {callback_update()},
                                                 .client_token = {}});
    ASSERT_TRUE(answer);
    const auto response = response_of(answer);
    ASSERT_TRUE(world_->succeed_callback(*response.operations.at(0).callback_id, "1"));
    ASSERT_TRUE(
        world_->checkpoint(arn, {.checkpoint_token = *response.checkpoint_token, .updates = {}, .client_token = {}}));
    ASSERT_TRUE(world_->answer(*invocation, pending_));
    const auto again = world_->next();
    ASSERT_TRUE(again);
    EXPECT_EQ(input_of(*again).operations.at(1).result, "1");
}

TEST_F(ExecutionsTest, ACheckpointThatClosesGivesNoTokenAndIsNotRepeated) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    auto close = update("e", OperationType::execution, OperationAction::succeed);
    close.payload = "42";
    const wire::CheckpointRequest request{
        .checkpoint_token = input_of(*invocation).checkpoint_token, .updates = {close}, .client_token = "client-1"};
    const auto answer = world_->checkpoint(arn, request);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(response_of(answer).checkpoint_token);
    EXPECT_EQ(ended_.take()->result, "42");
    EXPECT_THAT(world_->checkpoint(arn, request).error().message, HasSubstr("Invalid checkpoint token"));
}

TEST_F(ExecutionsTest, TimersWakeItAndEndIt) {
    const std::string arn = start("a");
    auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    auto wait = update("1", OperationType::wait, OperationAction::start);
    wait.wait_seconds = 60;
    ASSERT_TRUE(world_->checkpoint(
        arn, {.checkpoint_token = input_of(*invocation).checkpoint_token, .updates = {wait}, .client_token = {}}));
    ASSERT_TRUE(world_->answer(*invocation, pending_));
    ASSERT_TRUE(eventually([&] { return !store_->snapshot()->scan(Space::timers, {}, {}, 1).empty(); }));
    world_->advance(59s);
    EXPECT_FALSE(store_->snapshot()->scan(Space::timers, {}, {}, 1).empty());
    world_->advance(1s);
    invocation = world_->next();
    ASSERT_TRUE(invocation);
    EXPECT_EQ(input_of(*invocation).operations.at(1).status, OperationStatus::succeeded);
    world_->advance(1h);  // the whole execution's time is over while its handler is still at work
    const auto outcome = ended_.take();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, ExecutionStatus::timed_out);
}

TEST_F(ExecutionsTest, WhatWasInFlightIsInvokedAgainByTheNextServer) {
    const std::string arn = start("a");
    const auto lost = world_->next();
    ASSERT_TRUE(lost);
    const auto token = input_of(*lost).checkpoint_token;
    ASSERT_TRUE(
        world_->checkpoint(arn, {.checkpoint_token = token, .updates = {callback_update()}, .client_token = {}}));
    restart();
    EXPECT_FALSE(world_->checkpoint(arn, {.checkpoint_token = token, .updates = {}, .client_token = {}}));
    const auto again = world_->next();
    ASSERT_TRUE(again);
    EXPECT_NE(again->request_id, lost->request_id);
    EXPECT_EQ(input_of(*again).operations.size(), 2U) << "what it had checkpointed is there";
    const auto waiting = world_->start(request("a"), [this](const Outcome& outcome) { ended_.put(outcome); });
    EXPECT_TRUE(waiting->existing);
    ASSERT_TRUE(world_->answer(*again, R"({"Status":"SUCCEEDED","Result":"1"})"));
    EXPECT_EQ(ended_.take()->result, "1");
    EXPECT_TRUE(store_->snapshot()->scan(Space::running, {}, {}, 1).empty());
}

TEST_F(ExecutionsTest, StopEndsItAndAnswersTheSameAgain) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    const auto ended = world_->stop(arn);
    ASSERT_TRUE(ended);
    const auto outcome = ended_.take();
    EXPECT_EQ(outcome->status, ExecutionStatus::stopped);
    EXPECT_EQ(outcome->error->message, "enough");
    clock_.advance(5s);
    EXPECT_EQ(*world_->stop(arn), *ended);
    EXPECT_FALSE(world_->checkpoint(
        arn, {.checkpoint_token = input_of(*invocation).checkpoint_token, .updates = {}, .client_token = {}}));
    EXPECT_TRUE(world_->answer(*invocation, R"({"Status":"SUCCEEDED"})")) << "too late, but not wrong";
    EXPECT_EQ(world_->stop("arn:aws:lambda:x").error().name, "ResourceNotFoundException");
    ASSERT_TRUE(eventually([&] { return !store_->snapshot()->scan(Space::timers, {}, {}, 1).empty(); }));
    world_->advance(25h);
    EXPECT_TRUE(eventually([&] { return store_->snapshot()->scan(Space::executions, {}, {}, 1).empty(); }))
        << "it is forgotten when its retention is over";
    for (const Space space : {Space::executions_by_function, Space::journal, Space::execution_names, Space::timers,
                              Space::running, Space::events, Space::plain_invokes}) {
        EXPECT_TRUE(store_->snapshot()->scan(space, {}, {}, 1).empty()) << "space " << static_cast<int>(space);
    }
}

TEST_F(ExecutionsTest, AFailedInvocationIsTriedAgainAfterAPause) {
    (void)start("a");
    const auto failed = world_->next();
    ASSERT_TRUE(failed);
    ASSERT_TRUE(world_->fail_invocation(*failed));
    ASSERT_TRUE(eventually([&] { return !store_->snapshot()->scan(Space::timers, {}, {}, 1).empty(); }));
    world_->advance(1s);
    const auto again = world_->next();
    ASSERT_TRUE(again);
    ASSERT_TRUE(world_->answer(*again, R"({"Status":"SUCCEEDED"})"));
    EXPECT_EQ(ended_.take()->status, ExecutionStatus::succeeded);
}

// Its executable cannot even begin: the execution must end, after as many starts as there are tries.
TEST_F(ExecutionsTest, AnExecutableThatCannotStartFailsItInTheEnd) {
    (void)folder_.script("script", "echo start >> starts; exit 3");
    (void)start("a");
    ASSERT_TRUE(eventually([&] {
        advance_to_the_next_timer();
        return ended_.size() > 0;
    }));
    const auto outcome = ended_.take();
    EXPECT_EQ(outcome->status, ExecutionStatus::failed);
    EXPECT_EQ(outcome->error->type, "Runtime.ExitError");
    const std::string starts = folder_.read("starts");
    EXPECT_EQ(std::count(starts.begin(), starts.end(), '\n'), 9);
}

TEST_F(ExecutionsTest, AFunctionThatIsDeletedFailsIt) {
    const std::string arn = start("a");
    const auto invocation = world_->next();
    ASSERT_TRUE(invocation);
    world_->command([](store::Transaction& rows) {
        rows.apply(*functions::delete_function(rows, {.name = "f", .qualifier = {}, .account = {}, .region = {}}));
    });
    restart();
    (void)world_->start(request("a"), [this](const Outcome& outcome) { ended_.put(outcome); });
    ASSERT_TRUE(eventually([&] {
        advance_to_the_next_timer();
        return ended_.size() > 0;
    }));
    const auto outcome = ended_.take();
    EXPECT_EQ(outcome->status, ExecutionStatus::failed);
    EXPECT_EQ(outcome->error->type, "ResourceNotFoundException");
}

TEST_F(ExecutionsTest, AnAnswerThatIsNoneFailsIt) {
    int made = 0;
    for (const char* body : {"", "x", "[]", R"({"Status":"DONE"})", R"({"Status":1})", R"({"Status":"PENDING"})"}) {
        (void)start("e" + std::to_string(++made));
        const auto invocation = world_->next();
        ASSERT_TRUE(invocation) << body;
        ASSERT_TRUE(world_->answer(*invocation, body));
        const auto outcome = ended_.take();
        ASSERT_TRUE(outcome) << body;
        EXPECT_EQ(outcome->status, ExecutionStatus::failed) << body;
        EXPECT_EQ(outcome->error->type, "InvalidParameterValueException") << body;
    }
}

}  // namespace
}  // namespace holdpoint::engine
