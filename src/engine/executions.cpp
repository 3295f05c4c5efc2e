#include "engine/executions.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "core/callbacks.hpp"
#include "core/checkpoint.hpp"
#include "core/lifecycle.hpp"
#include "core/rows.hpp"
#include "core/sizes.hpp"
#include "engine/chained_invokes.hpp"
#include "engine/dead_letters.hpp"
#include "engine/execution_cache.hpp"
#include "engine/state_page.hpp"
#include "functions/registry.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::engine {

namespace {

using core::Change;
using core::Execution;

constexpr std::string_view kNumberRow = "next_execution_number";

}  // namespace

class Executions::Impl final : private InvokeHost {
public:
    Impl(Random& random, Writer& writer, Timers& timers, Workforce& workforce, core::Limits limits, MaySend may_send,
         std::string region, std::string account)
        : random_(random),
          writer_(writer),
          timers_(timers),
          workforce_(workforce),
          limits_(limits),
          may_send_(std::move(may_send)),
          region_(std::move(region)),
          account_(std::move(account)),
          invokes_(*this, workforce, region_, account_) {}

    void start(StartRequest request, Answer<Started> answer, std::function<void(Outcome)> on_end) {
        submit([this, request = std::move(request), answer = std::move(answer), on_end = std::move(on_end)](
                   store::Transaction& rows, TimePoint now) mutable {
            return decide_start(rows, now, std::move(request), std::move(answer), std::move(on_end));
        });
    }

    void checkpoint(std::string arn, wire::CheckpointRequest request, RefusedInvokes refused,
                    Answer<std::string> answer) {
        submit([this, arn = std::move(arn), request = std::move(request), refused = std::move(refused),
                answer = std::move(answer)](store::Transaction& rows, TimePoint now) mutable {
            Effects effects;
            auto result = decide_checkpoint(rows, now, arn, request, refused, effects);
            effects.emplace_back(
                [answer = std::move(answer), result = std::move(result)]() mutable { answer(std::move(result)); });
            return run_all(std::move(effects));
        });
    }

    void state(std::string arn, std::string token, std::string marker, std::size_t items_max,
               Answer<StatePage> answer) {
        submit([this, arn = std::move(arn), token = std::move(token), marker = std::move(marker), items_max,
                answer = std::move(answer)](store::Transaction& rows, TimePoint) -> AfterCommit {
            Result<StatePage> page = read_state(rows, arn, token, marker, items_max);
            return [answer, page = std::move(page)]() mutable { answer(std::move(page)); };
        });
    }

    using DecideCallback = std::function<Result<std::vector<Change>>(const Execution&, TimePoint)>;

    /// A callback operation: find its execution, decide, journal, go on.
    void callback(const std::string& callback_id, DecideCallback decide, Answer<std::monostate> answer) {
        submit([this, callback_id, decide = std::move(decide), answer = std::move(answer)](
                   store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            Effects effects;
            Result<std::monostate> result = std::monostate{};
            const auto number = core::execution_of_callback(callback_id);
            CachedExecution* entry = number ? cache_.find(rows, *number) : nullptr;
            if (!number) {
                result = std::unexpected(number.error());
            } else if (entry == nullptr) {
                result = fail("InvalidParameterValueException", 400, "Invalid callback id");
            } else if (auto changes = decide(entry->execution, now); !changes) {
                result = std::unexpected(changes.error());
            } else {
                cache_.journal(rows, *entry, *changes);
                settle(rows, *entry, now, effects);
            }
            effects.emplace_back([answer = std::move(answer), result] { answer(result); });
            return run_all(std::move(effects));
        });
    }

    void stop(std::string arn, wire::ErrorObject error, Answer<TimePoint> answer) {
        submit([this, arn = std::move(arn), error = std::move(error), answer = std::move(answer)](
                   store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            Effects effects;
            CachedExecution* entry = cache_.find(rows, arn);
            if (entry == nullptr) return [answer] { answer(std::unexpected(core::no_such_execution())); };
            cache_.journal(rows, *entry, core::decide_stop(entry->execution, std::move(error), now));
            const TimePoint ended = *entry->execution.head().ended_at;
            settle(rows, *entry, now, effects);
            effects.emplace_back([answer = std::move(answer), ended] { answer(ended); });
            return run_all(std::move(effects));
        });
    }

    void erase(std::string arn, Answer<TimePoint> answer) {
        submit([this, arn = std::move(arn), answer = std::move(answer)](auto& rows, TimePoint now) {
            return [answer, erased = cache_.erase(rows, arn, now)] { answer(erased); };
        });
    }

    void fire(std::uint64_t number) {
        submit([this, number](store::Transaction& rows, TimePoint now) -> AfterCommit {
            if (cache_.forget(rows, number, now)) return {};
            CachedExecution* entry = cache_.find(rows, number);
            if (entry == nullptr) return {};
            entry->watched.reset();  // perhaps that fired
            Effects effects;
            cache_.journal(rows, *entry, core::decide_due(entry->execution, now));
            settle(rows, *entry, now, effects);
            return run_all(std::move(effects));
        });
    }

    void recover() {
        submit([this](store::Transaction& rows, TimePoint now) {
            Effects effects;
            for (const Row& row : rows.scan(Space::running, {}, {}, SIZE_MAX)) {
                std::string_view key = row.key;
                const auto number = take_key_number(key);
                CachedExecution* entry = number ? cache_.find(rows, *number) : nullptr;
                if (entry == nullptr) continue;
                entry->must_invoke = entry->execution.is_running();
                ChainedInvokes::find_ended(rows, *entry, now);
                settle(rows, *entry, now, effects);
            }
            invokes_.recover(rows, effects);
            return run_all(std::move(effects));
        });
    }

    [[nodiscard]] const core::Limits& limits() const { return limits_; }
    [[nodiscard]] const ExecutionMeters& meters() const { return cache_.meters; }

private:
    /// Every command goes this way: what it found does not stay in memory for nothing.
    void submit(Command command) {
        writer_.submit([this, command = std::move(command)](store::Transaction& rows, TimePoint now) mutable {
            AfterCommit after = command(rows, now);
            cache_.end_command();
            return after;
        });
    }

    void end_invoke(std::uint64_t number, std::string operation, core::InvokeOutcome outcome) override {
        submit([this, number, operation = std::move(operation), outcome = std::move(outcome)](store::Transaction& rows,
                                                                                              TimePoint now) mutable {
            Effects effects;
            end_invoke(rows, number, operation, std::move(outcome), now, effects);
            return run_all(std::move(effects));
        });
    }

    // Everything below runs on the writer's thread.

    /// Brings everything else in line with what the execution is now: its rows, its place in the queue, its waiters.
    void settle(store::Transaction& rows, CachedExecution& entry, TimePoint now, Effects& effects) {
        Execution& execution = entry.execution;
        const std::uint64_t number = execution.head().number;
        const auto tell_at = ChainedInvokes::tell(rows, entry, now, false, limits_);
        bool in_flight = execution.invocation().has_value() || entry.queued;
        if (execution.is_running() && !in_flight && needs_invocation(entry, now)) {
            entry.must_invoke = false;
            in_flight = enqueue(rows, entry, now, effects);
        }
        std::optional<TimePoint> timer;
        if (!in_flight) timer = execution.is_running() ? execution.next_due() : retention_end(execution.head());
        const auto watched = in_flight ? earlier(execution.next_due(), tell_at) : std::nullopt;
        if (std::exchange(entry.watched, watched) != watched) {
            effects.emplace_back([this, watched, number] { timers_.watch(watched, number); });
        }
        if (const auto noted = cache_.write_place(rows, entry, in_flight, timer)) {
            effects.emplace_back([this, due = *noted] { timers_.note(due); });
        }
        if (!execution.is_running()) {
            for (auto& waiter : std::exchange(entry.waiters, {}))
                effects.emplace_back(std::bind_front(std::move(waiter), outcome_of(execution)));
        }
        // Once: who tells whenever it is looked at has its caller tell the next one, to the end of the chain.
        if (std::exchange(entry.has_just_ended, false)) {
            tell_parent(rows, execution, now, effects);
            send_dead_letter(rows, execution, may_send_, region_, account_, now, random_.bytes(32));
        }
    }

    /// Who invoked this execution learns how it ended, in the same transaction.
    void tell_parent(store::Transaction& rows, const Execution& child, TimePoint now, Effects& effects) {
        const core::Head& head = child.head();
        if (!head.parent) return;
        end_invoke(rows, head.parent->execution, head.parent->id, core::outcome_of_child(child), now, effects);
    }

    void end_invoke(store::Transaction& rows, std::uint64_t number, const std::string& operation,
                    core::InvokeOutcome outcome, TimePoint now, Effects& effects) {
        CachedExecution* entry = cache_.find(rows, number);
        if (entry == nullptr) return;
        ChainedInvokes::end(*entry, operation, std::move(outcome), now);
        settle(rows, *entry, now, effects);
    }

    core::Head start_child(store::Transaction& rows, TimePoint now, StartRequest request,
                           core::ParentOperation parent) override {
        request.name = random_.uuid();
        core::Head head = make_head(rows, now, request, to_hex(sha256(request.input.value_or(""))));
        head.parent = std::move(parent);
        rows.apply(core::start_writes(head));
        cache_.journal(rows, cache_.add(head), core::decide_start(head, std::move(request.input)));
        return head;
    }

    const Execution* find_execution(store::Transaction& rows, std::uint64_t number) override {
        const CachedExecution* entry = cache_.find(rows, number);
        return entry == nullptr ? nullptr : &entry->execution;
    }

    static bool needs_invocation(const CachedExecution& entry, TimePoint now) {
        const auto retry = entry.execution.invocation_retry_at();
        if (retry) return *retry <= now;  // what else happened is seen by that try
        return entry.must_invoke || !entry.execution.was_invoked() || entry.execution.has_unseen_change();
    }

    /// False when the function is gone: that counts as a failed invocation.
    bool enqueue(store::Transaction& rows, CachedExecution& entry, TimePoint now, Effects& effects) {
        const core::Head& head = entry.execution.head();
        functions::Reference reference;
        reference.name = head.function;
        reference.qualifier = head.version;
        auto function = functions::resolve(rows, reference, region_, account_);
        if (!function) {
            (void)entry.execution.begin_invocation(random_.uuid(), now);
            cache_.journal(
                rows, entry,
                core::decide_invocation_failed(
                    entry.execution,
                    {.message = function.error().message, .type = function.error().name, .data = {}, .stack_trace = {}},
                    now, limits_));
            return false;
        }
        entry.queued = true;
        Work work;
        work.function = std::move(*function);
        work.invoked_arn = functions::function_arn(region_, account_, head.function, head.version);
        work.trace_header = head.trace_header;
        work.tenant_id = head.tenant_id;
        const auto request_id = std::make_shared<std::string>();
        work.begin = [this, number = head.number, request_id](std::string id, auto proceed) {
            *request_id = id;
            begin(number, std::move(id), std::move(proceed));
        };
        work.done = [this, number = head.number, request_id](InvocationResult result) {
            finish(number, *request_id, std::move(result));
        };
        effects.emplace_back([this, work = std::move(work)]() mutable { workforce_.invoke(std::move(work)); });
        return true;
    }

    void begin(std::uint64_t number, std::string request_id, std::function<void(std::optional<std::string>)> proceed) {
        submit([this, number, request_id = std::move(request_id), proceed = std::move(proceed)](
                   store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            Effects effects;
            std::optional<std::string> payload;
            CachedExecution* entry = cache_.find(rows, number);
            if (entry != nullptr && entry->execution.invocation() &&
                entry->execution.invocation()->request_id == request_id) {
                payload = "";  // its process ended before it got the work; `done` says so next
            } else if (entry != nullptr) {
                entry->queued = false;
                cache_.journal(rows, *entry, core::decide_due(entry->execution, now));
                if (entry->execution.is_running()) payload = envelope(entry->execution, std::move(request_id), now);
                settle(rows, *entry, now, effects);
            }
            effects.emplace_back([proceed = std::move(proceed), payload = std::move(payload)]() mutable {
                proceed(std::move(payload));
            });
            return run_all(std::move(effects));
        });
    }

    std::string envelope(Execution& execution, std::string request_id, TimePoint now) {
        wire::InvocationInput input;
        input.execution_arn = execution.head().arn;
        input.updated_operation_ids = execution.begin_invocation(std::move(request_id), now);
        input.checkpoint_token = core::checkpoint_token(execution.head(), *execution.invocation());
        StatePage page = page_of(execution, {}, SIZE_MAX, limits_.envelope_bytes);
        input.operations = std::move(page.operations);
        input.next_marker = std::move(page.next_marker);
        return boost::json::serialize(wire::to_json(input));
    }

    void finish(std::uint64_t number, std::string request_id, InvocationResult result) {
        submit([this, number, request_id = std::move(request_id), result = std::move(result)](
                   store::Transaction& rows, TimePoint now) mutable -> AfterCommit {
            CachedExecution* entry = cache_.find(rows, number);
            if (entry == nullptr) return {};
            Execution& execution = entry->execution;
            if (!execution.invocation() || execution.invocation()->request_id != request_id) return {};
            Effects effects;
            cache_.journal(rows, *entry, core::decide_due(execution, now));
            if (result.error) {
                cache_.journal(rows, *entry,
                               core::decide_invocation_failed(execution, std::move(*result.error), now, limits_));
            } else {
                cache_.journal(rows, *entry,
                               core::decide_invocation_answered(execution, read_output(result.body), now, limits_));
                if (!execution.has_pending_operation()) entry->must_invoke = true;  // nothing else would wake it
            }
            settle(rows, *entry, now, effects);
            return run_all(std::move(effects));
        });
    }

    static Result<wire::InvocationOutput> read_output(const std::string& body) {
        if (auto output = wire::parse_invocation_output(body)) return output;
        return fail("InvalidParameterValueException", 400, "Invalid Status in invocation output.");
    }

    Result<std::string> decide_checkpoint(store::Transaction& rows, TimePoint now, const std::string& arn,
                                          const wire::CheckpointRequest& request, const RefusedInvokes& refused,
                                          Effects& effects) {
        CachedExecution* const found = cache_.find(rows, arn);
        if (found == nullptr) return fail("InvalidParameterValueException", 400, "Invalid checkpoint token");
        CachedExecution& entry = *found;
        Execution& execution = entry.execution;
        const auto& invocation = execution.invocation();
        if (invocation && request.client_token && !invocation->last_client_token.empty() &&
            invocation->last_client_token == *request.client_token &&
            invocation->last_token == request.checkpoint_token) {
            return invocation->last_answer;
        }
        if (auto ok = core::check_token(execution, request.checkpoint_token); !ok) return std::unexpected(ok.error());
        cache_.journal(rows, entry, core::decide_due(execution, now));
        if (!execution.is_running()) {
            settle(rows, entry, now, effects);
            return fail("InvalidParameterValueException", 400, "Invalid checkpoint token");
        }
        (void)ChainedInvokes::tell(rows, entry, now, true, limits_);
        auto changes = core::decide_checkpoint(execution, request.updates, now, random_.bytes(32), limits_);
        if (!changes) {
            settle(rows, entry, now, effects);
            return std::unexpected(changes.error());
        }
        const auto children = invokes_.start(rows, now, execution.head(), refused, *changes, effects);
        cache_.journal(rows, entry, *changes);
        std::string answer = core::accept_checkpoint(execution, request);
        cache_.meters.checkpoints.add();
        for (const std::uint64_t child : children) settle(rows, *cache_.find(rows, child), now, effects);
        settle(rows, entry, now, effects);
        return answer;
    }

    Result<StatePage> read_state(store::Transaction& rows, const std::string& arn, const std::string& token,
                                 const std::string& marker, std::size_t items_max) {
        const CachedExecution* const entry = cache_.find(rows, arn);
        if (entry == nullptr) return fail("InvalidParameterValueException", 400, "Invalid checkpoint token");
        const Execution& execution = entry->execution;
        if (auto ok = core::check_token(execution, token); !ok) return std::unexpected(ok.error());
        if (!marker.empty() && marker != execution.head().id && execution.find(marker) == nullptr) {
            return fail("InvalidParameterValueException", 400, "Invalid Marker.");
        }
        return page_of(execution, marker, items_max, limits_.envelope_bytes);
    }

    AfterCommit decide_start(store::Transaction& rows, TimePoint now, StartRequest request, Answer<Started> answer,
                             std::function<void(Outcome)> on_end) {
        Effects effects;
        const std::string digest = to_hex(sha256(request.input.value_or("")));
        if (request.name.empty()) request.name = random_.uuid();
        const std::string name_key = core::name_key(request.function.name, request.name);
        if (const auto known = rows.get(Space::execution_names, name_key)) {
            CachedExecution* entry = cache_.find(rows, std::stoull(*known));
            HOLDPOINT_ASSERT(entry != nullptr, "a name refers to an execution that is there");
            const core::Head& head = entry->execution.head();
            if (head.input_digest != digest || head.version != request.function.version ||
                head.tenant_id != request.tenant_id) {
                return [answer, arn = head.arn] {
                    answer(fail("DurableExecutionAlreadyStartedException", 409, "Execution already started: " + arn));
                };
            }
            effects.emplace_back([answer, arn = head.arn] { answer(Started{.arn = arn, .existing = true}); });
            if (on_end) entry->waiters.push_back(std::move(on_end));
            settle(rows, *entry, now, effects);
            return run_all(std::move(effects));
        }
        const core::Head head = make_head(rows, now, request, digest);
        rows.apply(core::start_writes(head));
        CachedExecution& entry = cache_.add(head);
        cache_.journal(rows, entry, core::decide_start(head, std::move(request.input)));
        if (on_end) entry.waiters.push_back(std::move(on_end));
        effects.emplace_back([answer = std::move(answer), arn = head.arn] { answer(Started{.arn = arn}); });
        settle(rows, entry, now, effects);
        return run_all(std::move(effects));
    }

    core::Head make_head(store::Transaction& rows, TimePoint now, const StartRequest& request,
                         const std::string& digest) {
        const auto last = rows.get(Space::meta, kNumberRow);
        core::Head head;
        head.number = last ? std::stoull(*last) + 1 : 1;
        rows.apply({{Space::meta, std::string(kNumberRow), std::to_string(head.number)}});
        head.id = core::make_execution_id(head.number, random_.uuid());
        head.name = request.name;
        head.function = request.function.name;
        head.version = request.function.version;
        head.arn = core::execution_arn(region_, account_, head.function, head.version, head.name, head.id);
        head.started_at = now;
        head.timeout_seconds = request.function.durable->execution_timeout_seconds;
        head.retention_days = request.function.durable->retention_days;
        head.synchronous = request.synchronous;
        head.input_digest = digest;
        head.trace_header = request.trace_header;
        head.tenant_id = request.tenant_id;
        return head;
    }

    Random& random_;
    Writer& writer_;
    Timers& timers_;
    Workforce& workforce_;
    core::Limits limits_;
    MaySend may_send_;
    std::string region_;
    std::string account_;
    ExecutionCache cache_;
    ChainedInvokes invokes_;
};

Executions::Executions(Random& random, Writer& writer, Timers& timers, Workforce& workforce, core::Limits limits,
                       MaySend may_send, std::string region, std::string account)
    : impl_(std::make_unique<Impl>(random, writer, timers, workforce, limits, std::move(may_send), std::move(region),
                                   std::move(account))) {}
Executions::~Executions() = default;

void Executions::start(StartRequest request, Answer<Started> answer, std::function<void(Outcome)> on_end) {
    impl_->start(std::move(request), std::move(answer), std::move(on_end));
}
void Executions::checkpoint(std::string arn, wire::CheckpointRequest request, RefusedInvokes refused,
                            Answer<std::string> answer) {
    if (auto ok = core::validate(request); !ok) return answer(std::unexpected(ok.error()));
    impl_->checkpoint(std::move(arn), std::move(request), std::move(refused), std::move(answer));
}
void Executions::state(std::string arn, std::string token, std::string marker, std::size_t items_max,
                       Answer<StatePage> answer) {
    impl_->state(std::move(arn), std::move(token), std::move(marker), items_max, std::move(answer));
}
void Executions::succeed_callback(const std::string& callback_id, std::string result, Answer<std::monostate> answer) {
    const auto decide = [this, callback_id, result = std::move(result)](const Execution& execution, TimePoint now) {
        return core::decide_callback_success(execution, callback_id, result, now, impl_->limits());
    };
    impl_->callback(callback_id, decide, std::move(answer));
}
void Executions::fail_callback(const std::string& callback_id, wire::ErrorObject error, Answer<std::monostate> answer) {
    const auto decide = [this, callback_id, error = std::move(error)](const Execution& execution, TimePoint now) {
        return core::decide_callback_failure(execution, callback_id, error, now, impl_->limits());
    };
    impl_->callback(callback_id, decide, std::move(answer));
}
void Executions::heartbeat_callback(const std::string& callback_id, Answer<std::monostate> answer) {
    const auto decide = [callback_id](const Execution& execution, TimePoint now) {
        return core::decide_callback_heartbeat(execution, callback_id, now);
    };
    impl_->callback(callback_id, decide, std::move(answer));
}
void Executions::stop(std::string arn, wire::ErrorObject error, Answer<TimePoint> answer) {
    if (auto ok = core::check_error(error, impl_->limits()); !ok) return answer(std::unexpected(ok.error()));
    impl_->stop(std::move(arn), std::move(error), std::move(answer));
}
void Executions::erase(std::string arn, Answer<TimePoint> answer) {
    impl_->erase(std::move(arn), std::move(answer));
}
void Executions::fire(std::uint64_t number) {
    impl_->fire(number);
}
const ExecutionMeters& Executions::meters() const {
    return impl_->meters();
}
void Executions::recover() {
    impl_->recover();
}

}  // namespace holdpoint::engine
