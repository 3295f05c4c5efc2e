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

    /// Suspends: sends what is queued first.
    [[noreturn]] void suspend();
    [[noreturn]] void fail_execution(ErrorInfo error);
    /// Leaves the handler when it had to be left before; after 100 times, ends the process.
    void throw_if_ended();
    /// Refuses a call from where it cannot work: another thread, a destructor during unwinding, the body of a step.
    void check_place(std::string_view operation, std::string_view name);

    [[nodiscard]] End end() const { return end_; }
    [[nodiscard]] const ErrorInfo& error() const { return error_; }
    /// What check_place refused, when the handler went on regardless; the execution fails with it.
    [[nodiscard]] std::optional<ErrorInfo> misuse() const;
    /// The step whose body is running; empty outside.
    std::string running_step;

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
