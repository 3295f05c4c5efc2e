// Functions that are not durable: one event in, one answer out.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "durable/context.hpp"
#include "durable/json.hpp"
#include "durable/logger.hpp"

namespace durable {

/// What is known about one invocation.
class LambdaContext {
public:
    /// Made by run_lambda, and by tests.
    LambdaContext(std::string request_id, std::string function_arn, std::chrono::system_clock::time_point deadline,
                  Logger logger, std::string tenant_id = {})
        : request_id_(std::move(request_id)),
          function_arn_(std::move(function_arn)),
          deadline_(deadline),
          logger_(std::move(logger)),
          tenant_id_(std::move(tenant_id)) {}

    /// Of this invocation; AWS's logs name it.
    [[nodiscard]] const std::string& request_id() const { return request_id_; }
    /// As the caller named the function, with version or alias.
    [[nodiscard]] const std::string& function_arn() const { return function_arn_; }
    /// For whom it is, as the service knows it; empty for a function without tenant isolation.
    [[nodiscard]] const std::string& tenant_id() const { return tenant_id_; }
    /// Until the service ends this invocation; milliseconds::max() when the service named no end.
    [[nodiscard]] std::chrono::milliseconds remaining_time() const;
    /// Its lines carry the request's id.
    [[nodiscard]] const Logger& logger() const { return logger_; }

private:
    std::string request_id_;
    std::string function_arn_;
    std::chrono::system_clock::time_point deadline_;
    Logger logger_;
    std::string tenant_id_;
};

namespace detail {

using LambdaHandler = std::function<Text(LambdaContext&, const Text& event)>;
int run_lambda(const LambdaHandler& handler);

template <class Signature, class C>
inline constexpr bool is_handler_of = false;
template <class R, class C, class Event>
    requires(!std::is_rvalue_reference_v<Event>)
inline constexpr bool is_handler_of<std::function<R(C&, Event)>, C> = true;

/// Whether F takes a C& and one event.
template <class F, class C>
consteval bool is_handler() {
    if constexpr (requires(F f) { std::function(std::move(f)); }) {
        return is_handler_of<decltype(std::function(std::declval<F>())), C>;
    } else {
        return false;
    }
}

template <class R, class Event>
LambdaHandler erase(std::function<R(LambdaContext&, Event)> handler) {
    return [handler = std::move(handler)](LambdaContext& context, const Text& event) {
        std::remove_cvref_t<Event> value = read_result<std::remove_cvref_t<Event>>(event);
        if constexpr (std::same_as<std::remove_cvref_t<R>, RawText>) {
            return handler(context, value).text;  // nothing records it
        } else {
            return text_of(Serdes<Stored<R>>(), {}, handler, context, value);
        }
    };
}

}  // namespace detail

/// Serves invocations of `handler`, which is R(LambdaContext&, Event), until the process is ended. Call it from main
/// and answer what it answers.
template <class F>
int run_lambda(F handler) {
    static_assert(detail::is_handler<F, LambdaContext>(),
                  "a handler is R(durable::LambdaContext&, const Event&): a function, or a callable object whose "
                  "operator() is no template");
    if constexpr (detail::is_handler<F, LambdaContext>()) {
        return detail::run_lambda(detail::erase(std::function(std::move(handler))));
    } else {
        return 1;
    }
}

}  // namespace durable
