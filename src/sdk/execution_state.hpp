// Execution state: the records of one invocation, the updates that wait to be sent, and how the invocation must end.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "durable/context.hpp"
#include "durable/errors.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/replay.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// Thrown to leave the handler: it must wait, or the invocation cannot go on. Not a std::exception, so that handlers
/// for errors do not catch it; thrown again by every later operation, so that catching it changes nothing.
struct Unwind {};

/// Why the handler must be left; the first reason stands.
enum class End {
    none,
    suspended,         // answer PENDING
    execution_failed,  // answer FAILED
    invocation_failed  // report an error, so that the service invokes again
};

class ExecutionState {
public:
    ExecutionState(DurableService& service, holdpoint::wire::InvocationInput input);

    /// Fetches the remaining pages; nothing may be decided before. False: the invocation cannot go on, end() says why.
    [[nodiscard]] bool load();

    [[nodiscard]] const std::string& execution_arn() const { return arn_; }
    [[nodiscard]] const Text& input() const { return input_; }
    [[nodiscard]] const holdpoint::wire::Operation* find(const std::string& id) const;

    /// Queues an update; it is sent with the next flush.
    void enqueue(holdpoint::wire::OperationUpdate update);
    /// Sends what is queued, in order, and takes in what the service answers. Leaves the handler when it cannot.
    void flush();
    /// The same at the end of the handler: false instead of leaving.
    [[nodiscard]] bool try_flush();

    /// Leaves the handler until the service has something new. Whoever waits for an operation sends what is queued and
    /// reads its record again first: the answer may bring what is waited for, and nobody would wake the execution then.
    [[noreturn]] void suspend();
    [[noreturn]] void fail_execution(ErrorInfo error);
    /// Leaves the handler when it had to be left before (after 100 times, ends the process), or when it used the SDK in
    /// a way that cannot work, also when it caught the error that said so.
    void throw_if_ended();
    /// Refuses a call from where it cannot work: another thread, a destructor during unwinding, the body of a step.
    void check_place(std::string_view operation, std::string_view name);

    [[nodiscard]] End end() const { return end_; }
    [[nodiscard]] const ErrorInfo& error() const { return error_; }
    /// Throws ValidationError, and remembers it in case that the handler goes on regardless.
    [[noreturn]] void refuse_use(const std::string& problem);
    /// What was refused; the execution fails with it.
    [[nodiscard]] std::optional<ErrorInfo> misuse() const;
    /// The step whose body is running; empty outside.
    std::string running_step;
    Replay replay;

private:
    void send(std::vector<holdpoint::wire::OperationUpdate> batch);
    void merge(std::vector<holdpoint::wire::Operation> operations);
    void fetch_pages(std::string marker);
    [[noreturn]] void leave(End end, ErrorInfo error);
    [[noreturn]] void leave_after(const holdpoint::Error& failure);

    DurableService& service_;
    std::string arn_;
    std::string token_;
    std::string next_marker_;
    std::vector<std::string> updated_;
    Text input_;
    std::unordered_map<std::string, holdpoint::wire::Operation> operations_;
    std::vector<holdpoint::wire::OperationUpdate> queue_;
    End end_ = End::none;
    ErrorInfo error_;
    mutable std::mutex misuse_mutex_;  // other threads come here only by mistake
    std::optional<ErrorInfo> misuse_;
    int swallowed_ = 0;
    std::thread::id owner_ = std::this_thread::get_id();
    int uncaught_ = 0;
};

}  // namespace durable::detail
