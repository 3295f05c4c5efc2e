// Options of invoke and of child contexts.
#pragma once

#include <functional>
#include <string>

#include "durable/errors.hpp"
#include "durable/serdes.hpp"

namespace durable {

/// P is the payload's type, R the result's.
template <class P, class R>
struct InvokeOptions {
    std::string tenant_id = {};     // for a function with tenant isolation
    Serdes<P> payload_serdes = {};  // of what is sent
    Serdes<R> result_serdes = {};   // of what is answered
};

/// T is what the child's body answers.
template <class T>
struct ChildOptions {
    Serdes<T> serdes = {};  // of what the body answers
    /// Shown in the history instead of RunInChildContext; 1 to 32 of a-z, A-Z, 0-9, - and _.
    std::string sub_type = {};
    /// Recorded instead of a result above 256 KiB; for people who look at it.
    std::function<std::string(const T&)> summary = {};
    /// What ChildContextError carries instead of the body's error.
    std::function<ErrorInfo(const ErrorInfo&)> map_error = {};
    /// Writes no operation of its own: cheaper, but nothing is recorded of what its body answers or throws, so the body
    /// runs again on every replay.
    bool is_virtual = false;
};
template <>
struct ChildOptions<void> {
    Serdes<void> serdes = {};
    std::string sub_type = {};
    std::function<ErrorInfo(const ErrorInfo&)> map_error = {};
    bool is_virtual = false;
};

}  // namespace durable
