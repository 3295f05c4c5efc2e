#include "sim/laws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/history.hpp"
#include "core/rows.hpp"
#include "sim/workflows.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::sim {

using core::Execution;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

class Judge {
public:
    Judge(const RowReader& rows, const Ledger& ledger) : rows_(rows), ledger_(ledger), broken_(ledger.broken()) {
        for (const Row& row : rows.scan(Space::executions, {}, {}, SIZE_MAX)) {
            std::string_view key = row.key;
            const auto execution = core::load_execution(rows, *take_key_number(key));
            by_arn_.emplace(execution->head().arn, *execution);
        }
    }

    std::vector<std::string> judge(const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            const auto start = ledger_.starts().find(name);
            require(start != ledger_.starts().end() && by_arn_.contains(start->second),
                    "no execution is lost: " + name);
        }
        for (const auto& [arn, execution] : by_arn_) {
            check_ending(execution);
            check_callbacks(execution);
            check_history(execution);
        }
        check_acknowledged();
        for (const std::string& event : ledger_.lost_events()) {
            require(false, "an acknowledged event is done, or tried three times: " + event);
        }
        for (const Space space : {Space::running, Space::plain_invokes, Space::events}) {
            require(rows_.scan(space, {}, {}, SIZE_MAX).empty(), "nothing is in flight when everything has ended");
        }
        return broken_;
    }

private:
    void require(bool is_so, const std::string& law) {
        if (!is_so) broken_.push_back(law);
    }

    void check_ending(const Execution& execution) {
        const core::Head& head = execution.head();
        const std::string who = fmt::format("{} ({})", head.name, head.function);
        require(!execution.is_running(), "every execution ends: " + who);
        if (head.status == wire::ExecutionStatus::stopped) {
            return require(ledger_.was_stop_sent(head.arn), "only what was to be stopped is stopped: " + who);
        }
        if (is_approval(head.function)) return;  // it has laws of its own
        const Ending expected = ending_of(execution);
        const std::string is = fmt::format("{} {} {}", wire::to_string(head.status), execution.result().value_or(""),
                                           execution.error() ? execution.error()->message.value_or("") : "");
        require(head.status == expected.status && execution.result().value_or("") == expected.result,
                fmt::format("an execution ends as without faults: {}: {}, not {} {}", who, is,
                            wire::to_string(expected.status), expected.result));
    }

    void check_callbacks(const Execution& execution) {
        if (is_approval(execution.head().function)) return;
        for (const core::OperationState& state : execution.operations()) {
            const wire::Operation& operation = state.operation;
            if (operation.type != OperationType::callback) continue;
            const std::string& id = *operation.callback_id;
            std::string outcome;
            if (operation.status == OperationStatus::failed) outcome = "failure";
            if (operation.status == OperationStatus::succeeded) {
                outcome = "success " + boost::json::value_to<std::string>(boost::json::parse(*operation.result));
            }
            const auto acknowledged = ledger_.acknowledged_outcome(id);
            require(!acknowledged || *acknowledged == outcome,
                    fmt::format("a callback's acknowledged outcome stands: {}, not {}", outcome,
                                acknowledged.value_or("")));
            require(outcome.empty() || ledger_.was_sent(id, outcome), "a callback gets what somebody sent: " + outcome);
        }
    }

    void check_history(const Execution& execution) {
        const std::string prefix = core::number_key(execution.head().number);
        core::Head head = execution.head();
        head.status = wire::ExecutionStatus::running;
        head.ended_at.reset();
        Execution folded(std::move(head));
        std::uint64_t id = 0;
        TimePoint last = from_epoch_ms(0);
        std::map<std::string, int> endings;
        for (const Row& row : rows_.scan(Space::journal, prefix, prefix_end(prefix), SIZE_MAX)) {
            const auto entry = core::decode_changes(row.value);
            folded.apply(entry);
            for (const core::Change& change : entry) {
                require(change.at >= last, "times do not go back: " + execution.head().name);
                last = std::max(last, change.at);
                const auto* state = execution.find(change.id);
                const bool is_end =
                    change.kind == core::ChangeKind::succeeded || change.kind == core::ChangeKind::failed ||
                    change.kind == core::ChangeKind::timed_out || change.kind == core::ChangeKind::stopped;
                if (state != nullptr && is_end) ++endings[change.id];
            }
            for (const auto& event : core::render_events(execution, entry, id + 1, true)) {
                require(event.at("EventId").to_number<std::uint64_t>() == ++id,
                        "event ids are consecutive: " + execution.head().name);
            }
        }
        require(id == execution.events(), "the history has every event: " + execution.head().name);
        require(folded.result() == execution.result() && folded.head() == execution.head(),
                "the history folds to what the execution shows: " + execution.head().name);
        for (const auto& [operation, count] : endings) {
            require(count == 1, fmt::format("an operation ends once: {} in {}", operation, execution.head().name));
        }
        for (const core::OperationState& state : execution.operations()) {
            const auto* same = folded.find(state.operation.id);
            require(same != nullptr && same->operation == state.operation,
                    "the history folds to what the operations show: " + execution.head().name);
        }
    }

    void check_acknowledged() {
        for (const auto& [key, acknowledged] : ledger_.operations()) {
            const auto execution = by_arn_.find(key.first);
            const core::OperationState* state =
                execution == by_arn_.end() ? nullptr : execution->second.find(key.second);
            if (state == nullptr) {
                broken_.push_back(
                    fmt::format("an acknowledged checkpoint survives: {} of {} is gone", key.second, key.first));
                continue;
            }
            if (!acknowledged.is_closed) continue;
            const bool failed = acknowledged.action == OperationAction::fail;
            const auto status = failed ? OperationStatus::failed : OperationStatus::succeeded;
            require(state->operation.status == status && (failed || state->operation.result == acknowledged.payload),
                    fmt::format("an acknowledged result survives: {} of {}", state->operation.name.value_or(""),
                                key.first));
        }
    }

    const RowReader& rows_;
    const Ledger& ledger_;
    std::vector<std::string> broken_;
    std::map<std::string, Execution> by_arn_;
};

}  // namespace

std::vector<std::string> broken_laws(const RowReader& rows, const Ledger& ledger,
                                     const std::vector<std::string>& names) {
    return Judge(rows, ledger).judge(names);
}

std::vector<std::uint64_t> running_executions(const RowReader& rows) {
    std::vector<std::uint64_t> running;
    for (const Row& row : rows.scan(Space::executions, {}, {}, SIZE_MAX)) {
        std::string_view key = row.key;
        if (core::decode_head(row.value).status == wire::ExecutionStatus::running)
            running.push_back(*take_key_number(key));
    }
    return running;
}

}  // namespace holdpoint::sim
