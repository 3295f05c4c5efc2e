// Durable functions for AWS Lambda and Holdpoint: include this.
//
//     Receipt order(durable::Context& ctx, Order order) {
//         auto payment = ctx.step("charge", [&] { return charge(order); });
//         ctx.wait("let it settle", std::chrono::hours(24));
//         return ctx.step("ship", [&] { return ship(order, payment); });
//     }
//     int main() { return durable::run(order); }
#pragma once

#include <functional>
#include <utility>

#include "durable/context.hpp"
#include "durable/errors.hpp"
#include "durable/json.hpp"
#include "durable/lambda.hpp"
#include "durable/logger.hpp"
#include "durable/plugin.hpp"
#include "durable/retry.hpp"

namespace durable {

namespace detail {

using DurableHandler = std::function<Text(Context&, const Text& event)>;
inline constexpr int kThreadsDefault = 16;

template <class F, class R, class Event>
DurableHandler erase(std::function<R(Context&, Event)> handler) {
    refuse_noexcept<F, Context&, Event>();
    return [handler = std::move(handler)](Context& context, const Text& event) {
        std::remove_cvref_t<Event> value = read_result<std::remove_cvref_t<Event>>(event);
        return text_of(Serdes<Stored<R>>(), {}, handler, context, value);
    };
}

/// A handler with its types taken away.
template <class F>
DurableHandler erase_handler(F handler) {
    static_assert(is_handler<F, Context>(),
                  "a handler is R(durable::Context&, const Event&): a function, or a callable object whose operator() "
                  "is no template");
    if constexpr (is_handler<F, Context>()) {
        return erase<F>(std::function(std::move(handler)));
    } else {
        return {};
    }
}

}  // namespace detail

/// How a function's process works.
struct RunOptions {
    std::vector<std::shared_ptr<Plugin>> plugins = {};  // told of what happens, in this order
    /// How many bodies of branches, items and asynchronous operations run at once, besides the handler's own thread.
    /// With 0 they run on that thread, while the handler waits for them.
    int threads = detail::kThreadsDefault;
};

namespace detail {
int run(const DurableHandler& handler, RunOptions options);
}

/// Serves invocations of `handler`, which is R(Context&, Event), until the process is ended. Call it from main and
/// answer what it answers.
template <class F>
int run(F handler, RunOptions options = {}) {
    return detail::run(detail::erase_handler(std::move(handler)), std::move(options));
}

}  // namespace durable
