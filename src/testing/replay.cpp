#include <fmt/format.h>

#include <boost/json.hpp>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "durable/testing.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/invocation.hpp"
#include "testing/history.hpp"
#include "wire/durable_json.hpp"

namespace durable::testing {

namespace json = boost::json;
namespace wire = holdpoint::wire;
using holdpoint::Result;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

std::string described(OperationType type, const std::optional<std::string>& sub_type,
                      const std::optional<std::string>& name) {
    return fmt::format("{} ({}) '{}'", wire::to_string(type), sub_type.value_or("?"), name.value_or(""));
}

bool is_same_text(const std::optional<std::string>& one, const std::optional<std::string>& other) {
    if (one.value_or("") == other.value_or("")) return true;
    boost::system::error_code problem;
    const json::value left = json::parse(one.value_or("null"), problem);
    if (problem) return false;
    const json::value right = json::parse(other.value_or("null"), problem);
    return !problem && left == right;
}

std::string shown(const std::optional<std::string>& text) {
    constexpr std::size_t kShown = 200;
    if (!text) return "nothing";
    return text->size() <= kShown ? *text : fmt::format("{}…", std::string_view(*text).substr(0, kShown));
}

std::string shown(const std::optional<wire::ErrorObject>& error) {
    if (!error) return "no error";
    return fmt::format("{}: {}", error->type.value_or(""), error->message.value_or(""));
}

/// The service as it would answer if the history were all that will ever happen.
class Replay final : private detail::DurableService, private detail::Rehearsal {
public:
    explicit Replay(History history) : history_(std::move(history)) {
        std::unordered_set<std::string> has_children;
        for (const auto& operation : history_.operations) {
            if (operation.parent_id) has_children.insert(*operation.parent_id);
        }
        operations_ = history_.operations;
        for (wire::Operation& operation : operations_) {
            // A context's body runs again and its end is compared; one without operations is a combinator's decision,
            // which hangs on times that are gone.
            if (operation.type != OperationType::context || !has_children.contains(operation.id)) continue;
            operation.status = OperationStatus::started;
            operation.ended_at.reset();
            operation.result.reset();
            operation.error.reset();
        }
    }

    ReplayReport run(const detail::DurableHandler& handler) {
        wire::InvocationInput input;
        input.execution_arn =
            "arn:aws:lambda:us-east-1:000000000000:function:replay:1/durable-execution/replay/" + history_.execution_id;
        input.checkpoint_token = "token";
        wire::Operation& execution = input.operations.emplace_back();
        execution.id = history_.execution_id;
        execution.type = OperationType::execution;
        execution.started_at = history_.started_at;
        execution.input = history_.input;
        input.operations.insert(input.operations.end(), operations_.begin(), operations_.end());
        detail::Hooks hooks({});
        const auto answer = detail::run_invocation(
            handler, std::move(input),
            {.service = *this, .hooks = hooks, .request_id = "replay", .trace_header = {}, .rehearsal = this});
        compare_answer(answer);
        tell_unreached();
        return std::move(report_);
    }

private:
    [[nodiscard]] bool is_over() const { return history_.status != wire::ExecutionStatus::running; }
    [[nodiscard]] const wire::Operation* recorded(const std::string& id) const {
        const auto at = history_.index.find(id);
        return at == history_.index.end() ? nullptr : &history_.operations[at->second];
    }

    [[nodiscard]] bool is_in_what_ended(const wire::Operation& operation) const {
        const wire::Operation* context = operation.parent_id ? recorded(*operation.parent_id) : nullptr;
        return context != nullptr && (context->ended_at.has_value() || is_in_what_ended(*context));
    }

    void came_to(const std::string& id) override {
        const std::lock_guard lock(mutex_);
        reached_.insert(id);
    }

    Result<wire::CheckpointResponse> checkpoint(const std::string&, const wire::CheckpointRequest& request) override {
        const std::lock_guard lock(mutex_);
        wire::CheckpointResponse response;
        response.checkpoint_token = "token";
        for (const wire::OperationUpdate& update : request.updates) {
            if (update.type == OperationType::execution) {
                compare_end("the execution", update.payload, update.error, history_.result, history_.error);
            } else {
                response.operations.push_back(take(update));
            }
        }
        return response;
    }
    Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&, const std::string&) override {
        return wire::CheckpointResponse{};
    }
    std::optional<std::chrono::milliseconds> pause_before_poll(std::optional<holdpoint::TimePoint>, bool,
                                                               int) const override {
        return std::nullopt;
    }

    wire::Operation take(const wire::OperationUpdate& update) {
        const wire::Operation* record = recorded(update.id);
        if (record == nullptr && update.action == OperationAction::start) tell_new(update);
        wire::Operation operation;
        if (record != nullptr) operation = *record;
        operation.id = update.id;
        operation.type = update.type;
        operation.name = update.name;
        operation.sub_type = update.sub_type;
        operation.parent_id = update.parent_id;
        operation.status = OperationStatus::started;
        if (update.type == OperationType::callback) operation.callback_id = "callback of a replay";
        if (update.action == OperationAction::retry) operation.status = OperationStatus::pending;
        if (update.action == OperationAction::fail) operation.status = OperationStatus::failed;
        if (update.action == OperationAction::succeed) operation.status = OperationStatus::succeeded;
        if (update.action == OperationAction::start) return operation;
        if (record != nullptr && record->ended_at && update.action != OperationAction::retry) {
            compare_end(described(record->type, record->sub_type, record->name),
                        update.replay_children.value_or(false) ? record->result : update.payload, update.error,
                        record->result, record->error);
        }
        operation.result = update.payload;
        operation.error = update.error;
        operation.replay_children = update.replay_children.value_or(false);
        return operation;
    }

    void tell_new(const wire::OperationUpdate& update) {
        const std::string what = described(update.type, update.sub_type, update.name);
        const wire::Operation* context = update.parent_id ? recorded(*update.parent_id) : nullptr;
        if (update.parent_id && context == nullptr) return;  // of one that was told
        if (context != nullptr && context->ended_at) {
            report_.differences.push_back(fmt::format("the code comes to {}, which the history does not have in {}",
                                                      what,
                                                      described(context->type, context->sub_type, context->name)));
        } else if (is_over()) {
            report_.differences.push_back(fmt::format(
                "the code comes to {}, which the history of the execution, that is over, does not have", what));
        } else {
            report_.next.push_back(what);
        }
    }

    void compare_end(const std::string& what, const std::optional<std::string>& result,
                     const std::optional<wire::ErrorObject>& error, const std::optional<std::string>& recorded_result,
                     const std::optional<wire::ErrorObject>& recorded_error) {
        if (error.has_value() != recorded_error.has_value()) {
            report_.differences.push_back(
                fmt::format("{} now ends with {}; in the history it ended with {}", what,
                            error ? shown(error) : "the result " + shown(result),
                            recorded_error ? shown(recorded_error) : "the result " + shown(recorded_result)));
        } else if (error && (error->type != recorded_error->type || error->message != recorded_error->message)) {
            report_.differences.push_back(fmt::format("{} now fails with {}; in the history it failed with {}", what,
                                                      shown(error), shown(recorded_error)));
        } else if (!error && !is_same_text(result, recorded_result)) {
            report_.differences.push_back(fmt::format("the result of {} is now {}; in the history it was {}", what,
                                                      shown(result), shown(recorded_result)));
        }
    }

    void compare_answer(const detail::InvocationAnswer& answer) {
        if (const auto* failure = std::get_if<detail::InvocationFailure>(&answer)) {
            report_.differences.push_back(fmt::format("{}: {}", failure->error.type, failure->error.message));
            return;
        }
        const auto& output = std::get<wire::InvocationOutput>(answer);
        if (output.error && output.error->type == "NonDeterministicExecutionError") {
            report_.differences.push_back(output.error->message.value_or(""));
            return;
        }
        const bool has_ended = output.status != wire::InvocationStatus::pending;
        was_held_up_ = !has_ended && !report_.differences.empty();
        const bool had_ended =
            history_.status == wire::ExecutionStatus::succeeded || history_.status == wire::ExecutionStatus::failed;
        if (has_ended && had_ended) {
            if (output.result != "")
                compare_end("the execution", output.result, output.error, history_.result, history_.error);
        } else if (has_ended && !is_over()) {
            report_.next.emplace_back(output.error ? "the execution fails with " + shown(output.error)
                                                   : "the execution ends with " + shown(output.result));
        } else if (!has_ended && had_ended && report_.differences.empty()) {
            report_.differences.emplace_back("the code waits where the history ends");
        }
    }

    /// Operations that nothing came to although something came to the context that they are in.
    void tell_unreached() {
        if (was_held_up_) return;
        for (const wire::Operation& operation : history_.operations) {
            if (reached_.contains(operation.id)) continue;
            const wire::Operation* context = operation.parent_id ? recorded(*operation.parent_id) : nullptr;
            if (context != nullptr && !reached_.contains(context->id)) continue;
            // A batch was over before this one: in another run it may not even have begun.
            if (!operation.ended_at && is_in_what_ended(operation)) continue;
            report_.differences.push_back(fmt::format("the code does not come to {}, which the history has",
                                                      described(operation.type, operation.sub_type, operation.name)));
        }
    }

    History history_;
    std::vector<wire::Operation> operations_;
    std::mutex mutex_;
    std::unordered_set<std::string> reached_;
    ReplayReport report_;
    bool was_held_up_ = true;  // by a difference: what comes after it says nothing
};

}  // namespace

}  // namespace durable::testing

namespace durable::detail {

testing::ReplayReport replay(const DurableHandler& handler, std::string_view history_json) {
    return testing::Replay(testing::read_history(history_json)).run(handler);
}

}  // namespace durable::detail
