// Executions: durable executions on this server. Every change goes through the writer; reads of what is committed do
// not come here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "base/meters.hpp"
#include "base/random.hpp"
#include "core/execution.hpp"
#include "core/limits.hpp"
#include "engine/may_send.hpp"
#include "engine/timers.hpp"
#include "engine/work.hpp"
#include "engine/writer.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

struct StartRequest {
    functions::Function function;  // the resolved version
    std::string name;              // empty: one is made
    std::optional<std::string> input;
    bool synchronous = false;
    std::string trace_header;
    std::string tenant_id = {};
};

/// CHAINED_INVOKE operations that the caller may not start, and why; they fail at once.
using RefusedInvokes = std::map<std::string, Error>;

struct Started {
    std::string arn;
    bool existing = false;  // the name was taken by an execution with the same input
};

/// How an execution ended.
struct Outcome {
    wire::ExecutionStatus status = wire::ExecutionStatus::running;
    std::optional<std::string> result;
    std::optional<wire::ErrorObject> error;
};

/// One page of operations. (AWS API, GetDurableExecutionState)
struct StatePage {
    std::vector<wire::Operation> operations;
    std::string next_marker;
};

template <class T>
using Answer = std::function<void(Result<T>)>;

struct ExecutionMeters {
    Counter started;
    std::array<Counter, 5> ended;  // by wire::ExecutionStatus
    Counter checkpoints;
    Counter forgotten;                      // their retention was over, or they were deleted
    std::atomic<std::size_t> in_memory{0};  // folded, after the last command
};

/// From any thread; answers come after the commit, on the writer's thread, and must not block.
class Executions {
public:
    Executions(Random& random, Writer& writer, Timers& timers, Workforce& workforce, core::Limits limits,
               MaySend may_send, std::string region, std::string account);
    ~Executions();
    Executions(const Executions&) = delete;
    Executions& operator=(const Executions&) = delete;

    /// Idempotent by name: DurableExecutionAlreadyStartedException (409) when the name is taken with another input.
    /// `on_end` (may be empty) is called when the execution has ended, also when it had before.
    void start(StartRequest request, Answer<Started> answer, std::function<void(Outcome)> on_end);

    /// The answer is the response's JSON text: a repeated ClientToken gets it byte for byte.
    void checkpoint(std::string arn, wire::CheckpointRequest request, RefusedInvokes refused,
                    Answer<std::string> answer);
    void state(std::string arn, std::string token, std::string marker, std::size_t items_max, Answer<StatePage> answer);

    void succeed_callback(const std::string& callback_id, std::string result, Answer<std::monostate> answer);
    void fail_callback(const std::string& callback_id, wire::ErrorObject error, Answer<std::monostate> answer);
    void heartbeat_callback(const std::string& callback_id, Answer<std::monostate> answer);

    /// Answers when it ended: now, or when it had ended before.
    void stop(std::string arn, wire::ErrorObject error, Answer<TimePoint> answer);
    /// Removes every trace of one that has ended, before its retention is over; answers when that was asked for.
    /// ResourceConflictException (409) while it runs, or while somebody still needs it.
    void erase(std::string arn, Answer<TimePoint> answer);

    /// Something of this execution is due; called by the timers.
    void fire(std::uint64_t number);
    /// Invokes again what was in flight when the server ended. Call once, before requests are served.
    void recover();

    [[nodiscard]] const ExecutionMeters& meters() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
