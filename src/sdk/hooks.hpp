// Hooks: tells plugins what happens, and keeps what they throw from the workflow.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "durable/plugin.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

class ExecutionState;

/// An operation as the service last told of it; never changed once it is here.
using Record = std::shared_ptr<const holdpoint::wire::Operation>;

/// A record before and after the service told of it.
struct OperationNews {
    Record before;  // nullptr: it is new
    Record now;
};

class Hooks {
public:
    explicit Hooks(std::vector<std::shared_ptr<Plugin>> plugins) : plugins_(std::move(plugins)) {}

    [[nodiscard]] bool any() const { return !plugins_.empty(); }

    void invocation_start(const InvocationInfo& info);
    void invocation_end(const InvocationEnd& end);
    /// The handler came to an operation that is not over.
    void operation_start(const OperationInfo& info);
    void operation_end(const OperationInfo& info);
    /// The service told of new states.
    void changed(const ExecutionState& state, const std::vector<OperationNews>& news);
    void attempt_start(const AttemptInfo& info);
    void attempt_end(const AttemptEnd& end);
    void enrich_log(Logger::Fields& fields);

    /// Operations that came to their end between two invocations.
    void ended_meanwhile(const std::vector<OperationInfo>& updated);

    /// Forgets what was told in an earlier invocation.
    void begin();

private:
    void each(std::string_view hook, const std::function<void(Plugin&)>& call);

    std::vector<std::shared_ptr<Plugin>> plugins_;
    std::recursive_mutex mutex_;  // a plugin may log, and its line is enriched
    std::unordered_set<std::string> started_;
};

[[nodiscard]] OperationInfo info_of(const holdpoint::wire::Operation& record, bool is_replay);

}  // namespace durable::detail
