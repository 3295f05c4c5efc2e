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

template <class F>
struct StepResultOf {
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
using ChildResult = Stored<std::invoke_result_t<F&, Context&>>;

template <class F, class Item>
struct MapResultOf {
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
/// What is left of an operation after it was given its place: run where its outcome is wanted, again whenever it could
/// not be had yet.
struct Work {
    std::string operation_id;
    std::function<Recorded()> run;
    std::optional<Recorded> known = {};  // its record says it all: there is nothing to run
    [[nodiscard]] Recorded outcome() const { return known ? *known : run(); }
};

/// Timeouts of a callback.
struct CallbackTimeouts {
    std::chrono::seconds timeout{0};
    std::chrono::seconds heartbeat_timeout{0};
};
}  // namespace detail

}  // namespace durable
