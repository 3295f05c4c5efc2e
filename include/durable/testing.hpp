// durable::testing: runs a durable handler in a test's own process, on the state machine that the server uses, with a
// clock that the test moves. A wait of a year takes no time.
//
//     durable::testing::Runner runner(order);
//     runner.run(Order{.id = "o-1"});  // until it waits for its callback
//     runner.complete_callback("approval", true);
//     EXPECT_EQ(runner.run_on(), ExecutionStatus::succeeded);
//     EXPECT_EQ(runner.result<Receipt>().parcel, "p-1");
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "durable/durable.hpp"

namespace durable::testing {

class LocalService;
struct ReplayReport;

/// Of an execution. (AWS API, ExecutionStatus)
enum class ExecutionStatus { running, succeeded, failed, timed_out, stopped };
/// "RUNNING", "SUCCEEDED", …
[[nodiscard]] std::string_view to_string(ExecutionStatus status);

/// What a Runner plays.
struct RunnerOptions {
    RunOptions run = {};                     // what durable::run would be given
    std::string function_name = "function";  // as the execution's ARN has it
    std::string execution_name = "test";     // as the execution's ARN has it
    std::string tenant_id = {};              // of a function with tenant isolation
    /// The clock's first reading.
    std::chrono::sys_seconds started_at = std::chrono::sys_days(std::chrono::days(20454));  // 2026-01-01
    std::chrono::seconds execution_timeout = std::chrono::hours(24 * 366);  // then it is over as timed_out
    std::int64_t max_operations = 3000;  // AWS's quota for an execution; polls and retries count
};

/// How a function was invoked.
struct Invoked {
    std::string function;   // as the handler named it
    std::string tenant_id;  // empty: none
};
/// Throw it from a fake function to play an execution that timed out.
struct FunctionTimedOut {};
/// Throw it from a fake function to play an execution that was stopped.
struct FunctionStopped {};

}  // namespace durable::testing

namespace durable::detail {

/// Takes and answers JSON text.
using FakeFunction = std::function<Text(const std::string& payload, const testing::Invoked&)>;

testing::ReplayReport replay(const DurableHandler& handler, std::string_view history_json);

template <class Signature>
inline constexpr bool is_fake = false;
template <class R, class Event>
inline constexpr bool is_fake<std::function<R(Event)>> = true;
template <class R, class Event>
inline constexpr bool is_fake<std::function<R(Event, const testing::Invoked&)>> = true;

template <class R, class Event>
FakeFunction erase_fake(std::function<R(Event)> function) {
    return [function = std::move(function)](const std::string& payload, const testing::Invoked&) {
        auto event = read_result<std::remove_cvref_t<Event>>(payload);
        return text_of(Serdes<Stored<R>>(), {}, function, event);
    };
}
template <class R, class Event>
FakeFunction erase_fake(std::function<R(Event, const testing::Invoked&)> function) {
    return [function = std::move(function)](const std::string& payload, const testing::Invoked& how) {
        auto event = read_result<std::remove_cvref_t<Event>>(payload);
        return text_of(Serdes<Stored<R>>(), {}, function, event, how);
    };
}

}  // namespace durable::detail

namespace durable::testing {

/// One execution of a handler. Time passes only in run, run_on and advance; whatever else is called, the handler runs
/// on at once as far as it can. The callback functions may be called while the handler runs, from its steps too; what
/// is asked for wrongly throws std::invalid_argument or std::logic_error, saying what there is instead.
class Runner {
public:
    /// `handler` is what durable::run takes.
    template <class F>
    explicit Runner(F handler, RunnerOptions options = {})
        : Runner(detail::erase_handler(std::move(handler)), std::move(options)) {}
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// start, then run_on.
    template <class Event>
    ExecutionStatus run(const Event& event) {
        (void)start(event);
        return run_on();
    }
    /// run, with null for an event.
    ExecutionStatus run() { return run(Json()); }
    /// Starts the execution; the handler runs until it waits, and no time passes. Once for each Runner.
    template <class Event>
    ExecutionStatus start(const Event& event) {
        return start_with(to_json(event).dump());
    }
    /// start, with null for an event.
    ExecutionStatus start() { return start(Json()); }
    /// Lets time pass, over waits, retries and functions that are invoked, until the execution is over or a callback is
    /// open, which only the test can answer (or let expire, with advance).
    ExecutionStatus run_on();
    /// Lets this much time pass, and everything happen that is due by then.
    ExecutionStatus advance(std::chrono::milliseconds by);

    /// Answers a callback: by its operation's name (the oldest that is open; "": without a name), or by its id.
    template <class T>
    void complete_callback(std::string_view name, const T& value) {
        complete_callback_raw(name, to_json(value).dump());
    }
    /// The same with the bytes that are sent, which need not be JSON.
    void complete_callback_raw(std::string_view name, std::string result);
    /// Answers a callback with an error.
    void fail_callback(std::string_view name, const ErrorInfo& error);
    /// Moves a callback's heartbeat deadline.
    void heartbeat_callback(std::string_view name);
    /// Of the oldest that is open.
    [[nodiscard]] std::string callback_id(std::string_view name) const;

    /// What invoking a function of that name (as the handler names it) does: `function` is R(Event) or
    /// R(Event, const Invoked&), and what it throws fails the invoke. It is called when `takes` has passed. What has no
    /// fake does not exist: ResourceNotFoundException.
    template <class F>
    void fake_function(std::string name, F function, std::chrono::milliseconds takes = {}) {
        constexpr bool fits = [] {
            if constexpr (requires(F f) { std::function(std::move(f)); }) {
                return detail::is_fake<decltype(std::function(std::declval<F>()))>;
            }
            return false;
        }();
        static_assert(fits,
                      "a fake function is R(const Event&) or R(const Event&, const durable::testing::Invoked&): a "
                      "function, or a callable object whose operator() is no template");
        if constexpr (fits) {
            add_function(std::move(name), detail::erase_fake(std::function(std::move(function))), takes);
        }
    }

    /// The process dies before this checkpoint (they count from 1) is recorded; the service invokes again after a
    /// pause. An execution that is over before that makes run, status and result throw std::logic_error.
    void crash_before_checkpoint(int number);
    /// The process dies after this checkpoint was recorded and before it knows. The same is said of one that never
    /// came.
    void crash_after_checkpoint(int number);
    /// The service refuses this checkpoint with this error; 429 and 5xx are worth another try, others are not.
    void fail_checkpoint(int number, std::string code, std::string message, int http_status = 400);
    /// Operations handed over with an invocation; the rest comes in pages. AWS decides it by size.
    void set_page_size(std::size_t operations);
    /// What StopDurableExecution does.
    void stop(std::string reason);
    /// Replaces the handler from the next invocation on, as a deployment to $LATEST does.
    template <class F>
    void deploy(F handler) {
        deploy_erased(detail::erase_handler(std::move(handler)));
    }

    /// How far the execution is.
    [[nodiscard]] ExecutionStatus status() const;
    /// What the handler answered. std::logic_error, with the error, unless it succeeded.
    template <class T>
    [[nodiscard]] T result() const {
        return detail::read_result<T>(result_text());
    }
    /// The same as it is recorded: JSON text.
    [[nodiscard]] std::string result_text() const;
    /// Why the execution failed, was stopped, or timed out.
    [[nodiscard]] std::optional<ErrorInfo> error() const;
    /// Every operation, in the order in which they were started.
    [[nodiscard]] std::vector<OperationInfo> operations() const;
    /// The first of that name. std::invalid_argument, naming those that there are.
    [[nodiscard]] OperationInfo operation(std::string_view name) const;
    /// The types of the history's events: "ExecutionStarted", "StepStarted", …
    [[nodiscard]] std::vector<std::string> history() const;
    /// The history with its data, as GetDurableExecutionHistory answers it: for `replay`, or to be looked at.
    [[nodiscard]] std::string history_json() const;
    /// The execution's time.
    [[nodiscard]] std::chrono::system_clock::time_point now() const;
    /// How often the handler was invoked.
    [[nodiscard]] int invocations() const;
    /// How many checkpoints it made.
    [[nodiscard]] int checkpoints() const;
    /// Of the execution.
    [[nodiscard]] std::string execution_arn() const;

private:
    struct Faults;
    Runner(detail::DurableHandler handler, RunnerOptions options);
    ExecutionStatus start_with(std::string input);
    void add_function(std::string name, detail::FakeFunction function, std::chrono::milliseconds takes);
    void deploy_erased(detail::DurableHandler handler);
    [[nodiscard]] const LocalService& started() const;
    [[nodiscard]] LocalService& started();

    std::unique_ptr<LocalService> service_;
    std::unique_ptr<Faults> faults_;
};

/// Whether code fits the history of an execution.
struct ReplayReport {
    /// What does not fit, in words; empty: the execution could have gone this way with this code.
    std::vector<std::string> differences;
    /// What the code would do next where the history of an unfinished execution ends: "STEP (Step) 'ship'", …
    std::vector<std::string> next;
    /// There are no differences.
    [[nodiscard]] bool fits() const { return differences.empty(); }
};

/// Runs a handler over the history of an execution, as `aws lambda get-durable-execution-history
/// --include-execution-data` prints it, or Runner::history_json. Every operation is answered from the history, also in
/// the bodies of contexts that had ended; no step is run, and nothing is sent. std::invalid_argument, naming the event,
/// when it is no such history or its data was left out.
template <class F>
[[nodiscard]] ReplayReport replay(F handler, std::string_view history_json) {
    return detail::replay(detail::erase_handler(std::move(handler)), history_json);
}

}  // namespace durable::testing
