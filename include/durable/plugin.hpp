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
    /// By the service's clock.
    using Time = std::chrono::system_clock::time_point;

    std::string id;                     // the same in every invocation
    std::string name;                   // empty: none
    std::string type;                   // STEP, WAIT, CALLBACK, CONTEXT, CHAINED_INVOKE
    std::string sub_type;               // Step, WaitForCondition, Map, …
    std::string parent_id;              // empty: the handler's own
    std::string status;                 // STARTED, PENDING, READY, SUCCEEDED, …; empty before the service knows of it
    std::optional<Time> started_at;     // nothing before the service knows of it
    std::optional<Time> ended_at;       // nothing while it is not over
    std::optional<std::string> result;  // as it is recorded
    std::optional<ErrorInfo> error;     // why it failed
    int attempt = 0;                    // of a step: attempts that are over
    bool is_replay = false;             // it was recorded by an earlier invocation
};

/// The operations of an execution, while a hook runs.
class Operations {
public:
    virtual ~Operations() = default;
    /// How many there are.
    [[nodiscard]] virtual std::size_t size() const = 0;
    /// Nothing when there is none with that id.
    [[nodiscard]] virtual std::optional<OperationInfo> find(const std::string& id) const = 0;
    /// In no particular order.
    virtual void for_each(const std::function<void(const OperationInfo&)>& visit) const = 0;
};

/// One invocation of the handler.
struct InvocationInfo {
    std::string execution_arn;                                   // of the execution that it belongs to
    std::string request_id;                                      // of this invocation; AWS's logs name it
    std::string trace_header;                                    // X-Ray's; empty: none
    bool is_first_invocation = false;                            // nothing was recorded before it
    std::chrono::system_clock::time_point execution_started_at;  // by the service's clock
    const Operations& operations;                                // all that are known
    /// What the service changed since the previous invocation: timers that ran out, callbacks that were answered.
    const std::vector<OperationInfo>& updated;
};

/// How an invocation ended.
enum class InvocationStatus {
    succeeded,
    failed,
    pending,  // suspended: there will be another one
    retrying  // it could not go on; the service invokes again
};
/// "SUCCEEDED", "FAILED", "PENDING", "RETRYING"
[[nodiscard]] std::string_view to_string(InvocationStatus status);

/// An invocation that is over.
struct InvocationEnd {
    const InvocationInfo& invocation;                     // which one
    InvocationStatus status = InvocationStatus::pending;  // what it answered
    std::optional<ErrorInfo> error;                       // when it failed, or is to be tried again
};

/// What the service told of with the answer to a checkpoint.
struct OperationChange {
    const std::string& execution_arn;           // of the execution that they belong to
    const std::vector<OperationInfo>& updated;  // those with a new state
    const Operations& operations;               // all that are known
};

/// One run of the author's code for an operation: an attempt of a step, a poll, the body of a context.
struct AttemptInfo {
    OperationInfo operation;             // as it is before the attempt
    int attempt = 1;                     // of a step, from 1
    bool is_replaying_children = false;  // the body of a context runs again over what it did before
};

/// How one run of the author's code ended.
enum class AttemptOutcome {
    succeeded,
    failed,
    incomplete  // it was suspended
};
/// "SUCCEEDED", "FAILED", "INCOMPLETE"
[[nodiscard]] std::string_view to_string(AttemptOutcome outcome);

/// An attempt that is over.
struct AttemptEnd {
    const AttemptInfo& attempt;                          // which one
    AttemptOutcome outcome = AttemptOutcome::succeeded;  // how it ended
    std::optional<ErrorInfo> error;                      // what the code threw
};

/// Derive from it, override what is of interest, and give it to durable::run.
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
    /// Before the author's code runs.
    virtual void attempt_start(const AttemptInfo&) {}
    /// After the author's code ran.
    virtual void attempt_end(const AttemptEnd&) {}
    /// Adds fields to a line that a context's or a step's logger is about to write.
    virtual void enrich_log(Logger::Fields&) {}
};

}  // namespace durable
