// An execution under any order of checkpoints, timers, answers, callbacks and restarts. The bytes choose what happens;
// after each thing the invariants of docs/fuzzing.md are checked, against the state before and against what the journal
// on a memory store folds to.
#include <map>

#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/history.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"
#include "fuzz/fuzz.hpp"
#include "store/store.hpp"

namespace {

using namespace holdpoint;
using namespace holdpoint::core;
using wire::OperationAction;
using wire::OperationType;

Limits small_limits() {
    Limits limits;
    limits.operation_payload_bytes = 64;
    limits.operations = 60;
    limits.execution_bytes = 4096;
    limits.consecutive_failures = 3;
    return limits;
}

Head new_head() {
    Head head;
    head.number = 7;
    head.id = make_execution_id(7, "c0ffee00-1234-4abc-8def-0123456789ab");
    head.name = "n";
    head.function = "f";
    head.version = "1";
    head.arn = execution_arn("us-east-1", "000000000000", "f", "1", "n", head.id);
    head.started_at = from_epoch_ms(1'700'000'000'000);
    head.timeout_seconds = 3600;
    return head;
}

/// Everything about an operation that the journal must give back.
std::string picture(const OperationState& state) {
    const wire::Operation& operation = state.operation;
    const auto at = [](const auto& time) { return time ? std::to_string(to_epoch_ms(*time)) : "-"; };
    return operation.id + "|" + operation.parent_id.value_or("-") + "|" + operation.name.value_or("-") + "|" +
           std::to_string(static_cast<int>(operation.type)) + std::to_string(static_cast<int>(operation.status)) + "|" +
           std::to_string(operation.attempt) + "|" + at(operation.ended_at) + at(operation.next_attempt_at) +
           at(operation.scheduled_end_at) + at(state.timeout_at) + at(state.heartbeat_at) + "|" +
           operation.result.value_or("-") + "|" + operation.callback_id.value_or("-");
}

class World {
public:
    explicit World(std::string_view bytes) : input_(bytes), execution_(new_head()) {
        write(start_writes(execution_.head()));
        journal(decide_start(execution_.head(), R"({"a":1})"));
    }

    void run() {
        while (!input_.empty()) {
            step();
            check();
        }
        check_history();
    }

private:
    void step() {
        switch (input_.pick(10)) {
            case 0:
            case 1:
            case 2:
            case 3:
                return checkpoint();
            case 4:
                now_ += std::chrono::milliseconds(250 << input_.pick(16));
                return due();
            case 5:
                now_ -= std::chrono::seconds(input_.byte());  // clocks jump back, too
                return due();
            case 6:
                return invocation();
            case 7:
                return callback();
            case 8:
                return restart();
            default:
                if (input_.pick(16) == 0) journal(decide_stop(execution_, an_error(), now_));
        }
    }

    void checkpoint() {
        if (!execution_.invocation() || !execution_.is_running()) return;
        due();
        if (!execution_.is_running()) return;
        std::vector<wire::OperationUpdate> updates(input_.pick(4) + 1);
        for (auto& update : updates) update = an_update();
        const auto changes = decide_checkpoint(execution_, updates, now_, "nonce", limits_);
        FUZZ_CHECK(changes || changes.error().http_status == 400, "a refusal is the caller's fault");
        if (!changes) return;
        FUZZ_CHECK(changes->size() == updates.size(), "an update was neither done nor refused");
        journal(*changes);
        for (const auto& update : updates) {
            FUZZ_CHECK(update.type == OperationType::execution || execution_.find(update.id) != nullptr,
                       "an accepted operation is not there");
        }
        if (input_.flag()) (void)execution_.take_unseen();
    }

    wire::OperationUpdate an_update() {
        static constexpr std::array kTypes{OperationType::step,           OperationType::context,
                                           OperationType::wait,           OperationType::callback,
                                           OperationType::chained_invoke, OperationType::execution};
        static constexpr std::array kActions{OperationAction::start, OperationAction::succeed, OperationAction::fail,
                                             OperationAction::retry, OperationAction::cancel};
        wire::OperationUpdate update;
        update.id = std::to_string(input_.pick(8));
        // Ids mostly go with one type, so that many updates are legal.
        const std::uint8_t shape = input_.byte();
        update.type =
            kTypes.at((shape & 0x80) != 0 ? shape % kTypes.size() : static_cast<unsigned>(update.id[0] - '0') % 5U);
        update.action = kActions.at(input_.pick(kActions.size()));
        if ((shape & 1) != 0) update.parent_id = std::to_string(input_.pick(8));
        if ((shape & 2) != 0) update.name = "n" + std::to_string(input_.pick(2));
        if ((shape & 4) != 0) update.payload = std::string(input_.pick(80), 'p');
        if ((shape & 8) != 0) update.error = an_error();
        if ((shape & 16) != 0) update.replay_children = input_.flag();
        const std::int64_t seconds = input_.byte() - 2;
        if (update.action == OperationAction::retry || (shape & 32) != 0) {
            update.has_step_options = true;
            update.next_attempt_delay_seconds = seconds;
        }
        if (update.type == OperationType::wait) update.wait_seconds = seconds;
        if (update.type == OperationType::callback && (shape & 64) != 0) {
            update.callback_timeout_seconds = seconds;
            update.callback_heartbeat_seconds = input_.byte() - 2;
        }
        if (update.type == OperationType::chained_invoke) update.function_name = "g";
        return update;
    }

    static wire::ErrorObject an_error() { return {.message = "m", .type = "T", .data = {}, .stack_trace = {}}; }

    void due() {
        journal(decide_due(execution_, now_));
        FUZZ_CHECK(decide_due(execution_, now_).empty(), "what was due is due again");
        const auto next = execution_.next_due();
        FUZZ_CHECK(!next || *next > now_ || execution_.invocation_retry_at(), "something due was left");
    }

    void invocation() {
        if (!execution_.invocation()) {
            if (!execution_.is_running()) return;
            (void)execution_.begin_invocation("r" + std::to_string(++invocations_), now_);
            return;
        }
        const std::size_t how = input_.pick(5);
        if (how == 4) return journal(decide_invocation_failed(execution_, an_error(), now_, limits_));
        wire::InvocationOutput output;
        output.status = how == 0   ? wire::InvocationStatus::succeeded
                        : how == 1 ? wire::InvocationStatus::failed
                                   : wire::InvocationStatus::pending;
        if (input_.flag()) output.result = "1";
        if (input_.flag()) output.error = an_error();
        journal(decide_invocation_answered(execution_, output, now_, limits_));
    }

    void callback() {
        const OperationState* operation = execution_.find(std::to_string(input_.pick(8)));
        if (operation == nullptr || !operation->operation.callback_id) return;
        const std::string id = *operation->operation.callback_id;
        FUZZ_CHECK(execution_of_callback(id) == 7U, "a callback's id names another execution");
        const std::size_t how = input_.pick(3);
        const auto changes = how == 0   ? decide_callback_success(execution_, id, "\"yes\"", now_, limits_)
                             : how == 1 ? decide_callback_failure(execution_, id, an_error(), now_, limits_)
                                        : decide_callback_heartbeat(execution_, id, now_);
        if (changes) journal(*changes);
    }

    /// What is not on disk is forgotten: the invocation, and what the handler had seen.
    void restart() { execution_ = folded(); }

    [[nodiscard]] Execution folded() const {
        auto loaded = load_execution(*store_->snapshot(), execution_.head().number);
        FUZZ_CHECK(loaded.has_value(), "the execution is not on the store");
        return std::move(*loaded);
    }

    void journal(const std::vector<Change>& changes) {
        if (changes.empty()) return;
        std::vector<RowWrite> writes{{Space::journal,
                                      journal_key(execution_.head().number, execution_.journal_entries()),
                                      encode_changes(changes)}};
        execution_.apply(changes);
        writes.push_back({Space::executions, number_key(execution_.head().number), encode_head(execution_.head())});
        write(writes);
        entries_.push_back(changes);
    }

    void write(const std::vector<RowWrite>& writes) {
        const auto transaction = store_->begin();
        transaction->apply(writes);
        transaction->commit();
    }

    void check() {
        const Execution other = folded();
        FUZZ_CHECK(other.head() == execution_.head(), "the head folds to another");
        FUZZ_CHECK(other.events() == execution_.events() &&
                       other.billed_operations() == execution_.billed_operations() &&
                       other.bytes_written() == execution_.bytes_written() &&
                       other.last_change_at() == execution_.last_change_at() &&
                       other.has_pending_operation() == execution_.has_pending_operation(),
                   "the journal folds to another execution");
        FUZZ_CHECK(other.operations().size() == execution_.operations().size(), "operations were lost or added");
        FUZZ_CHECK(execution_.last_change_at() >= last_change_at_, "time went back");
        last_change_at_ = execution_.last_change_at();
        FUZZ_CHECK(execution_.billed_operations() <= limits_.operations + 8, "the limit of operations is passed");
        for (std::size_t i = 0; i < execution_.operations().size(); ++i) {
            check_operation(execution_.operations()[i], other.operations()[i]);
        }
        if (!execution_.is_running()) {
            const auto [end, fresh] = end_.emplace(0, execution_.head().status);
            FUZZ_CHECK(fresh || end->second == execution_.head().status, "an execution ended twice");
            FUZZ_CHECK(!execution_.next_due(), "something is due in an execution that ended");
        } else {
            FUZZ_CHECK(end_.empty(), "an execution that ended runs again");
        }
    }

    void check_operation(const OperationState& state, const OperationState& other) {
        const wire::Operation& operation = state.operation;
        const std::string now = picture(state);
        FUZZ_CHECK(now == picture(other), "an operation folds to another");
        FUZZ_CHECK(is_terminal(operation.status) == operation.ended_at.has_value(),
                   "an end without a time, or a time without an end");
        if (operation.parent_id) {
            const OperationState* parent = execution_.find(*operation.parent_id);
            FUZZ_CHECK(parent != nullptr && parent->operation.type == OperationType::context, "a parent is no context");
        }
        if (!is_terminal(operation.status)) return;
        const auto [end, fresh] = ended_.emplace(operation.id, now);
        FUZZ_CHECK(fresh || end->second == now, "an operation that ended has changed");
    }

    void check_history() {
        std::uint64_t id = 1;
        for (const auto& entry : entries_) {
            for (const auto& event : render_events(execution_, entry, id, true)) {
                FUZZ_CHECK(event.at("EventId").to_number<std::uint64_t>() == id, "event ids have a gap");
                ++id;
            }
        }
        FUZZ_CHECK(id == execution_.events() + 1, "events were counted that the history does not show");
    }

    fuzz::Input input_;
    const Limits limits_ = small_limits();
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    Execution execution_;
    TimePoint now_ = execution_.head().started_at;
    TimePoint last_change_at_;
    std::vector<std::vector<Change>> entries_;
    std::map<std::string, std::string> ended_;
    std::map<int, wire::ExecutionStatus> end_;
    int invocations_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    World(fuzz::text_of(data, size)).run();
    return 0;
}
