// Context: the operations of a durable function. Each is recorded when it finishes; when the handler runs again, it is
// answered from its record.
//
// A handler must do the same operations in the same order for the same input; whatever may differ (time, chance, input
// and output) belongs into steps. A context may only be used by the body that it was given to, on that body's thread,
// not in the body of a step and not in a destructor while an exception is on its way.
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
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "durable/batch.hpp"
#include "durable/callback.hpp"
#include "durable/errors.hpp"
#include "durable/future.hpp"
#include "durable/json.hpp"
#include "durable/logger.hpp"
#include "durable/operation.hpp"
#include "durable/options.hpp"
#include "durable/retry.hpp"
#include "durable/serdes.hpp"
#include "durable/step.hpp"

namespace durable {

/// Names have 1 to 256 printable ASCII characters (wait_for_callback's 246, with_retry's 237: they add to them); an
/// empty name leaves the operation without one. What ends with `_async` is the same and answers a Future at once; what
/// its body captures by reference must live as long as the future.
class Context {
public:
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Runs `body` (taking nothing, or a StepContext&) until it succeeds or its retry strategy gives up (StepError),
    /// and records what it answers.
    template <class F>
    auto step(std::string_view name, F&& body, const StepOptions<detail::StepResult<F>>& options = {}) {
        return detail::read_result<detail::StepResult<F>>(
            now(step_work(name, detail::step_body(std::ref(body), options.serdes), options.retry, options.semantics)),
            options.serdes);
    }
    /// step, as a future.
    template <class F>
    auto step_async(std::string_view name, F body, const StepOptions<detail::StepResult<F>>& options = {}) {
        return future<detail::StepResult<F>>(spawn(step_work(name, detail::step_body(std::move(body), options.serdes),
                                                             options.retry, options.semantics)),
                                             options.serdes);
    }

    /// Suspends for at least this long: 1 second to 366 days, fractions rounded up.
    template <class Rep, class Period>
    void wait(std::string_view name, std::chrono::duration<Rep, Period> duration) {
        (void)now(wait_work(name, seconds_of(duration)));
    }
    /// wait, as a future.
    template <class Rep, class Period>
    Future<void> wait_async(std::string_view name, std::chrono::duration<Rep, Period> duration) {
        return future<void>(watch(wait_work(name, seconds_of(duration))), Serdes<void>());
    }

    /// Polls: `check(state)` or `check(state, StepContext&)` answers the next state, the strategy decides whether to go
    /// on after a pause. Nothing runs during a pause. One operation, however often it polls. WaitForConditionError.
    template <class State, class F>
    State wait_for_condition(std::string_view name, F&& check, ConditionOptions<State> options) {
        Serdes<State> serdes = options.serdes;
        return detail::read_result<State>(
            now(condition_work(name, detail::poll<State>(std::ref(check), std::move(options)))), serdes);
    }
    /// wait_for_condition, as a future.
    template <class State, class F>
    Future<State> wait_for_condition_async(std::string_view name, F check, ConditionOptions<State> options) {
        Serdes<State> serdes = options.serdes;
        return future<State>(spawn(condition_work(name, detail::poll<State>(std::move(check), std::move(options)))),
                             serdes);
    }

    /// Answers as soon as the service has given the callback its id.
    template <class T>
    [[nodiscard]] Callback<T> create_callback(std::string_view name, const CallbackOptions<T>& options = {}) {
        auto [operation_id, id] =
            start_callback(name, {.timeout = options.timeout, .heartbeat_timeout = options.heartbeat_timeout});
        return Callback<T>(core_, std::move(operation_id), std::move(id), options.serdes);
    }

    /// Creates a callback, hands its id over in a step, and suspends until it is answered. `submitter` takes the id, or
    /// the id and a StepContext&. CallbackSubmitterError, CallbackTimeoutError, CallbackExternalError.
    template <class T, class F>
    T wait_for_callback(std::string_view name, F&& submitter, const WaitForCallbackOptions<T>& options = {}) {
        return detail::read_result<T>(
            now(callback_work(name, detail::submit(std::ref(submitter)),
                              {.timeout = options.timeout, .heartbeat_timeout = options.heartbeat_timeout},
                              options.retry)),
            options.serdes);
    }
    /// wait_for_callback, as a future.
    template <class T, class F>
    Future<T> wait_for_callback_async(std::string_view name, F submitter,
                                      const WaitForCallbackOptions<T>& options = {}) {
        return future<T>(
            spawn(callback_work(name, detail::submit(std::move(submitter)),
                                {.timeout = options.timeout, .heartbeat_timeout = options.heartbeat_timeout},
                                options.retry)),
            options.serdes);
    }

    /// Invokes another function (its name with version or alias, or its ARN) and suspends until it has answered; a
    /// durable one may take as long as it likes. InvokeFailedError, InvokeTimedOutError, InvokeStoppedError.
    template <class R, class P>
    R invoke(std::string_view name, std::string_view function, const P& payload,
             const InvokeOptions<detail::Stored<std::decay_t<const P>>, R>& options = {}) {
        return detail::read_result<R>(
            now(invoke_work(name, function, payload_of(payload, options.payload_serdes), options.tenant_id)),
            options.result_serdes);
    }
    /// invoke, as a future.
    template <class R, class P>
    Future<R> invoke_async(std::string_view name, std::string_view function, const P& payload,
                           const InvokeOptions<detail::Stored<std::decay_t<const P>>, R>& options = {}) {
        return future<R>(
            watch(invoke_work(name, function, payload_of(payload, options.payload_serdes), options.tenant_id)),
            options.result_serdes);
    }

    /// Groups operations under one name; `body` takes the child's Context&. ChildContextError when it throws.
    template <class F>
    auto run_in_child_context(std::string_view name, F&& body,
                              const ChildOptions<detail::ChildResult<F>>& options = {}) {
        return detail::read_result<detail::ChildResult<F>>(
            now(child_work(name, child_body(std::ref(body), options), child_spec(options))), options.serdes);
    }
    /// run_in_child_context, as a future.
    template <class F>
    auto run_in_child_context_async(std::string_view name, F body,
                                    const ChildOptions<detail::ChildResult<F>>& options = {}) {
        return future<detail::ChildResult<F>>(
            spawn(child_work(name, child_body(std::move(body), options), child_spec(options))), options.serdes);
    }

    /// Runs `body`, which takes Context&, an item, and if it likes the item's index, for every item at once, or for
    /// `max_concurrency` of them. What an item throws is in the result, not thrown.
    template <class Item, class F>
    auto map(std::string_view name, const std::vector<Item>& items, F&& body,
             const MapOptions<Item, detail::MapResult<F, Item>>& options = {}) {
        using R = detail::MapResult<F, Item>;
        return detail::batch_result<R>(now(batch_work(name, map_spec<R>(&items, std::ref(body), options), "Map")),
                                       options);
    }
    /// map, as a future; it keeps the items.
    template <class Item, class F>
    auto map_async(std::string_view name, std::vector<Item> items, F body,
                   const MapOptions<Item, detail::MapResult<F, Item>>& options = {}) {
        using R = detail::MapResult<F, Item>;
        auto owned = std::make_shared<const std::vector<Item>>(std::move(items));
        return batch_future<R>(batch_work(name, map_spec<R>(std::move(owned), std::move(body), options), "Map"),
                               options);
    }

    /// Runs the branches at once, or `max_concurrency` of them: `parallel<int>("checks", {first, second})`.
    template <class T>
    BatchResult<T> parallel(std::string_view name, std::vector<Branch<T>> branches,
                            const ParallelOptions<T>& options = {}) {
        return detail::batch_result<T>(now(batch_work(name, parallel_spec(std::move(branches), options), "Parallel")),
                                       options);
    }
    /// parallel, as a future.
    template <class T>
    Future<BatchResult<T>> parallel_async(std::string_view name, std::vector<Branch<T>> branches,
                                          const ParallelOptions<T>& options = {}) {
        return batch_future<T>(batch_work(name, parallel_spec(std::move(branches), options), "Parallel"), options);
    }

    /// Runs `body`, which takes the child's Context& and the attempt's number from 1, in a child context until it
    /// succeeds or the strategy gives up; between attempts it waits. For operations that only make sense together.
    template <class F>
    auto with_retry(std::string_view name, F&& body, const RetryStrategy& retry = {}) {
        static_assert(std::invocable<F&, Context&, int>,
                      "the body of with_retry takes the child's durable::Context& and the attempt's number (int)");
        detail::refuse_noexcept<F, Context&, int>();
        using R = detail::Stored<std::invoke_result_t<F&, Context&, int>>;
        const auto attempts = [&body](Context& child, const SerdesContext& context, int attempt) {
            return detail::text_of(Serdes<R>(), context, body, child, attempt);
        };
        return detail::read_result<R>(now(retry_work(name, attempts, retry)), Serdes<R>());
    }

    // Several futures at once. Each is recorded as a context that says which of them decided, so that replay decides
    // the same. At least one future, but for all and all_settled; all of this context. What is not decided goes on
    // until its future goes away.

    /// Waits for every one of them; the first that fails is thrown. Answers a tuple; std::monostate for void.
    template <class... T>
    std::tuple<detail::ValueOf<T>...> all(std::string_view name, const Future<T>&... futures) {
        rethrow_first_failure(name, {futures.handle_.task()...});
        return {value_of(futures)...};
    }
    /// The same for a list of them.
    template <class T>
    std::vector<detail::ValueOf<T>> all(std::string_view name, const std::vector<Future<T>>& futures) {
        rethrow_first_failure(name, tasks_of(futures));
        std::vector<detail::ValueOf<T>> values;
        values.reserve(futures.size());
        for (const auto& future : futures) values.push_back(value_of(future));
        return values;
    }
    /// Waits for every one of them, and throws nothing: a result that cannot be read is an error, too ("SerdesError").
    template <class... T>
    std::tuple<Settled<T>...> all_settled(std::string_view name, const Future<T>&... futures) {
        settle(name, {futures.handle_.task()...});
        return {settled(futures)...};
    }
    /// The same for a list of them.
    template <class T>
    std::vector<Settled<T>> all_settled(std::string_view name, const std::vector<Future<T>>& futures) {
        settle(name, tasks_of(futures));
        std::vector<Settled<T>> settled_ones;
        settled_ones.reserve(futures.size());
        for (const auto& future : futures) settled_ones.push_back(settled(future));
        return settled_ones;
    }
    /// The first that succeeds, with a result that can be read. CombinatorError when every one fails.
    template <class T, std::same_as<T>... More>
    T any(std::string_view name, const Future<T>& first, const Future<More>&... more) {
        return first_success<T>(name, {&first, &more...});
    }
    /// The same for a list of them.
    template <class T>
    T any(std::string_view name, const std::vector<Future<T>>& futures) {
        std::vector<const Future<T>*> pointers;
        for (const auto& future : futures) pointers.push_back(&future);
        return first_success<T>(name, pointers);
    }
    /// The first that is over, whether it succeeded or failed.
    template <class T, std::same_as<T>... More>
    T race(std::string_view name, const Future<T>& first, const Future<More>&... more) {
        const Future<T>* futures[] = {&first, &more...};
        return futures[first_over("race", name, {first.handle_.task(), more.handle_.task()...})]->get();
    }
    /// The same for a list of them.
    template <class T>
    T race(std::string_view name, const std::vector<Future<T>>& futures) {
        return futures[first_over("race", name, tasks_of(futures))].get();
    }
    /// Which of them is over first; for futures of different types.
    template <class... T>
    std::size_t select(std::string_view name, const Future<T>&... futures) {
        return first_over("select", name, {futures.handle_.task()...});
    }

    /// Silent while this context replays.
    [[nodiscard]] const Logger& logger() const;
    /// Of the execution that this invocation belongs to.
    [[nodiscard]] const std::string& execution_arn() const;
    /// For whom that execution is, as the service knows it; empty for a function without tenant isolation.
    [[nodiscard]] const std::string& tenant_id() const;
    /// When that execution began, by the service's clock; the same in every invocation.
    [[nodiscard]] std::chrono::system_clock::time_point execution_started_at() const;
    /// True while this context repeats what an earlier invocation did; its logger is silent then.
    [[nodiscard]] bool is_replaying() const;

private:
    friend struct detail::Internals;
    template <class T>
    friend class Callback;
    using Tasks = std::vector<std::shared_ptr<detail::Task>>;
    struct BatchWork {
        std::string operation_id;
        std::function<detail::BatchOutcome()> run;
        std::string name;
    };
    using Attempts = std::function<detail::Text(Context&, const SerdesContext&, int attempt)>;
    struct ChildSpec {
        std::string sub_type;
        bool is_virtual = false;
        std::function<ErrorInfo(const ErrorInfo&)> map_error;
        std::function<std::string(const detail::Recorded&)> summary;
    };

    explicit Context(std::shared_ptr<detail::ContextCore> core);

    // Each gives the operation its place and answers what is left to do.
    detail::Work step_work(std::string_view name, detail::StepBody body, RetryStrategy retry, StepSemantics semantics);
    detail::Work wait_work(std::string_view name, std::int64_t seconds);
    detail::Work condition_work(std::string_view name, detail::Poll poll);
    detail::Work callback_work(std::string_view name, detail::Submitter submitter, detail::CallbackTimeouts timeouts,
                               RetryStrategy retry);
    detail::Work invoke_work(std::string_view name, std::string_view function, detail::Text payload,
                             const std::string& tenant_id);
    detail::Work child_work(std::string_view name, detail::ChildBody body, ChildSpec spec);
    BatchWork batch_work(std::string_view name, detail::BatchSpec spec, std::string_view sub_type);
    detail::Work retry_work(std::string_view name, const Attempts& attempts, const RetryStrategy& retry);
    std::pair<std::string, std::string> start_callback(std::string_view name, const detail::CallbackTimeouts& timeouts);
    [[nodiscard]] SerdesContext payload_context() const;

    /// Does the work here, and takes its outcome.
    detail::Recorded now(detail::Work work);
    detail::BatchOutcome now(const BatchWork& work);
    /// A task for work that runs code of the author.
    std::shared_ptr<detail::Task> spawn(detail::Work work);
    /// A task for work that only waits for the service.
    std::shared_ptr<detail::Task> watch(detail::Work work);

    void rethrow_first_failure(std::string_view name, const Tasks& tasks);
    void settle(std::string_view name, const Tasks& tasks);
    /// `read` throws what asking the future of that place throws.
    std::size_t first_success(std::string_view name, const Tasks& tasks, const std::function<void(std::size_t)>& read);
    std::size_t first_over(std::string_view kind, std::string_view name, const Tasks& tasks);

    template <class Rep, class Period>
    static std::int64_t seconds_of(std::chrono::duration<Rep, Period> duration) {
        return detail::whole_seconds(duration).value_or(std::numeric_limits<std::int64_t>::max());
    }

    template <class P>
    detail::Text payload_of(const P& payload, const Serdes<detail::Stored<std::decay_t<const P>>>& serdes) const {
        if constexpr (std::same_as<P, std::nullptr_t>) {
            return std::nullopt;
        } else {
            try {
                return detail::write_result<std::decay_t<const P>>(payload, serdes, payload_context());
            } catch (const detail::ResultError& error) {
                throw SerdesError(error.what());
            }
        }
    }

    template <class F, class R>
    static detail::ChildBody child_body(F body, const ChildOptions<R>& options) {
        detail::refuse_noexcept<F, Context&>();
        return [body = std::move(body), serdes = options.serdes](Context& child, const SerdesContext& context) mutable {
            return detail::text_of(serdes, context, body, child);
        };
    }
    template <class R>
    static ChildSpec child_spec(const ChildOptions<R>& options) {
        ChildSpec spec{.sub_type = options.sub_type,
                       .is_virtual = options.is_virtual,
                       .map_error = options.map_error,
                       .summary = {}};
        if constexpr (!std::is_void_v<R>) {
            if (options.summary) {
                spec.summary = [summary = options.summary, serdes = options.serdes](const detail::Recorded& recorded) {
                    return detail::recordable(summary(detail::read_result<R>(recorded, serdes)), detail::kSummary);
                };
            }
        }
        return spec;
    }

    template <class R, class Items, class F, class Options>
    static detail::BatchSpec map_spec(Items items, F body, const Options& options) {
        detail::BatchSpec spec = detail::batch_spec<R>(options);
        spec.names.reserve(items->size());
        try {
            for (std::size_t i = 0; i < items->size(); ++i) {
                spec.names.push_back(options.item_name ? options.item_name((*items)[i], i)
                                                       : "map-item-" + std::to_string(i));
            }
        } catch (...) {
            spec.problem = detail::thrown_error();
        }
        spec.body = [items = std::move(items), body = std::move(body), serdes = options.item_serdes](
                        Context& context, std::size_t index, const SerdesContext& where) mutable {
            const auto& item = (*items)[index];
            if constexpr (std::invocable<F&, Context&, decltype(item), std::size_t>) {
                detail::refuse_noexcept<F, Context&, decltype(item), std::size_t>();
                return detail::text_of(serdes, where, body, context, item, index);
            } else {
                detail::refuse_noexcept<F, Context&, decltype(item)>();
                return detail::text_of(serdes, where, body, context, item);
            }
        };
        return spec;
    }

    template <class T>
    static detail::BatchSpec parallel_spec(std::vector<Branch<T>> branches, const ParallelOptions<T>& options) {
        detail::BatchSpec spec = detail::batch_spec<T>(options);
        spec.names.reserve(branches.size());
        for (std::size_t i = 0; i < branches.size(); ++i) {
            spec.names.push_back(branches[i].name.empty() ? "parallel-branch-" + std::to_string(i) : branches[i].name);
        }
        spec.body = [branches = std::move(branches), serdes = options.item_serdes](Context& context, std::size_t index,
                                                                                   const SerdesContext& where) {
            return detail::text_of(serdes, where, branches[index].body, context);
        };
        return spec;
    }

    template <class R>
    static Future<R> future(std::shared_ptr<detail::Task> task, const Serdes<R>& serdes) {
        return Future<R>(std::move(task), [serdes](const detail::Recorded& recorded) {
            return detail::read_result<R>(recorded, serdes);
        });
    }

    template <class R, class Options>
    Future<BatchResult<R>> batch_future(const BatchWork& work, const Options& options) {
        auto outcome = std::make_shared<detail::BatchOutcome>();
        auto task = spawn({.operation_id = work.operation_id,
                           .run = [outcome, work]() -> detail::Recorded {
                               *outcome = work.run();
                               return {};
                           },
                           .name = work.name});
        return Future<BatchResult<R>>(std::move(task), [outcome, options](const detail::Recorded&) {
            return detail::batch_result<R>(*outcome, options);
        });
    }

    template <class T>
    static Tasks tasks_of(const std::vector<Future<T>>& futures) {
        Tasks tasks;
        tasks.reserve(futures.size());
        for (const auto& future : futures) tasks.push_back(future.handle_.task());
        return tasks;
    }
    template <class T>
    T first_success(std::string_view name, const std::vector<const Future<T>*>& futures) {
        Tasks tasks;
        tasks.reserve(futures.size());
        for (const auto* future : futures) tasks.push_back(future->handle_.task());
        return futures[first_success(name, tasks, [&](std::size_t i) { (void)futures[i]->get(); })]->get();
    }
    template <class T>
    static detail::ValueOf<T> value_of(const Future<T>& future) {
        if constexpr (std::is_void_v<T>) {
            future.get();
            return {};
        } else {
            return future.get();
        }
    }
    template <class T>
    static Settled<T> settled(const Future<T>& future) {
        Settled<T> settled;
        settled.error = detail::failure_of(*future.handle_.task());
        if constexpr (!std::is_void_v<T>) {
            if (settled.error) return settled;
            try {
                settled.value = future.get();
            } catch (const SerdesError& error) {
                settled.error = ErrorInfo{.type = "SerdesError", .message = error.what()};
            }
        }
        return settled;
    }

    std::shared_ptr<detail::ContextCore> core_;
};

template <class T>
Future<T> Callback<T>::result_async() const {
    return Context::future<T>(detail::watch_callback(*core_, operation_id_), serdes_);
}

}  // namespace durable
