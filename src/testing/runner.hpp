// Runner: runs a durable handler in process, on the state machine that the server uses, with a clock that the test
// moves.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "core/execution.hpp"
#include "durable/durable.hpp"
#include "sdk/durable_service.hpp"
#include "sdk/hooks.hpp"
#include "sdk/invocation.hpp"

namespace durable::testing {

/// Thrown by the fake service to play the death of the function's process.
struct Crash {};

class Runner final : private detail::DurableService {
public:
    /// `handler` is what durable::run takes.
    template <class F>
    explicit Runner(F handler, RunOptions options = {})
        : Runner(detail::erase(std::function{std::move(handler)}), std::move(options)) {}
    explicit Runner(detail::DurableHandler handler, RunOptions options = {});

    /// Starts the execution with an input (JSON text) and runs it until it waits or ends.
    void start(std::string input = "null");
    /// Moves the clock in steps to whatever is due, invoking the handler as the service would.
    void advance(std::chrono::seconds by);
    /// Answers the open callback of that name; called during a checkpoint, the handler learns of it with the answer.
    void succeed_callback(std::string_view name, std::string result);
    void fail_callback(std::string_view name, std::string type, std::string message, std::string data = {});

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
        handler_ = detail::erase(std::function{std::move(handler)});
    }

    [[nodiscard]] const holdpoint::core::Execution& execution() const { return *execution_; }
    [[nodiscard]] bool is_running() const { return execution_->is_running(); }
    [[nodiscard]] std::string result() const { return execution_->result().value_or(""); }
    [[nodiscard]] std::string error_type() const;
    [[nodiscard]] std::string error_message() const;
    /// The types of the history's events, in order.
    [[nodiscard]] std::vector<std::string> history() const;
    [[nodiscard]] int checkpoints() const { return checkpoints_; }
    [[nodiscard]] int invocations() const { return invocations_; }
    /// Operations handed over with an invocation; the rest comes in pages.
    std::size_t page_size = 1000;
    /// Takes the token away with this checkpoint's answer.
    int withhold_token_at = 0;
    holdpoint::core::Limits limits;

private:
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
    void invoke_while_needed();
    void invoke();
    [[nodiscard]] std::string callback_id(std::string_view name) const;

    detail::DurableHandler handler_;
    RunOptions options_;
    detail::Hooks hooks_;
    holdpoint::ManualClock clock_{holdpoint::from_epoch_ms(1'700'000'000'000)};
    holdpoint::SeededRandom random_{1};
    std::optional<holdpoint::core::Execution> execution_;
    std::vector<std::vector<holdpoint::core::Change>> journal_;
    bool invoking_ = false;
    bool crashed_ = false;  // the process is dead, whatever the handler makes of the exception that plays it
    int checkpoints_ = 0;
    int invocations_ = 0;
};

}  // namespace durable::testing
