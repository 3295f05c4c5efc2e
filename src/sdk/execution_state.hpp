// Execution state: the records of one invocation, the updates that wait to be sent, and how the invocation must end.
// One lock guards it and the scheduler's tasks; no code of the author's runs under it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "durable/context.hpp"
#include "durable/errors.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/hooks.hpp"
#include "sdk/rehearsal.hpp"
#include "sdk/scheduler.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// Thrown to leave the handler or a task: it must wait, or the invocation cannot go on. Not a std::exception, so that
/// handlers for errors do not catch it; thrown again by every later operation, so that catching it changes nothing.
struct Unwind {};

/// Why the handler must be left; the first reason stands.
enum class End {
    none,
    suspended,         // answer PENDING
    execution_failed,  // answer FAILED
    invocation_failed  // report an error, so that the service invokes again
};

/// The last thousand contexts that are over are kept: whoever kept a reference to one is told, also when its invocation
/// is over.
struct LetGo {
    void operator()(Context* context) const;
};
using OwnedContext = std::unique_ptr<Context, LetGo>;

/// Kept by its contexts: futures and callbacks of theirs may be kept longer than the invocation lasts.
class ExecutionState : public std::enable_shared_from_this<ExecutionState> {
public:
    ExecutionState(DurableService& service, holdpoint::wire::InvocationInput input, Hooks& hooks, int threads);

    /// Fetches the remaining pages; nothing may be decided before. False: the invocation cannot go on, end() says why.
    [[nodiscard]] bool load();

    [[nodiscard]] const std::string& execution_arn() const { return arn_; }
    [[nodiscard]] const Text& input() const { return input_; }
    [[nodiscard]] bool is_first_invocation() const { return first_; }
    [[nodiscard]] holdpoint::TimePoint started_at() const { return started_at_; }
    /// For plugins: what the service changed since the previous invocation, and all operations.
    [[nodiscard]] std::vector<OperationInfo> updated() const;
    [[nodiscard]] std::unique_ptr<Operations> view() const;
    [[nodiscard]] std::vector<Record> records() const;
    /// nullptr when there is none.
    [[nodiscard]] Record find(std::string_view id) const;
    /// The same, and whether its outcome is one that the body may not have known when it last ran; `took` says that now
    /// it does.
    [[nodiscard]] std::pair<Record, bool> find_news(const std::string& id) const;
    void took(const std::string& id);
    /// A task's body took its outcome, known before or not: with that the body has come as far as its end.
    void came_past(const std::string& id);
    /// A task's body comes to something that is not recorded.
    void goes_live();

    /// Queues an update; it is sent with the next flush. Leaves a task that was abandoned.
    void enqueue(holdpoint::wire::OperationUpdate update);
    /// Returns when all that is queued now was sent, in order, and what the service answered was taken in. Leaves the
    /// handler when it cannot.
    void flush();
    /// The same at the end of the handler: false instead of leaving.
    [[nodiscard]] bool try_flush();

    [[noreturn]] void fail_execution(ErrorInfo error);
    /// Leaves the handler or task when it had to be left before (after 100 times, ends the process), or when it used
    /// the SDK in a way that cannot work, also when it caught the error that said so.
    void throw_if_ended();
    /// Throws ValidationError, and remembers it in case that the handler goes on regardless.
    [[noreturn]] void refuse_use(const std::string& problem);
    /// What was refused; the execution fails with it.
    [[nodiscard]] std::optional<ErrorInfo> misuse() const;
    /// A context whose body is over: it is kept as long as the invocation, for whoever kept a reference to it.
    void keep_over(OwnedContext context);
    void let_go_of_contexts();
    /// Waits for tasks or operations. (Scheduler::await)
    void await(const Awaited& awaited);

    // With the lock held:

    [[nodiscard]] End end() const { return end_; }
    [[nodiscard]] const ErrorInfo& error() const { return error_; }
    /// The service has to move it on before the handler can; also while it does not know of it.
    [[nodiscard]] bool is_open(const std::string& id) const;
    /// Its record says how it ended.
    [[nodiscard]] bool is_over(const std::string& id) const;
    /// When it ended, where its record says so.
    [[nodiscard]] std::optional<holdpoint::TimePoint> ended_at(const std::string& id) const;
    /// The latest end that the service told of: it is no earlier by its clock.
    [[nodiscard]] holdpoint::TimePoint latest_end() const { return latest_end_; }
    /// Of what was begun before: when the last of what is recorded of it ended.
    [[nodiscard]] std::optional<holdpoint::TimePoint> last_end_in(const std::string& id);
    /// When the service will, where that is known.
    [[nodiscard]] std::optional<holdpoint::TimePoint> due(const std::string& id) const;
    void throw_if_ended(Lock& lock);
    /// Sends what is queued, or waits while another thread sends; false when there is nothing to send.
    bool send_all(Lock& lock);
    /// How many updates were queued so far, and whether the service has answered as many.
    [[nodiscard]] std::uint64_t queued() const { return queued_; }
    [[nodiscard]] bool is_answered(std::uint64_t updates) const { return acknowledged_ >= updates; }
    /// Somebody was parked for what is queued: whoever has nothing else to do sends it.
    void want_sent();
    [[nodiscard]] bool is_wanted() const { return wanted_ && can_poll(); }
    /// Nobody else asks the service already, and its answer is of use.
    [[nodiscard]] bool can_poll() const { return !sending_ && end_ == End::none; }
    /// Asks the service for news.
    void poll(Lock& lock) { send(lock, take_batch()); }
    [[noreturn]] void suspend(Lock& lock);
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_poll(std::optional<holdpoint::TimePoint> due,
                                                                             bool unknown, int polls) const {
        return service_.pause_before_poll(due, unknown, polls);
    }

    mutable std::mutex mutex;
    /// Something changed that somebody may wait for.
    std::condition_variable changed;
    Hooks& hooks;
    Scheduler tasks;
    Rehearsal* rehearsal = nullptr;
    std::chrono::system_clock::time_point deadline = StepContext::kNoDeadline;  // of the invocation
    std::string tenant_id;                                                      // empty: none

private:
    struct Exchange;

    [[nodiscard]] std::vector<holdpoint::wire::OperationUpdate> take_batch();
    void send(Lock& lock, std::vector<holdpoint::wire::OperationUpdate> batch);
    [[nodiscard]] Exchange exchange(const holdpoint::wire::CheckpointRequest& request);
    using TakePage = std::function<void(std::vector<holdpoint::wire::Operation>)>;
    /// Fetches the pages after `marker`; the error that ended it.
    std::optional<holdpoint::Error> fetch_pages(const std::string& token, std::string marker, const TakePage& take);
    void merge(std::vector<holdpoint::wire::Operation> operations, std::vector<OperationNews>* news);
    /// merge for what an invocation begins with: nobody waits for it, and updated_ says what is news.
    void adopt(std::vector<holdpoint::wire::Operation> operations);
    /// What is told of the execution itself; false when it is another operation.
    bool take_execution(holdpoint::wire::Operation& operation);
    /// Answers the record that was there before.
    Record put(Record record);
    /// Leaves the lock for a while.
    void set_end(Lock& lock, End end, ErrorInfo error);
    void set_end_after(Lock& lock, const holdpoint::Error& failure, std::string_view where = {});

    DurableService& service_;
    std::string arn_;
    std::string token_;
    std::string next_marker_;
    std::vector<std::string> updated_;
    Text input_;
    holdpoint::TimePoint started_at_;
    bool first_ = false;
    std::pmr::monotonic_buffer_resource operations_memory_;  // one piece for thousands of records' places
    // By the id within the record.
    std::pmr::unordered_map<std::string_view, Record> operations_{&operations_memory_};
    holdpoint::TimePoint latest_end_;
    std::unordered_set<std::string> news_;
    std::optional<std::unordered_map<std::string, holdpoint::TimePoint>> last_ends_;  // made when it is asked for
    std::deque<holdpoint::wire::OperationUpdate> queue_;
    std::unordered_set<std::string> started_contexts_;  // by this invocation
    std::uint64_t queued_ = 0;  // updates ever queued, and how many of them the service has acknowledged
    std::uint64_t acknowledged_ = 0;
    bool sending_ = false;
    bool wanted_ = false;
    End end_ = End::none;
    ErrorInfo error_;
    std::optional<ErrorInfo> misuse_;
    std::vector<OwnedContext> over_;
    std::shared_ptr<ContextCore> over_core_;
};

}  // namespace durable::detail
