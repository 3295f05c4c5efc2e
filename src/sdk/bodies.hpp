// Bodies: how the author's code is run for an operation, and what becomes of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "durable/context.hpp"
#include "sdk/context_core.hpp"

namespace durable::detail {

/// What an attempt of a step came to.
struct StepOutcome {
    Text result;
    std::optional<ErrorInfo> error;
    RetryDecision retry;  // of one that failed
};

/// Runs a step's body where durable operations inside it are an error; such an error never returns from here, so that
/// nothing of the attempt is recorded.
[[nodiscard]] StepOutcome run_step_body(ContextCore& core, const Claim& claim, int attempt, const StepBody& body,
                                        const RetryStrategy& strategy);
/// The strategy's word, or the default one's; a strategy that throws gives up. Operations in it are refused as they are
/// in the body of the step. Call it in a catch block only.
[[nodiscard]] RetryDecision decide_retry(const RetryStrategy& strategy, ErrorInfo& error, int attempt,
                                         const std::string& step_name);

/// What the body of a context came to.
struct ChildRun {
    Text result;
    std::optional<ErrorInfo> error;
};
using ContextBody = std::function<Text(Context&)>;

/// Runs the body of a context in a context of its own.
[[nodiscard]] ChildRun run_child_body(const ContextCore& core, const Claim& claim, ChildKind kind,
                                      const ContextBody& body);

/// How a context's result is recorded.
struct ContextRecording {
    std::function<Text(const Text& result)> summary;  // instead of one that is too large; empty: nothing
};
/// Runs a context from its record: answers what is recorded, or runs the body and records it.
[[nodiscard]] ChildRun run_context(const ContextCore& core, const Claim& claim, const ContextBody& body,
                                   const ContextRecording& recording = {});
/// A context's result above this is not recorded: its body runs again from its records.
inline constexpr std::size_t kContextResultMax = std::size_t{256} * 1024;

/// Marks an operation's outcome as taken when it goes away, also when that is an error.
class Taking {
public:
    Taking(ContextCore& core, const std::string& id) : core_(core), id_(id) {}
    ~Taking() { core_.took(id_); }
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;

private:
    ContextCore& core_;
    const std::string& id_;
};

}  // namespace durable::detail
