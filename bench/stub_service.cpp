#include "bench/stub_service.hpp"

#include "core/checkpoint.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"
#include "engine/state_page.hpp"
#include "sdk/context_core.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::bench {

namespace json = boost::json;

StubService::StubService(std::uint16_t port)
    : server_(net::ServerOptions{.port = port}, [this](const net::Request& request, net::Respond respond) {
          const auto now = Stopwatch::now();
          const std::lock_guard lock(mutex_);
          if (!request.path().ends_with("/invocation/next")) return respond(answer(request));
          asked_at_ = now;
          open_.push_back(std::move(respond));
          asked_.notify_all();
      }) {}

StubService::~StubService() {
    server_.stop(std::chrono::milliseconds(0));
    open_.clear();  // while the server that they answer through is still there
}

Stopwatch::time_point StubService::wait_for_next() {
    std::unique_lock lock(mutex_);
    asked_.wait_for(lock, std::chrono::seconds(10), [this] { return asked_at_.has_value(); });
    if (!failure_.empty()) throw std::runtime_error("the invocation failed: " + failure_);
    if (!asked_at_) throw std::runtime_error("the process did not ask for work");
    return *std::exchange(asked_at_, std::nullopt);
}

namespace {

/// AWS's, but for the number of operations: benchmarks do more.
const core::Limits& limits() {
    static const core::Limits limits = [] {
        core::Limits raised;
        raised.operations = 1'000'000'000;
        return raised;
    }();
    return limits;
}

std::vector<wire::OperationUpdate> finished_step(std::int64_t number) {
    wire::OperationUpdate start;
    start.id = durable::detail::operation_id(std::to_string(number));
    start.name = "step";
    start.sub_type = "Step";
    start.type = wire::OperationType::step;
    start.action = wire::OperationAction::start;
    wire::OperationUpdate done = start;
    done.action = wire::OperationAction::succeed;
    done.payload = "1";
    return {start, done};
}

}  // namespace

std::string StubService::last_answer() const {
    const std::lock_guard lock(mutex_);
    return answer_;
}

void StubService::invoke(std::string event, std::int64_t finished_steps) {
    const std::lock_guard lock(mutex_);
    core::Head head;
    head.number = 1;
    head.id = core::make_execution_id(1, random_.uuid());
    head.name = "bench";
    head.function = "bench";
    head.version = "1";
    head.arn = core::execution_arn("us-east-1", "000000000000", head.function, head.version, head.name, head.id);
    head.started_at = clock_.now();
    head.timeout_seconds = 3600;
    execution_.emplace(head);
    journal(core::decide_start(head, std::move(event)));

    for (std::int64_t i = 1; i <= finished_steps; ++i) {
        journal(core::decide_checkpoint(*execution_, finished_step(i), clock_.now(), "nonce", limits()).value());
    }

    wire::InvocationInput input;
    input.execution_arn = head.arn;
    input.updated_operation_ids = execution_->begin_invocation(random_.uuid(), clock_.now());
    input.checkpoint_token = core::checkpoint_token(head, *execution_->invocation());
    engine::StatePage page = engine::page_of(*execution_, {}, SIZE_MAX, limits().envelope_bytes);
    input.operations = std::move(page.operations);
    input.next_marker = std::move(page.next_marker);
    const std::string deadline = std::to_string(to_epoch_ms(clock_.now() + std::chrono::minutes(1)));
    const net::Respond respond = std::move(open_.back());
    open_.pop_back();
    respond({.status = 200,
             .headers = {{"Lambda-Runtime-Aws-Request-Id", execution_->invocation()->request_id},
                         {"Lambda-Runtime-Deadline-Ms", deadline}},
             .body = json::serialize(wire::to_json(input))});
}

void StubService::reset() {
    const std::lock_guard lock(mutex_);
    asked_at_.reset();
    failure_.clear();
    open_.clear();
    execution_.reset();
}

net::Response StubService::answer(const net::Request& request) {
    if (request.path().ends_with("/checkpoint")) return checkpoint(request.body);
    if (request.path().ends_with("/state")) return state(request);
    const bool failed = request.path().ends_with("/error") || request.body.find("\"FAILED\"") != std::string::npos;
    if (failed) failure_ = request.body;
    answer_ = request.body;
    return {.status = 202, .headers = {}, .body = "{}"};
}

net::Response StubService::checkpoint(const std::string& body) {
    const auto request = wire::read_checkpoint_request(json::parse(body));
    auto changes = core::decide_checkpoint(*execution_, request.value().updates, clock_.now(), "nonce", limits());
    journal(changes.value());
    wire::CheckpointResponse response;
    response.operations = execution_->take_unseen();
    ++execution_->invocation()->sequence;
    response.checkpoint_token = core::checkpoint_token(execution_->head(), *execution_->invocation());
    return {.status = 200, .headers = {}, .body = json::serialize(wire::to_json(response))};
}

net::Response StubService::state(const net::Request& request) const {
    std::string marker;
    for (auto& [name, value] : request.query()) {
        if (name == "Marker") marker = std::move(value);
    }
    engine::StatePage page = engine::page_of(*execution_, marker, 1000, limits().envelope_bytes);
    wire::CheckpointResponse response;
    response.operations = std::move(page.operations);
    response.next_marker = std::move(page.next_marker);
    return {.status = 200, .headers = {}, .body = json::serialize(wire::to_json(response).at("NewExecutionState"))};
}

void StubService::journal(const std::vector<core::Change>& changes) {
    execution_->apply(changes);
}

}  // namespace holdpoint::bench
