// Callbacks: waiting for somebody outside.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "durable/future.hpp"
#include "durable/retry.hpp"
#include "durable/serdes.hpp"

namespace durable {

class Context;

namespace detail {
class ContextCore;
[[nodiscard]] Recorded callback_outcome(ContextCore& core, const std::string& operation_id);
[[nodiscard]] std::shared_ptr<Task> watch_callback(ContextCore& core, const std::string& operation_id);
}  // namespace detail

/// Timeouts are at most 99,999,999 seconds.
template <class T>
struct CallbackOptions {
    std::chrono::seconds timeout{0};            // zero: none but the execution's own
    std::chrono::seconds heartbeat_timeout{0};  // zero: no heartbeats wanted
    Serdes<T> serdes = {};                      // only `deserialize` is used: whoever answers writes
};

/// Timeouts are at most 99,999,999 seconds.
template <class T>
struct WaitForCallbackOptions {
    std::chrono::seconds timeout{0};            // zero: none but the execution's own
    std::chrono::seconds heartbeat_timeout{0};  // zero: no heartbeats wanted
    RetryStrategy retry = {};                   // of the submitter; empty: retry::exponential()
    Serdes<T> serdes = {};                      // only `deserialize` is used: whoever answers writes
};

/// A callback that somebody outside answers, with its id, through the Lambda API.
template <class T>
class Callback {
public:
    /// A bearer secret: whoever has it can answer. Never log it.
    [[nodiscard]] const std::string& id() const { return id_; }
    /// Suspends until it is answered. CallbackTimeoutError, CallbackExternalError; SerdesError when the answer is no T.
    T result() const;
    /// The same as a future, to wait for it and other things at once.
    [[nodiscard]] Future<T> result_async() const;

private:
    friend class Context;
    Callback(std::shared_ptr<detail::ContextCore> core, std::string operation_id, std::string id, Serdes<T> serdes)
        : core_(std::move(core)),
          operation_id_(std::move(operation_id)),
          id_(std::move(id)),
          serdes_(std::move(serdes)) {}

    std::shared_ptr<detail::ContextCore> core_;  // the context that created it may have ended
    std::string operation_id_;
    std::string id_;
    Serdes<T> serdes_;
};

template <class T>
T Callback<T>::result() const {
    return detail::read_result<T>(detail::callback_outcome(*core_, operation_id_), serdes_);
}

}  // namespace durable
