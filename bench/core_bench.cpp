// core_bench: what the pure rooms cost by themselves, without sockets and disk.
#include <benchmark/benchmark.h>

#include <stdexcept>

#include "core/checkpoint.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"
#include "sdk/invocation.hpp"
#include "store/store.hpp"
#include "tables/operations.hpp"
#include "testing/local_service.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

const TimePoint kNow = from_epoch_ms(1'800'000'000'000);
constexpr std::string_view kNonce = "a nonce that an engine would draw";

core::Head make_head() {
    core::Head head;
    head.number = 7;
    head.id = core::make_execution_id(7, "c0ffee00-1234-4abc-8def-0123456789ab");
    head.name = "bench";
    head.function = "f";
    head.version = "1";
    head.arn = core::execution_arn("us-east-1", "000000000000", "f", "1", "bench", head.id);
    head.started_at = kNow;
    head.timeout_seconds = 86400;
    return head;
}

/// What the SDK sends for one step: its start and its result.
std::vector<wire::OperationUpdate> step_updates(std::int64_t number) {
    wire::OperationUpdate start;
    start.id = "operation-" + std::to_string(number);
    start.name = "charge";
    start.sub_type = "Step";
    start.type = wire::OperationType::step;
    start.action = wire::OperationAction::start;
    wire::OperationUpdate done = start;
    done.action = wire::OperationAction::succeed;
    done.payload = R"({"receipt":"c0ffee00-1234-4abc-8def-0123456789ab","amount":4200})";
    return {start, done};
}

/// The journal of an execution with so many finished steps, an invocation under way.
std::vector<std::vector<core::Change>> make_journal(core::Execution& execution, std::int64_t steps) {
    std::vector<std::vector<core::Change>> journal = {core::decide_start(execution.head(), R"({"order":1})")};
    execution.apply(journal.back());
    (void)execution.begin_invocation("request", kNow);
    for (std::int64_t i = 0; i < steps; ++i) {
        journal.push_back(core::decide_checkpoint(execution, step_updates(i), kNow, kNonce, {}).value());
        execution.apply(journal.back());
    }
    return journal;
}

/// One checkpoint decided and written as a journal row, on an execution that has `range` operations already.
void decide_checkpoint(benchmark::State& state) {
    core::Execution execution(make_head());
    (void)make_journal(execution, state.range(0));
    const auto updates = step_updates(state.range(0));
    for (auto _ : state) {
        const auto changes = core::decide_checkpoint(execution, updates, kNow, kNonce, {});
        benchmark::DoNotOptimize(core::encode_changes(*changes));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decide_checkpoint)->Arg(1)->Arg(100)->Arg(1000);

/// An execution folded from its journal, as after a restart; items are operations.
void load_execution(benchmark::State& state) {
    const auto store = store::make_memory_store();
    core::Execution execution(make_head());
    const auto journal = make_journal(execution, state.range(0));
    std::vector<RowWrite> writes = core::start_writes(execution.head());
    for (std::size_t i = 0; i < journal.size(); ++i) {
        writes.push_back({Space::journal, core::journal_key(7, i), core::encode_changes(journal[i])});
    }
    const auto transaction = store->begin();
    transaction->apply(writes);
    transaction->commit();
    for (auto _ : state) benchmark::DoNotOptimize(core::load_execution(*transaction, 7));
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(load_execution)->Arg(1000)->Unit(benchmark::kMillisecond);

constexpr const char* kTable = R"({"TableName":"requests","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"status","AttributeType":"S"},
                            {"AttributeName":"created_at","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-status","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"created_at","KeyType":"RANGE"}]}]})";

json::object decision(const char* from, const char* to) {
    return {{"TableName", "requests"},
            {"Key", {{"id", {{"S", "request-500"}}}}},
            {"ConditionExpression", "#status = :from AND created_at < :now"},
            {"UpdateExpression", "SET #status = :to, decided_at = :now"},
            {"ExpressionAttributeNames", {{"#status", "status"}}},
            {"ExpressionAttributeValues",
             {{":from", {{"S", from}}}, {":to", {{"S", to}}}, {":now", {{"S", "2026-11-24T00:00:00.000Z"}}}}}};
}

/// UpdateItem with a condition that holds; it moves the item in a global index, too.
void update_item(benchmark::State& state) {
    const auto store = store::make_memory_store();
    const auto rows = store->begin();
    const auto table =
        tables::create_table(*rows, json::parse(kTable).as_object(), {.region = "us-east-1", .account = "000000000000"},
                             kNow, "00000000-0000-4000-8000-000000000000");
    rows->apply(table.value().writes);
    for (int i = 0; i < 1000; ++i) {
        const json::object item{{"id", {{"S", "request-" + std::to_string(i)}}},
                                {"status", {{"S", "pending"}}},
                                {"created_at", {{"S", "2026-11-23T00:00:00.000Z"}}},
                                {"document_name", {{"S", "Q4 Budget Proposal"}}}};
        rows->apply(tables::put_item(*rows, {{"TableName", "requests"}, {"Item", item}}).value().writes);
    }
    const json::object requests[] = {decision("pending", "approved"), decision("approved", "pending")};
    std::size_t turn = 0;
    for (auto _ : state) {
        const auto change = tables::update_item(*rows, requests[turn++ % 2]);
        if (!change) throw std::runtime_error(change.error().message);
        rows->apply(change->writes);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(update_item);

/// Replay makes no calls.
class NoService final : public durable::detail::DurableService {
    Result<wire::CheckpointResponse> checkpoint(const std::string&, const wire::CheckpointRequest&) override {
        throw std::logic_error("a replay came to something new");
    }
    Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&, const std::string&) override {
        throw std::logic_error("everything was handed over");
    }
};

/// Takes what it is sent, at once: a step's own cost is what is left.
class PromptService final : public durable::detail::DurableService {
    Result<wire::CheckpointResponse> checkpoint(const std::string&, const wire::CheckpointRequest& request) override {
        wire::CheckpointResponse response;
        response.checkpoint_token = "token";
        wire::Operation& operation = response.operations.emplace_back();
        const wire::OperationUpdate& last = request.updates.back();
        operation.id = last.id;
        operation.name = last.name;
        operation.sub_type = last.sub_type;
        operation.status = wire::OperationStatus::succeeded;
        operation.result = last.payload;
        return response;
    }
    Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&, const std::string&) override {
        throw std::logic_error("everything was handed over");
    }
};

int run_steps(durable::Context& context, std::int64_t steps) {
    int sum = 0;
    for (std::int64_t i = 0; i < steps; ++i) sum += context.step("add", [] { return 1; });
    return sum;
}

/// An invocation whose steps are all recorded: the envelope is read, the handler runs to its end; items are steps.
void replay(benchmark::State& state) {
    const std::int64_t steps = state.range(0);
    durable::testing::LocalService runner([&](durable::Context& context, const durable::Json&) {
        const int sum = run_steps(context, steps);
        context.wait("pause", std::chrono::hours(1));
        return sum;
    });
    runner.limits.operations = steps + 10;  // AWS's is 3,000
    runner.start();
    wire::InvocationInput input;
    input.execution_arn = runner.execution().head().arn;
    input.checkpoint_token = "token";
    input.operations = runner.execution().replay_state();
    input.operations.pop_back();  // the wait: this handler ends where it would begin
    const std::string envelope = json::serialize(wire::to_json(input));
    const auto handler = durable::detail::erase_handler(
        [&](durable::Context& context, const durable::Json&) { return run_steps(context, steps); });
    NoService service;
    durable::detail::Hooks hooks({});
    for (auto _ : state) {
        const auto answer = durable::detail::run_invocation(
            handler, envelope, {.service = service, .hooks = hooks, .request_id = "request", .trace_header = {}});
        const auto* output = std::get_if<wire::InvocationOutput>(&answer);
        if (output == nullptr || output->result != std::to_string(steps)) throw std::runtime_error("a wrong result");
    }
    state.SetItemsProcessed(state.iterations() * steps);
}
BENCHMARK(replay)->Arg(10)->Arg(1000)->Arg(10'000);

/// Steps that run, with nothing recorded; items are steps.
void step(benchmark::State& state) {
    constexpr std::int64_t kSteps = 1000;
    wire::InvocationInput input;
    input.execution_arn = make_head().arn;
    input.checkpoint_token = "token";
    const auto handler = durable::detail::erase_handler(
        [](durable::Context& context, const durable::Json&) { return run_steps(context, kSteps); });
    PromptService service;
    durable::detail::Hooks hooks({});
    for (auto _ : state) {
        const auto answer = durable::detail::run_invocation(
            handler, input, {.service = service, .hooks = hooks, .request_id = "request", .trace_header = {}});
        const auto* output = std::get_if<wire::InvocationOutput>(&answer);
        if (output == nullptr || output->result != std::to_string(kSteps)) throw std::runtime_error("a wrong result");
    }
    state.SetItemsProcessed(state.iterations() * kSteps);
}
BENCHMARK(step);

}  // namespace
}  // namespace holdpoint::bench

BENCHMARK_MAIN();
