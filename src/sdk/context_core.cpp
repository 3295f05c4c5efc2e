#include "sdk/context_core.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;

namespace {

std::string_view kind(wire::OperationType type) {
    return wire::to_string(type);
}

std::string described(std::string_view type, std::string_view sub_type, std::string_view name) {
    return fmt::format("{} ({}) '{}'", type, sub_type, name);
}

}  // namespace

std::string operation_id(std::string_view path) {
    return holdpoint::to_hex(holdpoint::sha256(path));
}

ContextCore::ContextCore(ExecutionState& execution_state, std::string request_id)
    : state(execution_state),
      logger({}, nullptr),
      fields_({{"executionArn", execution_state.execution_arn()}, {"requestId", std::move(request_id)}}),
      silent_(std::make_shared<bool>(false)) {
    refresh_silence();
    logger = Logger(fields_, silent_);
}

ContextCore::ContextCore(const ContextCore& parent, const Claim& claim, bool is_closed)
    : state(parent.state),
      logger({}, nullptr),
      fields_(parent.fields_),
      silent_(std::make_shared<bool>(false)),
      prefix_(claim.path),
      parent_id_(claim.id),
      is_closed_(is_closed) {
    fields_.emplace_back("parentId", claim.id);
    refresh_silence();
    logger = Logger(fields_, silent_);
}

std::string ContextCore::path_of(int number) const {
    return prefix_.empty() ? std::to_string(number) : fmt::format("{}-{}", prefix_, number);
}

bool ContextCore::is_replaying() const {
    return is_closed_ || state.find(operation_id(path_of(claimed_ + 1))) != nullptr;
}

Claim ContextCore::claim(wire::OperationType type, std::string_view name, std::string_view sub_type) {
    state.check_place(sub_type, name);
    state.throw_if_ended();
    Claim claim;
    claim.type = type;
    claim.name = name;
    claim.sub_type = sub_type;
    claim.path = path_of(++claimed_);
    claim.id = operation_id(claim.path);
    claim.record = state.find(claim.id);
    refresh_silence();
    if (claim.record == nullptr) {
        if (!is_closed_) return claim;
        state.fail_execution({.type = "NonDeterministicExecutionError",
                              .message = fmt::format("The child context that was recorded as finished comes to a new "
                                                     "operation, {}, on replay. A handler must do the same operations "
                                                     "in the same order every time.",
                                                     described(kind(type), sub_type, name)),
                              .data = {},
                              .stack = {}});
    }
    const wire::Operation& record = *claim.record;
    const std::string recorded_name = record.name.value_or("");
    const std::string recorded_sub_type = record.sub_type.value_or(std::string(sub_type));
    if (record.type == type && recorded_name == name && recorded_sub_type == sub_type) return claim;
    state.fail_execution({.type = "NonDeterministicExecutionError",
                          .message = fmt::format(
                              "Operation {} of this context was {} when it was recorded, but the code now comes to {}. "
                              "A handler must do the same operations in the same order every time; publish changed "
                              "code as a new version, so that executions under way keep theirs.",
                              claim.path, described(kind(record.type), recorded_sub_type, recorded_name),
                              described(kind(type), sub_type, name)),
                          .data = {},
                          .stack = {}});
}

wire::OperationUpdate ContextCore::update(const Claim& claim, wire::OperationAction action) const {
    wire::OperationUpdate update;
    update.id = claim.id;
    update.parent_id = parent_id_;
    if (!claim.name.empty()) update.name = claim.name;
    update.type = claim.type;
    update.sub_type = std::string(claim.sub_type);
    update.action = action;
    return update;
}

Logger ContextCore::step_logger(const Claim& claim, int attempt) const {
    Logger::Fields fields = fields_;
    fields.emplace_back("operationId", claim.id);
    fields.emplace_back("operationName", claim.name);
    fields.emplace_back("attempt", std::to_string(attempt));
    return Logger(std::move(fields), nullptr);
}

Text run_step_body(ContextCore& core, const Claim& claim, int attempt, const std::function<Text(StepContext&)>& body) {
    struct Mark {
        ExecutionState& state;
        ~Mark() { state.running_step.clear(); }
    } mark{core.state};
    core.state.running_step = claim.name.empty() ? std::string("unnamed") : claim.name;
    StepContext context(attempt, core.step_logger(claim, attempt));
    return body(context);
}

}  // namespace durable::detail
