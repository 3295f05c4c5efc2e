// Child contexts, and the operations that are made of several in one: wait_for_callback and with_retry.
#include <fmt/format.h>

#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"
#include "sdk/delays.hpp"
#include "sdk/error_mapping.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::ChildRun;
using detail::Claim;
using detail::Recorded;
using detail::Text;
using detail::Work;
using wire::OperationType;

namespace {

// Which error a wait_for_callback ended with stands in the first line of the recorded stack, as a trace's first line
// names its exception; type, message and data stay as they were sent.
constexpr std::string_view kTimeoutMark = "durable::CallbackTimeoutError";
constexpr std::string_view kExternalMark = "durable::CallbackExternalError";
constexpr std::string_view kSubmitterMark = "durable::CallbackSubmitterError";

[[noreturn]] void throw_marked(ErrorInfo error, std::string_view mark) {
    error.stack.emplace(error.stack.begin(), mark);
    throw DurableOperationError(std::move(error));
}

[[noreturn]] void throw_unmarked(ErrorInfo error) {
    std::string mark;
    if (!error.stack.empty()) {
        mark = std::move(error.stack.front());
        error.stack.erase(error.stack.begin());
    }
    if (mark == kTimeoutMark) throw CallbackTimeoutError(std::move(error));
    if (mark == kExternalMark) throw CallbackExternalError(std::move(error));
    if (mark == kSubmitterMark) throw CallbackSubmitterError(std::move(error));
    throw CallbackError(std::move(error));
}

/// The longest that with_retry adds to its name: an attempt's number has up to ten digits.
constexpr std::string_view kBackoffSuffix = "-backoff-2147483647";
constexpr std::string_view kSubmitterSuffix = "-submitter";  // the longest that wait_for_callback adds to its name

constexpr std::size_t kSubTypeMax = 32;

bool is_sub_type(std::string_view text) {
    return text.size() <= kSubTypeMax && text.find_first_not_of(
                                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "0123456789-_") == std::string_view::npos;
}

ErrorInfo mapped(const std::function<ErrorInfo(const ErrorInfo&)>& map_error, ErrorInfo error,
                 const std::string& name) {
    if (!map_error) return error;
    try {
        const detail::Frame frame(name, detail::kMapErrorOf);
        return map_error(error);
    } catch (...) {
        return detail::thrown_error();
    }
}

}  // namespace

Work Context::child_work(std::string_view name, detail::ChildBody body, ChildSpec spec) {
    core_->check_place("RunInChildContext", name);
    if (spec.sub_type.empty()) spec.sub_type = "RunInChildContext";
    if (!is_sub_type(spec.sub_type)) {
        core_->state.refuse_use(
            fmt::format("run_in_child_context '{}': the sub type '{}' is not made of 1 to {} of a-z, A-Z, 0-9, - and _",
                        name, spec.sub_type, kSubTypeMax));
    }
    const Claim claim = spec.is_virtual ? core_->claim_virtual(name, spec.sub_type)
                                        : core_->claim(OperationType::context, name, spec.sub_type);
    const auto work = [core = core_, claim, body = std::move(body), spec = std::move(spec)] {
        const auto run_body = [&](Context& child) {
            return body(child, {.execution_arn = core->state.execution_arn(), .operation_id = claim.id});
        };
        detail::ContextRecording recording;
        if (spec.summary) {
            recording.summary = [&](const Text& result) -> Text {
                return spec.summary(core->make_recorded(result, claim.id));
            };
        }
        ChildRun run = spec.is_virtual ? detail::run_child_body(*core, claim, {.is_virtual = true}, run_body)
                                       : detail::run_context(*core, claim, run_body, recording);
        if (run.error) throw ChildContextError(mapped(spec.map_error, std::move(*run.error), claim.name));
        return core->make_recorded(std::move(run.result), claim.id);
    };
    return {.operation_id = claim.id, .run = work, .name = claim.name};
}

Work Context::callback_work(std::string_view name, detail::Submitter submitter, detail::CallbackTimeouts timeouts,
                            RetryStrategy retry) {
    core_->check_place("WaitForCallback", name);
    core_->check_name("WaitForCallback", name, kSubmitterSuffix);
    const Claim claim = core_->claim(OperationType::context, name, "WaitForCallback");
    const auto inner = [name = claim.name](std::string_view suffix) {
        return name.empty() ? std::string() : name + std::string(suffix);
    };
    const auto work = [core = core_, claim, inner, submitter = std::move(submitter), timeouts,
                       retry = std::move(retry)] {
        ChildRun run = detail::run_context(*core, claim, [&](Context& child) -> Text {
            const auto [operation_id, id] = child.start_callback(inner("-callback"), timeouts);
            const auto submit = [&, callback_id = id](StepContext& step) -> Text {
                submitter(callback_id, step);
                return std::nullopt;
            };
            try {
                (void)child.now(
                    child.step_work(inner(kSubmitterSuffix), submit, retry, StepSemantics::at_least_once_per_retry));
                return detail::callback_outcome(*child.core_, operation_id).text;
            } catch (const CallbackTimeoutError& error) {
                throw_marked(error.info(), kTimeoutMark);
            } catch (const CallbackExternalError& error) {
                throw_marked(error.info(), kExternalMark);
            } catch (const StepError& error) {
                throw_marked(error.info(), kSubmitterMark);
            }
        });
        if (run.error) throw_unmarked(std::move(*run.error));
        return core->make_recorded(std::move(run.result), claim.id);
    };
    return {.operation_id = claim.id, .run = work, .name = claim.name};
}

Work Context::retry_work(std::string_view name, const Attempts& attempts, const RetryStrategy& retry) {
    core_->check_place("with_retry", name);
    core_->check_name("with_retry", name, kBackoffSuffix);
    const auto body = [&attempts, &retry, name = std::string(name)](Context& child,
                                                                    const SerdesContext& context) -> Text {
        for (int attempt = 1;; ++attempt) {
            RetryDecision decision;
            try {
                return attempts(child, context, attempt);
            } catch (const detail::Unwind&) {
                throw;
            } catch (const detail::ResultError&) {
                throw;  // the body did its work; doing it again would not make its result one that can be written
            } catch (...) {
                ErrorInfo error = detail::current_error();
                decision = detail::decide_retry(retry, error, attempt, name);
                if (!decision) throw;
            }
            child.wait(name.empty() ? name : fmt::format("{}-backoff-{}", name, attempt),
                       std::chrono::seconds(detail::within_limits(*decision)));
        }
    };
    return child_work(name, body, {});
}

}  // namespace durable
