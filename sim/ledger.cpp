#include "sim/ledger.hpp"

#include <fmt/format.h>

namespace holdpoint::sim {

using wire::OperationAction;

void Ledger::attempt_ran(const Attempt& attempt) {
    const auto known = operations_.find(attempt.operation);
    const std::string what =
        fmt::format("step {} of {}, attempt {}", attempt.name, attempt.operation.first, attempt.number);
    if (known != operations_.end() && attempt.is_current) {
        if (known->second.is_closed) broken("a step whose result was acknowledged ran again: " + what);
        if (attempt.number <= known->second.retries) {
            broken("an attempt whose failure was acknowledged ran again: " + what);
        }
    }
    if (attempt.at_most_once && !once_[attempt.operation].insert(attempt.number).second) {
        broken("an at-most-once attempt ran twice: " + what);
    }
}

void Ledger::checkpoint_acknowledged(const std::string& arn, const wire::CheckpointRequest& request) {
    // The same call may be answered twice: the first answer was lost.
    if (request.client_token && !client_tokens_.insert(*request.client_token).second) return;
    for (const wire::OperationUpdate& update : request.updates) {
        if (update.type == wire::OperationType::execution) continue;
        Acknowledged& operation = operations_[{arn, update.id}];
        operation.action = update.action;
        if (update.action == OperationAction::retry) ++operation.retries;
        if (update.action != OperationAction::succeed && update.action != OperationAction::fail) continue;
        operation.is_closed = true;
        operation.payload = update.payload;
    }
}

void Ledger::start_acknowledged(const std::string& name, const std::string& arn) {
    const auto [known, is_new] = starts_.emplace(name, arn);
    if (!is_new && known->second != arn) {
        broken(fmt::format("a name was given to two executions: {} and {}", known->second, arn));
    }
}

void Ledger::callback_acknowledged(const std::string& id, const CallbackOutcome& outcome) {
    const auto [known, is_new] = callbacks_acknowledged_.emplace(id, outcome);
    if (!is_new) broken(fmt::format("a callback has two outcomes: {} and {}", known->second, outcome));
}

void Ledger::code_ran(const std::string& version, const std::string& code) {
    const auto [known, is_new] = code_.emplace(version, code);
    if (!is_new && known->second != code) {
        broken(fmt::format("a published version stays what it was: {} is {}, not {}", version, code, known->second));
    }
}

std::vector<std::string> Ledger::lost_events() const {
    constexpr int kTriesMax = 3;  // the service gives up then
    std::vector<std::string> lost;
    for (const std::string& payload : events_acknowledged_) {
        const auto tries = plain_tries_.find(payload);
        if (!plain_done_.contains(payload) && (tries == plain_tries_.end() || tries->second < kTriesMax)) {
            lost.push_back(payload);
        }
    }
    return lost;
}

std::optional<CallbackOutcome> Ledger::acknowledged_outcome(const std::string& callback_id) const {
    const auto found = callbacks_acknowledged_.find(callback_id);
    return found == callbacks_acknowledged_.end() ? std::nullopt : std::optional(found->second);
}

bool Ledger::was_sent(const std::string& callback_id, const CallbackOutcome& outcome) const {
    const auto found = callbacks_sent_.find(callback_id);
    return found != callbacks_sent_.end() && found->second.contains(outcome);
}

}  // namespace holdpoint::sim
