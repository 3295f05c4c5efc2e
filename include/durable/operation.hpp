// Operations with their types taken away: what the templates of Context hand to the library.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "durable/serdes.hpp"
#include "durable/step.hpp"

namespace durable {

class Context;

namespace detail {
class ContextCore;
struct Internals;

// What a body is, is said by an assertion that is the first error of one that is none.

template <class F>
struct StepResultOf {
    static_assert(
        std::invocable<F&>,
        "the body of a step takes nothing or a durable::StepContext&; durable operations go beside a step, or "
        "into run_in_child_context");
    using type = void;
};
template <class F>
    requires(std::invocable<F&> && !std::invocable<F&, StepContext&>)
struct StepResultOf<F> {
    using type = Stored<std::invoke_result_t<F&>>;
};
template <class F>
    requires std::invocable<F&, StepContext&>
struct StepResultOf<F> {
    using type = Stored<std::invoke_result_t<F&, StepContext&>>;
};
template <class F>
using StepResult = typename StepResultOf<std::remove_reference_t<F>>::type;

template <class F>
struct ChildResultOf {
    static_assert(std::invocable<F&, Context&>, "the body of a child context takes the child's durable::Context&");
    using type = void;
};
template <class F>
    requires std::invocable<F&, Context&>
struct ChildResultOf<F> {
    using type = Stored<std::invoke_result_t<F&, Context&>>;
};
template <class F>
using ChildResult = typename ChildResultOf<std::remove_reference_t<F>>::type;

template <class F, class Item>
struct MapResultOf {
    static_assert(
        std::invocable<F&, Context&, const Item&>,
        "the body of a map takes a durable::Context&, the item, and if it likes the item's index (std::size_t)");
    using type = void;
};
template <class F, class Item>
    requires(std::invocable<F&, Context&, const Item&> && !std::invocable<F&, Context&, const Item&, std::size_t>)
struct MapResultOf<F, Item> {
    using type = Stored<std::invoke_result_t<F&, Context&, const Item&>>;
};
template <class F, class Item>
    requires std::invocable<F&, Context&, const Item&, std::size_t>
struct MapResultOf<F, Item> {
    using type = Stored<std::invoke_result_t<F&, Context&, const Item&, std::size_t>>;
};
template <class F, class Item>
using MapResult = typename MapResultOf<std::remove_reference_t<F>, Item>::type;

/// What `all` answers for a future.
template <class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

using StepBody = std::function<Text(StepContext&)>;
using Poll = std::function<std::pair<std::string, WaitDecision>(const Text& state, StepContext&)>;
using Submitter = std::function<void(const std::string& id, StepContext&)>;
using ChildBody = std::function<Text(Context&, const SerdesContext&)>;

/// Runs a step's body and writes what it answers.
template <class F, class R>
StepBody step_body(F body, const Serdes<R>& serdes) {
    return [body = std::move(body), serdes](StepContext& step) mutable {
        const SerdesContext context{.execution_arn = step.execution_arn(), .operation_id = step.operation_id()};
        if constexpr (std::invocable<F&, StepContext&>) {
            return text_of(serdes, context, body, step);
        } else {
            return text_of(serdes, context, body);
        }
    };
}

/// Runs a check, and asks the strategy about the state that it answers. Empty without a strategy.
template <class State, class F>
Poll poll(F check, ConditionOptions<State> options) {
    static_assert(std::invocable<F&, const State&, StepContext&> || std::invocable<F&, const State&>,
                  "the check of a condition takes a state, and if it likes a durable::StepContext&");
    if (!options.strategy) return {};
    return [check = std::move(check), options = std::move(options)](const Text& text, StepContext& step) mutable {
        const Recorded before{text, step.execution_arn(), std::string(step.operation_id())};
        const SerdesContext context = before.context();
        const auto round_trip = [&](const Text& written) {
            return read_result<State>({written, before.execution_arn, before.operation_id}, options.serdes);
        };
        const State state =
            text ? round_trip(text) : round_trip(write_result(options.initial_state, options.serdes, context));
        const Text next = [&] {
            if constexpr (std::invocable<F&, const State&, StepContext&>) {
                return write_result<State>(check(state, step), options.serdes, context);
            } else {
                return write_result<State>(check(state), options.serdes, context);
            }
        }();
        return std::pair(next.value_or("null"), options.strategy(round_trip(next), step.attempt()));
    };
}

template <class F>
Submitter submit(F submitter) {
    static_assert(std::invocable<F&, const std::string&, StepContext&> || std::invocable<F&, const std::string&>,
                  "a submitter takes the callback's id (std::string), and if it likes a durable::StepContext&");
    return [submitter = std::move(submitter)](const std::string& id, StepContext& step) mutable {
        if constexpr (std::invocable<F&, const std::string&, StepContext&>) {
            submitter(id, step);
        } else {
            submitter(id);
        }
    };
}

/// What is left of an operation after it was given its place: run where its outcome is wanted, again whenever it could
/// not be had yet.
struct Work {
    std::string operation_id;
    std::function<Recorded()> run;
    std::optional<Recorded> known = {};  // its record says it all: there is nothing to run
    std::string name = {};               // of the operation; empty: none
    [[nodiscard]] Recorded outcome() const { return known ? *known : run(); }
};

/// Timeouts of a callback.
struct CallbackTimeouts {
    std::chrono::seconds timeout{0};
    std::chrono::seconds heartbeat_timeout{0};
};
}  // namespace detail

}  // namespace durable
