// LocalService: the durable service in process, on the state machine that the server uses, with a clock that the test
// moves. It has one execution, and invokes its handler as the server would.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "core/execution.hpp"
#include "core/invokes.hpp"
#include "durable/durable.hpp"
#include "durable/testing.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/hooks.hpp"
#include "sdk/invocation.hpp"

namespace durable::testing {

/// Thrown by a hook to play the death of the function's process.
struct Crash {};

class LocalService final : private detail::DurableService {
public:
    /// `handler` is what durable::run takes.
    template <class F>
    explicit LocalService(F handler, RunOptions options = {})
        : LocalService(detail::erase_handler(std::move(handler)), RunnerOptions{.run = std::move(options)}) {}
    explicit LocalService(detail::DurableHandler handler, RunnerOptions options = {});

    /// Starts the execution with an input (JSON text) and runs it until it waits or ends.
    void start(std::optional<std::string> input = "null");
    /// Moves the clock in steps to whatever is due, invoking the handler as the service would.
    void advance(std::chrono::milliseconds by);
    /// The next instant at which something is due; nothing when the execution is over.
    [[nodiscard]] std::optional<holdpoint::TimePoint> next_due() const;

    /// Answers the oldest open callback of that name or id; called while an invocation is under way, from any of its
    /// threads, the handler learns of it with the answer to a checkpoint.
    void succeed_callback(std::string_view name, std::string result);
    void fail_callback(std::string_view name, const ErrorInfo& error);
    void heartbeat_callback(std::string_view name);
    /// Throws std::invalid_argument, naming those that are open.
    [[nodiscard]] std::string callback_id(std::string_view name) const;
    [[nodiscard]] bool has_open_callback() const;

    /// What an invoked function of that name does, after this time.
    void fake_function(std::string name, detail::FakeFunction function, std::chrono::milliseconds takes);
    /// What StopDurableExecution does.
    void stop(std::string reason);
    /// The execution's time; `advance` moves it.
    [[nodiscard]] const holdpoint::Clock& clock() const { return clock_; }

    /// Called before each checkpoint with its number, from 1; throw Crash to lose the process there, or answer an error
    /// that the service gives instead, or answer a callback, whose record comes with the checkpoint's answer.
    std::function<std::optional<holdpoint::Error>(int number)> before_checkpoint;
    /// The same after the service has recorded it: throw Crash to lose the answer, or advance the clock, so that what
    /// is due by then comes with it.
    std::function<void(int number)> after_checkpoint;
    /// Replaces the handler, as a deployment does.
    template <class F>
    void deploy(F handler) {
        deploy(detail::erase_handler(std::move(handler)));
    }
    void deploy(detail::DurableHandler handler) { handler_ = std::move(handler); }

    [[nodiscard]] bool was_started() const { return execution_.has_value(); }
    [[nodiscard]] const holdpoint::core::Execution& execution() const { return *execution_; }
    [[nodiscard]] bool is_running() const { return execution_->is_running(); }
    [[nodiscard]] std::string result() const { return execution_->result().value_or(""); }
    [[nodiscard]] std::string error_type() const;
    [[nodiscard]] std::string error_message() const;
    /// The history's events as GetDurableExecutionHistory answers them, in order.
    [[nodiscard]] std::vector<boost::json::object> events() const;
    /// Their types.
    [[nodiscard]] std::vector<std::string> history() const;
    [[nodiscard]] int checkpoints() const { return checkpoints_; }
    [[nodiscard]] int invocations() const { return invocations_; }
    /// Operations handed over with an invocation; the rest comes in pages.
    std::size_t page_size = 1000;
    /// Takes the token away with this checkpoint's answer.
    int withhold_token_at = 0;
    holdpoint::core::Limits limits;

private:
    struct Fake {
        detail::FakeFunction call;
        std::chrono::milliseconds takes{0};
    };

    holdpoint::Result<holdpoint::wire::CheckpointResponse> checkpoint(
        const std::string& execution_arn, const holdpoint::wire::CheckpointRequest& request) override;
    holdpoint::Result<holdpoint::wire::CheckpointResponse> get_state(const std::string& execution_arn,
                                                                     const std::string& checkpoint_token,
                                                                     const std::string& marker) override;
    holdpoint::Result<holdpoint::wire::CheckpointResponse> take_checkpoint(
        const holdpoint::wire::CheckpointRequest& request);
    /// Virtual time passes only when nothing runs.
    [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_poll(std::optional<holdpoint::TimePoint> due,
                                                                             bool unknown, int polls) const override;
    void journal(const std::vector<holdpoint::core::Change>& changes);
    template <class Decide>
    void answer_callback(const Decide& decide);
    /// Plans the ends of the invokes that these changes start.
    void begin_invokes(const std::vector<holdpoint::core::Change>& changes);
    void end_due_invokes();
    [[nodiscard]] holdpoint::core::InvokeOutcome call_function(const holdpoint::core::OperationState& state);
    void invoke_while_needed();
    void invoke();

    detail::DurableHandler handler_;
    RunnerOptions options_;
    detail::Hooks hooks_;
    holdpoint::ManualClock clock_;
    holdpoint::SeededRandom random_{1};
    // While an invocation is under way, its threads and what they call come in by several doors, and by one from inside
    // another.
    mutable std::recursive_mutex mutex_;
    std::optional<holdpoint::core::Execution> execution_;
    std::vector<std::vector<holdpoint::core::Change>> journal_;
    std::map<std::string, Fake, std::less<>> functions_;
    std::multimap<holdpoint::TimePoint, std::string> invoke_ends_;  // operations, by when what they invoked is done
    bool invoking_ = false;
    bool crashed_ = false;  // the process is dead, whatever the handler makes of the exception that plays it
    int checkpoints_ = 0;
    int invocations_ = 0;
};

}  // namespace durable::testing
