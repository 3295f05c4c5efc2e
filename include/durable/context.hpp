// Context: the operations of a durable function. Each is recorded when it finishes; when the handler runs again, it is
// answered from its record.
//
// A handler must do the same operations in the same order for the same input; whatever may differ (time, chance, input
// and output) belongs into steps. Operations may only be called on the handler's own thread, not in the body of a step
// and not in a destructor while an exception is on its way.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "durable/errors.hpp"
#include "durable/json.hpp"
#include "durable/logger.hpp"
#include "durable/retry.hpp"

namespace durable {

namespace detail {
class ContextCore;
struct Internals;
}  // namespace detail

/// What the body of a step may use.
class StepContext {
public:
    StepContext(int attempt, Logger logger) : attempt_(attempt), logger_(std::move(logger)) {}
    /// Counted from 1.
    [[nodiscard]] int attempt() const { return attempt_; }
    [[nodiscard]] const Logger& logger() const { return logger_; }

private:
    int attempt_;
    Logger logger_;
};

/// What happens to a step whose process ended while it ran.
enum class StepSemantics {
    at_least_once_per_retry,  // it runs again
    at_most_once_per_retry    // it does not: the retry strategy decides, as for an attempt that failed
};

struct StepOptions {
    RetryStrategy retry = {};  // empty: retry::exponential()
    StepSemantics semantics = StepSemantics::at_least_once_per_retry;
};

/// The pause before the next poll (one second to 366 days); nothing: the condition holds.
using WaitDecision = std::optional<std::chrono::seconds>;

template <class State>
struct ConditionOptions {
    State initial_state{};
    /// Called with the state that a check answered and the number of that check, from 1.
    std::function<WaitDecision(const State& state, int attempt)> strategy = {};
};

/// Timeouts are at most 99,999,999 seconds.
struct CallbackOptions {
    std::chrono::seconds timeout{0};            // zero: none but the execution's own
    std::chrono::seconds heartbeat_timeout{0};  // zero: no heartbeats wanted
};

struct WaitForCallbackOptions {
    std::chrono::seconds timeout{0};
    std::chrono::seconds heartbeat_timeout{0};
    RetryStrategy retry = {};  // of the submitter; empty: retry::exponential()
};

/// A callback's result exactly as it was sent, not read as JSON: `create_callback<RawText>(…)`.
struct RawText {
    std::string text;
    friend bool operator==(const RawText&, const RawText&) = default;
};

namespace detail {

using Text = std::optional<std::string>;  // JSON text; nothing for no value

template <class T>
T read_result(const Text& text) {
    if constexpr (std::same_as<T, RawText>) {
        return RawText{text.value_or("")};
    } else if constexpr (!std::is_void_v<T>) {
        return from_json<T>(text && !text->empty() ? Json::parse(*text) : Json());
    }
}

/// A body did its work, but its result is no JSON; doing it again would not help.
class ResultError : public SerdesError {
    using SerdesError::SerdesError;
};

template <class F, class... Args>
Text text_of(F& body, Args&... args) {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, Args&...>>) {
        body(args...);
        return std::nullopt;
    } else {
        decltype(auto) result = body(args...);
        try {
            return to_json(result).dump();
        } catch (const SerdesError& error) {
            throw ResultError(error.what());
        }
    }
}

template <class R>
struct StoredAs {
    using type = R;
};
template <class R>
    requires std::same_as<R, const char*> || std::same_as<R, std::string_view>
struct StoredAs<R> {
    using type = std::string;
};
/// What a body's result is after it was written and read: a value of its own, also for a reference or a literal.
template <class R>
using Stored = typename StoredAs<std::remove_cvref_t<R>>::type;

}  // namespace detail

/// A callback that somebody outside answers, with its id, through the Lambda API.
template <class T>
class Callback {
public:
    /// A bearer secret: whoever has it can answer. Never log it.
    [[nodiscard]] const std::string& id() const { return id_; }
    /// Suspends until it is answered. CallbackTimeoutError, CallbackExternalError; SerdesError when the answer is no T.
    T result() const;

private:
    friend class Context;
    Callback(std::shared_ptr<detail::ContextCore> core, std::string operation_id, std::string id)
        : core_(std::move(core)), operation_id_(std::move(operation_id)), id_(std::move(id)) {}

    std::shared_ptr<detail::ContextCore> core_;  // the context that created it may have ended
    std::string operation_id_;
    std::string id_;
};

/// Names have 1 to 256 printable ASCII characters; wait_for_callback's 246, because it adds to them.
class Context {
public:
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Runs `body` (taking nothing, or a StepContext&) until it succeeds or its retry strategy gives up (StepError),
    /// and records what it answers.
    template <class F>
    auto step(std::string_view name, F&& body, const StepOptions& options = {}) {
        if constexpr (std::is_invocable_v<F&, StepContext&>) {
            using R = detail::Stored<std::invoke_result_t<F&, StepContext&>>;
            return detail::read_result<R>(
                step_text(name, [&](StepContext& step) { return detail::text_of(body, step); }, options));
        } else {
            using R = detail::Stored<std::invoke_result_t<F&>>;
            return detail::read_result<R>(
                step_text(name, [&](StepContext&) { return detail::text_of(body); }, options));
        }
    }

    /// Suspends for at least this long: 1 second to 366 days, fractions rounded up.
    template <class Rep, class Period>
    void wait(std::string_view name, std::chrono::duration<Rep, Period> duration) {
        constexpr std::int64_t kTooLong = std::numeric_limits<std::int64_t>::max();
        wait_seconds(name, detail::whole_seconds(duration).value_or(kTooLong));
    }

    /// Polls: `check(state)` or `check(state, StepContext&)` answers the next state, the strategy decides whether to go
    /// on after a pause. Nothing runs during a pause. One operation, however often it polls. WaitForConditionError.
    template <class State, class F>
    State wait_for_condition(std::string_view name, F&& check, ConditionOptions<State> options) {
        const auto poll = [&](const std::string& state_text, StepContext& step) {
            const State state = from_json<State>(Json::parse(state_text));
            State next = [&] {
                if constexpr (std::is_invocable_v<F&, const State&, StepContext&>) {
                    return check(state, step);
                } else {
                    return check(state);
                }
            }();
            Json json = to_json(next);
            return std::pair(json.dump(), options.strategy(from_json<State>(json), step.attempt()));
        };
        return from_json<State>(Json::parse(
            condition_text(name, to_json(options.initial_state).dump(), options.strategy ? Poll(poll) : Poll())));
    }

    /// Answers as soon as the service has given the callback its id.
    template <class T>
    [[nodiscard]] Callback<T> create_callback(std::string_view name, CallbackOptions options = {}) {
        auto [operation_id, id] = start_callback(name, options);
        return Callback<T>(core_, std::move(operation_id), std::move(id));
    }

    /// Creates a callback, hands its id over in a step, and suspends until it is answered. `submitter` takes the id, or
    /// the id and a StepContext&. CallbackSubmitterError, CallbackTimeoutError, CallbackExternalError.
    template <class T, class F>
    T wait_for_callback(std::string_view name, F&& submitter, WaitForCallbackOptions options = {}) {
        return detail::read_result<T>(wait_for_callback_text(
            name,
            [&](const std::string& id, StepContext& step) {
                if constexpr (std::is_invocable_v<F&, const std::string&, StepContext&>) {
                    submitter(id, step);
                } else {
                    submitter(id);
                }
            },
            options));
    }

    /// Groups operations under one name; `body` takes the child's Context&. ChildContextError when it throws.
    template <class F>
    auto run_in_child_context(std::string_view name, F&& body) {
        using R = detail::Stored<std::invoke_result_t<F&, Context&>>;
        return detail::read_result<R>(child_text(name, [&](Context& child) { return detail::text_of(body, child); }));
    }

    [[nodiscard]] const Logger& logger() const;
    [[nodiscard]] const std::string& execution_arn() const;
    /// True while the handler repeats what an earlier invocation did; the logger is silent then.
    [[nodiscard]] bool is_replaying() const;

private:
    friend struct detail::Internals;
    explicit Context(std::shared_ptr<detail::ContextCore> core);

    using StepBody = std::function<detail::Text(StepContext&)>;
    using Poll = std::function<std::pair<std::string, WaitDecision>(const std::string& state, StepContext&)>;
    using Submitter = std::function<void(const std::string& id, StepContext&)>;
    using ChildBody = std::function<detail::Text(Context&)>;

    detail::Text step_text(std::string_view name, const StepBody& body, const StepOptions& options);
    void wait_seconds(std::string_view name, std::int64_t seconds);
    std::string condition_text(std::string_view name, const std::string& initial_state, const Poll& poll);
    std::pair<std::string, std::string> start_callback(std::string_view name, const CallbackOptions& options);
    detail::Text wait_for_callback_text(std::string_view name, const Submitter& submitter,
                                        const WaitForCallbackOptions& options);
    detail::Text child_text(std::string_view name, const ChildBody& body);

    std::shared_ptr<detail::ContextCore> core_;
};

namespace detail {
[[nodiscard]] Text callback_text(ContextCore& core, const std::string& operation_id);
}  // namespace detail

template <class T>
T Callback<T>::result() const {
    return detail::read_result<T>(detail::callback_text(*core_, operation_id_));
}

}  // namespace durable
