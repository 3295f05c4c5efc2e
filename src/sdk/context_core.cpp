#include "sdk/context_core.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;
using wire::OperationStatus;
using wire::OperationType;

namespace {

constexpr std::size_t kNameMax = 256;

std::string described(OperationType type, std::string_view sub_type, std::string_view name) {
    return fmt::format("{} ({}) '{}'", wire::to_string(type), sub_type, name);
}

/// True while the service has to move it on before the handler can.
bool is_open(const wire::Operation& record) {
    if (record.type == OperationType::step) return record.status == OperationStatus::pending;
    return record.status == OperationStatus::started;
}

bool is_finished(const wire::Operation& record) {
    return record.status != OperationStatus::started && record.status != OperationStatus::pending &&
           record.status != OperationStatus::ready;
}

}  // namespace

std::string operation_id(std::string_view path) {
    return holdpoint::to_hex(holdpoint::sha256(path));
}

ContextCore::ContextCore(ExecutionState& execution_state, std::string request_id)
    : state(execution_state),
      logger({}, nullptr),
      fields_({{"executionArn", execution_state.execution_arn()}, {"requestId", std::move(request_id)}}) {
    logger = Logger(fields_, state.replay.flag());
}

ContextCore::ContextCore(const ContextCore& parent, const Claim& claim)
    : state(parent.state), logger({}, nullptr), fields_(parent.fields_), prefix_(claim.path), parent_id_(claim.id) {
    fields_.emplace_back("parentId", claim.id);
    logger = Logger(fields_, state.replay.flag());
}

std::string ContextCore::path_of(int number) const {
    return prefix_.empty() ? std::to_string(number) : fmt::format("{}-{}", prefix_, number);
}

void ContextCore::check_name(std::string_view sub_type, std::string_view name, std::string_view suffix) {
    const auto odd = std::find_if(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; });
    const bool fits = !name.empty() && name.size() + suffix.size() <= kNameMax;
    if (fits && odd == name.end()) return;
    std::string problem = fmt::format("{} '{}': a name has 1 to {} printable ASCII characters, ", sub_type,
                                      holdpoint::is_utf8(name) ? name : std::string_view("?"), kNameMax);
    if (!fits) {
        problem += fmt::format("this one has {}", name.size());
        if (!suffix.empty()) problem += fmt::format(" and gets the suffix '{}'", suffix);
    } else {
        problem += fmt::format("byte {} is 0x{:02X}", odd - name.begin(), static_cast<unsigned char>(*odd));
    }
    state.refuse_use(problem);
}

Claim ContextCore::claim(OperationType type, std::string_view name, std::string_view sub_type) {
    state.check_place(sub_type, name);
    state.throw_if_ended();
    check_name(sub_type, name);
    Claim claim;
    claim.type = type;
    claim.name = name;
    claim.sub_type = sub_type;
    claim.path = path_of(++claimed_);
    claim.id = operation_id(claim.path);
    claim.record = state.find(claim.id);
    check_record(claim);
    state.replay.came_to(claim.id, claim.record);
    return claim;
}

void ContextCore::check_record(const Claim& claim) {
    const std::string found = described(claim.type, claim.sub_type, claim.name);
    if (claim.record == nullptr) {
        if (!state.replay.is_in_closed()) return;
        fail_nondeterministic(fmt::format(
            "The child context that was recorded as finished comes to a new operation, {}, on replay.", found));
    }
    const wire::Operation& record = *claim.record;
    const std::string name = record.name.value_or("");
    const std::string sub_type = record.sub_type.value_or(std::string(claim.sub_type));
    if (record.type != claim.type || name != claim.name || sub_type != claim.sub_type) {
        fail_nondeterministic(
            fmt::format("Operation {} of this context was {} when it was recorded, but the code now comes to {}.",
                        claim.path, described(record.type, sub_type, name), found));
    }
    if (state.replay.is_in_closed() && claim.type != OperationType::callback && !is_finished(record)) {
        fail_nondeterministic(
            fmt::format("The child context that was recorded as finished comes to {}, which is not finished.", found));
    }
}

void ContextCore::fail_nondeterministic(std::string message) {
    message +=
        " A handler must do the same operations in the same order every time; publish changed code as a new version, "
        "so that executions under way keep theirs.";
    state.fail_execution(
        {.type = "NonDeterministicExecutionError", .message = std::move(message), .data = {}, .stack = {}});
}

wire::OperationUpdate ContextCore::update(const Claim& claim, wire::OperationAction action) const {
    wire::OperationUpdate update;
    update.id = claim.id;
    update.parent_id = parent_id_;
    update.name = claim.name;
    update.type = claim.type;
    update.sub_type = std::string(claim.sub_type);
    update.action = action;
    return update;
}

void ContextCore::start(const Claim& claim) {
    state.enqueue(update(claim, wire::OperationAction::start));
}

const wire::Operation& ContextCore::recorded(const std::string& id) {
    const wire::Operation* record = state.find(id);
    if (record != nullptr) return *record;
    state.fail_execution({.type = "CheckpointError",
                          .message = "The service accepted an operation but did not answer its state.",
                          .data = {},
                          .stack = {}});
}

const wire::Operation& ContextCore::settled(const std::string& id) {
    // What is queued goes first: its answer may bring what is waited for.
    if (is_open(recorded(id))) state.flush();
    const wire::Operation& record = recorded(id);
    if (!is_open(record)) {
        state.replay.took(id);
        return record;
    }
    if (state.replay.is_in_closed()) {
        fail_nondeterministic(
            fmt::format("The child context that was recorded as finished waits for {}, which it did not wait for.",
                        described(record.type, record.sub_type.value_or(""), record.name.value_or(""))));
    }
    state.suspend();
}

Logger ContextCore::step_logger(const Claim& claim, int attempt) const {
    Logger::Fields fields = fields_;
    fields.emplace_back("operationId", claim.id);
    fields.emplace_back("operationName", claim.name);
    fields.emplace_back("attempt", std::to_string(attempt));
    return Logger(std::move(fields), nullptr);
}

}  // namespace durable::detail
