#include "sdk/hooks.hpp"

#include <cstdio>

#include "sdk/error_mapping.hpp"
#include "sdk/execution_state.hpp"
#include "wire/durable_json.hpp"

namespace durable {

std::string_view to_string(InvocationStatus status) {
    switch (status) {
        case InvocationStatus::succeeded:
            return "SUCCEEDED";
        case InvocationStatus::failed:
            return "FAILED";
        case InvocationStatus::pending:
            return "PENDING";
        case InvocationStatus::retrying:
            return "RETRYING";
    }
    return "";
}

std::string_view to_string(AttemptOutcome outcome) {
    switch (outcome) {
        case AttemptOutcome::succeeded:
            return "SUCCEEDED";
        case AttemptOutcome::failed:
            return "FAILED";
        case AttemptOutcome::incomplete:
            return "INCOMPLETE";
    }
    return "";
}

namespace detail {

namespace wire = holdpoint::wire;

namespace {

bool is_over(const wire::Operation& record) {
    return record.status != wire::OperationStatus::started && record.status != wire::OperationStatus::pending &&
           record.status != wire::OperationStatus::ready;
}

}  // namespace

OperationInfo info_of(const wire::Operation& record, bool is_replay) {
    OperationInfo info;
    info.id = record.id;
    info.name = record.name.value_or("");
    info.type = wire::to_string(record.type);
    info.sub_type = record.sub_type.value_or("");
    info.parent_id = record.parent_id.value_or("");
    info.status = wire::to_string(record.status);
    info.started_at = record.started_at;
    info.ended_at = record.ended_at;
    info.result = record.result;
    if (record.error) info.error = from_wire(*record.error);
    info.attempt = static_cast<int>(record.attempt);
    info.is_replay = is_replay;
    return info;
}

void Hooks::each(std::string_view hook, const std::function<void(Plugin&)>& call) {
    if (plugins_.empty()) return;
    const std::lock_guard lock(mutex_);
    for (const auto& plugin : plugins_) {
        std::string problem;
        try {
            call(*plugin);
            continue;
        } catch (const std::exception& error) {
            problem = error.what();
        } catch (...) {
            problem = "it threw no std::exception";
        }
        std::fprintf(stderr, "durable: a plugin failed in %.*s: %s\n", static_cast<int>(hook.size()), hook.data(),
                     problem.c_str());
    }
}

void Hooks::begin() {
    started_.clear();
}

void Hooks::invocation_start(const InvocationInfo& info) {
    each("invocation_start", [&](Plugin& plugin) { plugin.invocation_start(info); });
}

void Hooks::invocation_end(const InvocationEnd& end) {
    each("invocation_end", [&](Plugin& plugin) { plugin.invocation_end(end); });
}

void Hooks::operation_start(const OperationInfo& info) {
    if (plugins_.empty()) return;
    {
        // A branch that went on within one invocation comes by again.
        const std::lock_guard lock(mutex_);
        if (!started_.insert(info.id).second) return;
    }
    each("operation_start", [&](Plugin& plugin) { plugin.operation_start(info); });
}

void Hooks::operation_end(const OperationInfo& info) {
    each("operation_end", [&](Plugin& plugin) { plugin.operation_end(info); });
}

void Hooks::attempt_start(const AttemptInfo& info) {
    each("attempt_start", [&](Plugin& plugin) { plugin.attempt_start(info); });
}

void Hooks::attempt_end(const AttemptEnd& end) {
    each("attempt_end", [&](Plugin& plugin) { plugin.attempt_end(end); });
}

void Hooks::enrich_log(Logger::Fields& fields) {
    each("enrich_log", [&](Plugin& plugin) { plugin.enrich_log(fields); });
}

void Hooks::ended_meanwhile(const std::vector<OperationInfo>& updated) {
    for (const OperationInfo& info : updated) {
        if (info.ended_at) operation_end(info);
    }
}

void Hooks::changed(const ExecutionState& state, const std::vector<OperationNews>& news) {
    const auto operations = state.view();
    std::vector<OperationInfo> updated;
    updated.reserve(news.size());
    for (const auto& item : news) updated.push_back(info_of(*item.now, false));
    const OperationChange change{.execution_arn = state.execution_arn(), .updated = updated, .operations = *operations};
    each("operation_change", [&](Plugin& plugin) { plugin.operation_change(change); });
    for (const auto& item : news) {
        if (is_over(*item.now) && !(item.before && is_over(*item.before))) operation_end(info_of(*item.now, false));
    }
}

}  // namespace detail
}  // namespace durable
