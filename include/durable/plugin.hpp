// Plugins: hooks into the life of invocations and operations, for tracing, metrics and logs.
//
// Hooks run on the thread where the event happens, one at a time for the whole process; what they throw is written to
// standard error and changes nothing else. They must not use a Context.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "durable/errors.hpp"
#include "durable/logger.hpp"

namespace durable {

/// An operation as the service last told of it. (AWS API, Operation)
struct OperationInfo {
    using Time = std::chrono::system_clock::time_point;
    std::string id;
    std::string name;       // empty: none
    std::string type;       // STEP, WAIT, CALLBACK, CONTEXT, CHAINED_INVOKE
    std::string sub_type;   // Step, WaitForCondition, Map, …
    std::string parent_id;  // empty: the handler's own
    std::string status;     // STARTED, PENDING, READY, SUCCEEDED, …; empty before the service knows of it
    std::optional<Time> started_at;
    std::optional<Time> ended_at;
    std::optional<std::string> result;  // as it is recorded
    std::optional<ErrorInfo> error;
    int attempt = 0;         // of a step: attempts that are over
    bool is_replay = false;  // it was recorded by an earlier invocation
};

/// The operations of an execution, while a hook runs.
class Operations {
public:
    virtual ~Operations() = default;
    [[nodiscard]] virtual std::size_t size() const = 0;
    [[nodiscard]] virtual std::optional<OperationInfo> find(const std::string& id) const = 0;
    virtual void for_each(const std::function<void(const OperationInfo&)>& visit) const = 0;
};

struct InvocationInfo {
    std::string execution_arn;
    std::string request_id;
    std::string trace_header;  // X-Ray's; empty: none
    bool is_first_invocation = false;
    std::chrono::system_clock::time_point execution_started_at;
    const Operations& operations;
    /// What the service changed since the previous invocation: timers that ran out, callbacks that were answered.
    const std::vector<OperationInfo>& updated;
};

enum class InvocationStatus {
    succeeded,
    failed,
    pending,  // suspended: there will be another one
    retrying  // it could not go on; the service invokes again
};
[[nodiscard]] std::string_view to_string(InvocationStatus status);

struct InvocationEnd {
    const InvocationInfo& invocation;
    InvocationStatus status = InvocationStatus::pending;
    std::optional<ErrorInfo> error;
};

struct OperationChange {
    const std::string& execution_arn;
    const std::vector<OperationInfo>& updated;
    const Operations& operations;
};

/// One run of the author's code for an operation: an attempt of a step, a poll, the body of a context.
struct AttemptInfo {
    OperationInfo operation;
    int attempt = 1;                     // of a step, from 1
    bool is_replaying_children = false;  // the body of a context runs again over what it did before
};

enum class AttemptOutcome {
    succeeded,
    failed,
    incomplete  // it was suspended
};
[[nodiscard]] std::string_view to_string(AttemptOutcome outcome);

struct AttemptEnd {
    const AttemptInfo& attempt;
    AttemptOutcome outcome = AttemptOutcome::succeeded;
    std::optional<ErrorInfo> error;
};

class Plugin {
public:
    Plugin() = default;
    Plugin(const Plugin&) = delete;
    Plugin& operator=(const Plugin&) = delete;
    virtual ~Plugin() = default;

    /// Before the handler is called.
    virtual void invocation_start(const InvocationInfo&) {}
    /// After the invocation's outcome stands, always.
    virtual void invocation_end(const InvocationEnd&) {}
    /// An operation begins (is_replay is false), or one that is not over is met again.
    virtual void operation_start(const OperationInfo&) {}
    /// An operation is over: once, in the invocation that learns of it. A failed attempt that is tried again is no end.
    virtual void operation_end(const OperationInfo&) {}
    /// The service told of new states.
    virtual void operation_change(const OperationChange&) {}
    virtual void attempt_start(const AttemptInfo&) {}
    virtual void attempt_end(const AttemptEnd&) {}
    /// Adds fields to a line that a context's or a step's logger is about to write.
    virtual void enrich_log(Logger::Fields&) {}
};

}  // namespace durable
