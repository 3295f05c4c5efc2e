#include "engine/chained_invokes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/encoding.hpp"
#include "core/rows.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {

using core::Change;

namespace {

constexpr std::chrono::seconds kKeptBack{1};

std::string plain_key(std::uint64_t number, std::string_view operation) {
    std::string key = core::number_key(number);
    append_key_part(key, operation);
    return key;
}

/// Which version of a routed alias an operation invokes: spread evenly over operations, and after a restart the same.
double chance_of(std::uint64_t number, std::string_view operation) {
    const std::string digest = sha256(plain_key(number, operation));
    return static_cast<unsigned char>(digest.front()) / 256.0;
}

}  // namespace

AfterCommit run_all(Effects effects) {
    return [effects = std::move(effects)]() mutable {
        for (auto& effect : effects) effect();
    };
}

std::vector<std::uint64_t> ChainedInvokes::start(store::Transaction& rows, TimePoint now, const core::Head& caller,
                                                 const RefusedInvokes& refused, std::vector<Change>& changes,
                                                 Effects& effects) {
    std::vector<std::uint64_t> children;
    std::vector<Change> failed;
    for (Change& change : changes) {
        if (change.kind != core::ChangeKind::started || change.function.empty()) continue;
        const auto refusal = refused.find(change.id);
        const auto child =
            refusal == refused.end() ? start_one(rows, now, caller, change, effects) : std::unexpected(refusal->second);
        if (!child) {
            failed.push_back(core::refused_invoke(change.id, child.error(), change.at));
        } else if (*child) {
            children.push_back(**child);
        }
    }
    std::ranges::move(failed, std::back_inserter(changes));
    return children;
}

Result<std::optional<std::uint64_t>> ChainedInvokes::start_one(store::Transaction& rows, TimePoint now,
                                                               const core::Head& caller, Change& change,
                                                               Effects& effects) {
    const auto reference = functions::read_reference(change.function);
    if (!reference) return std::unexpected(reference.error());
    auto function = functions::choose(rows, *reference, region_, account_, chance_of(caller.number, change.id));
    if (!function) return std::unexpected(function.error());
    if (auto ok = functions::check_tenant(*function, change.tenant_id); !ok) return std::unexpected(ok.error());
    change.version = function->version;
    if (!function->durable) {
        rows.apply({{Space::plain_invokes, plain_key(caller.number, change.id), std::string()}});
        invoke_plain(caller, std::move(*function), change, effects);
        return std::optional<std::uint64_t>();
    }
    if (reference->qualifier.empty()) {
        return fail("InvalidParameterValueException", 400,
                    "You cannot invoke a durable function using an unqualified ARN.");
    }
    StartRequest request;
    request.function = std::move(*function);
    request.input = change.payload;
    request.trace_header = change.trace_header.empty() ? caller.trace_header : change.trace_header;
    request.tenant_id = change.tenant_id;
    const core::Head child =
        host_.start_child(rows, now, std::move(request), {.execution = caller.number, .id = change.id});
    change.invoked_arn = child.arn;
    return std::optional(child.number);
}

void ChainedInvokes::invoke_plain(const core::Head& caller, functions::Function function, const Change& change,
                                  Effects& effects) {
    Work work;
    work.invoked_arn = functions::function_arn(region_, account_, function.name, function.version);
    work.function = std::move(function);
    work.trace_header = change.trace_header.empty() ? caller.trace_header : change.trace_header;
    work.tenant_id = change.tenant_id;
    work.begin = [payload = change.payload.value_or("{}")](const std::string&, const auto& proceed) {
        proceed(payload);
    };
    work.done = [this, number = caller.number, operation = change.id](InvocationResult result) {
        core::InvokeOutcome outcome{.result = {}, .error = std::move(result.error)};
        outcome.status = outcome.error ? wire::ExecutionStatus::failed : wire::ExecutionStatus::succeeded;
        if (!outcome.error) outcome.result = std::move(result.body);
        host_.end_invoke(number, operation, std::move(outcome));
    };
    effects.emplace_back([this, work = std::move(work)]() mutable { workforce_.invoke(std::move(work)); });
}

void ChainedInvokes::end(CachedExecution& caller, std::string operation, core::InvokeOutcome outcome, TimePoint now) {
    if (caller.ended_invokes.empty()) caller.end_invokes_at = now + kKeptBack;
    caller.ended_invokes.push_back({.operation = std::move(operation), .outcome = std::move(outcome)});
}

std::optional<TimePoint> ChainedInvokes::tell(store::Transaction& rows, CachedExecution& caller, TimePoint now,
                                              bool at_once, const core::Limits& limits) {
    if (caller.ended_invokes.empty()) return std::nullopt;
    const bool may_tell = at_once || !caller.execution.invocation() || now >= caller.end_invokes_at;
    if (!may_tell) return caller.end_invokes_at;
    const std::uint64_t number = caller.execution.head().number;
    for (EndedInvoke& ended : std::exchange(caller.ended_invokes, {})) {
        rows.apply({{Space::plain_invokes, plain_key(number, ended.operation), std::nullopt}});
        ExecutionCache::append(
            rows, caller,
            core::decide_invoke_ended(caller.execution, ended.operation, std::move(ended.outcome), now, limits));
    }
    return std::nullopt;
}

void ChainedInvokes::find_ended(store::Transaction& rows, CachedExecution& caller, TimePoint now) {
    for (const core::OperationState& state : caller.execution.operations()) {
        const auto number = core::number_of_arn(state.invoked_arn);
        if (!number || core::is_terminal(state.operation.status)) continue;
        const auto head = core::read_head(rows, *number);
        if (!head || head->status == wire::ExecutionStatus::running) continue;  // its journal may be long
        if (const auto child = core::load_execution(rows, *number))
            end(caller, state.operation.id, core::outcome_of_child(*child), now);
    }
}

void ChainedInvokes::recover(store::Transaction& rows, Effects& effects) {
    for (const Row& row : rows.scan(Space::plain_invokes, {}, {}, SIZE_MAX)) {
        std::string_view key = row.key;
        const auto number = take_key_number(key);
        const auto operation = take_key_part(key);
        const core::Execution* caller = number && operation ? host_.find_execution(rows, *number) : nullptr;
        const core::OperationState* state = caller == nullptr ? nullptr : caller->find(*operation);
        if (state == nullptr || !caller->is_running() || core::is_terminal(state->operation.status)) {
            rows.apply({{Space::plain_invokes, row.key, std::nullopt}});
            continue;
        }
        const Change change = core::started_invoke(*state);
        auto reference = functions::read_reference(change.function);
        // What an alias means may have changed; the history tells of the version that it meant.
        if (reference && !change.version.empty()) reference->qualifier = change.version;
        auto function = reference
                            ? functions::choose(rows, *reference, region_, account_, chance_of(*number, *operation))
                            : std::unexpected(reference.error());
        if (function) {
            invoke_plain(caller->head(), std::move(*function), change, effects);
        } else {
            core::InvokeOutcome outcome{.status = wire::ExecutionStatus::failed, .result = {}, .error = {}};
            outcome.error = core::refused_invoke(change.id, function.error(), {}).error;
            effects.emplace_back([this, number = *number, id = *operation, outcome = std::move(outcome)]() mutable {
                host_.end_invoke(number, std::move(id), std::move(outcome));
            });
        }
    }
}

}  // namespace holdpoint::engine
