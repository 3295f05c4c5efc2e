// Context core: what is behind a Context: where its operations are in the tree, the claims that it makes, and how far
// it has come in what earlier runs of its body did.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "durable/context.hpp"
#include "sdk/execution_state.hpp"
#include "sdk/place.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// An operation that the code came to: its id, what it is, and its record at that moment.
struct Claim {
    std::string id;
    holdpoint::wire::OperationType type = holdpoint::wire::OperationType::step;
    std::string name;  // empty: none
    std::string sub_type;
    std::string path;  // unhashed, the prefix of its children
    Record record;     // nullptr: none
};

/// What makes a child's context.
struct ChildKind {
    bool is_virtual = false;  // it has no operation of its own
    bool is_closed = false;   // its result is recorded, and its body runs again to build it
};

class ContextCore : public std::enable_shared_from_this<ContextCore> {
public:
    /// The handler's own context.
    ContextCore(ExecutionState& state, std::string request_id);
    /// A child's.
    ContextCore(const ContextCore& parent, const Claim& claim, ChildKind kind);
    /// Behind contexts whose body is over, so that whoever kept one is told.
    struct Over {};
    ContextCore(ExecutionState& state, Over);

    /// The next operation of this context, in program order. Checks the place and the name, that the invocation goes
    /// on, and that the record is of the same kind: otherwise the code changed, and the execution fails with
    /// NonDeterministicExecutionError.
    [[nodiscard]] Claim claim(holdpoint::wire::OperationType type, std::string_view name, std::string_view sub_type);
    /// The same for a child that is not recorded.
    [[nodiscard]] Claim claim_virtual(std::string_view name, std::string_view sub_type);
    /// The child with this number, from 1, in whatever order; for items of a batch, by any thread.
    [[nodiscard]] Claim claim_child(std::size_t number, std::string_view name, std::string_view sub_type,
                                    bool is_virtual) const;

    /// Refuses a call from where it cannot work.
    void check_place(std::string_view operation, std::string_view name) const;
    /// Refuses a name that the service would not take, with the longest suffix that the operation adds to it.
    void check_name(std::string_view sub_type, std::string_view name, std::string_view suffix = {}) const;
    /// An update for the claim, with everything that names it.
    [[nodiscard]] holdpoint::wire::OperationUpdate update(const Claim& claim,
                                                          holdpoint::wire::OperationAction action) const;
    /// Queues the claim's START.
    void start(const Claim& claim) const;
    void start(const Claim& claim, holdpoint::wire::OperationUpdate update) const;
    /// The record of an operation that was sent.
    [[nodiscard]] Record recorded(const std::string& id) const;
    /// The same when there is nothing to wait for any more; otherwise the handler is left, or waits.
    [[nodiscard]] Record settled(const std::string& id) const;
    /// The body took the outcome of this operation.
    void took(const std::string& id);
    /// In a closed context everything that the body comes to was over.
    void require_over(const Claim& claim) const;
    /// A logger that names the operation too; it is never silent, because bodies run only live.
    [[nodiscard]] Logger step_logger(const Claim& claim, int attempt) const;
    [[nodiscard]] bool is_closed() const { return closed_; }
    [[nodiscard]] bool is_over() const { return over_; }
    [[nodiscard]] bool is_replaying() const { return *replaying_; }
    [[nodiscard]] Recorded make_recorded(Text text, const std::string& id) const {
        return {.text = std::move(text), .execution_arn = state.execution_arn(), .operation_id = id};
    }
    [[noreturn]] void fail_nondeterministic(std::string message) const;
    /// A task that was begun in this context, and ends with its body.
    void keep(const std::shared_ptr<Task>& task);
    /// The body is over: what of its futures was not waited for is abandoned, wherever it is kept. What runs is waited
    /// for.
    void abandon_tasks() noexcept;

    ExecutionState& state;
    Logger logger;

private:
    std::shared_ptr<ExecutionState> kept_state_ = state.weak_from_this().lock();
    [[nodiscard]] std::string path_of(std::size_t number) const;
    /// The id of the next operation.
    [[nodiscard]] const std::string& next_id();
    [[nodiscard]] Claim make_claim(holdpoint::wire::OperationType type, std::string_view name,
                                   std::string_view sub_type);
    void check_record(const Claim& claim) const;
    void come_to(const Claim& claim, bool is_news);
    /// With the mutex held.
    void refresh();

    Logger::Fields fields_;
    std::string prefix_;                    // path of this context; empty at the root
    std::optional<std::string> parent_id_;  // wire id of the nearest context that is recorded; nothing at the root
    std::size_t claimed_ = 0;
    bool closed_ = false;
    bool over_ = false;

    std::vector<std::weak_ptr<Task>> tasks_;

    // The body repeats itself until it has come to every record and has taken an outcome that it may not have known
    // when it last ran; or until it runs something that was never finished.
    std::mutex mutex_;     // a callback's outcome may be taken in another body
    std::string next_id_;  // empty: not made yet
    bool live_ = false;
    std::unordered_set<std::string> open_;  // operations it came to, whose outcomes are news to it
    std::shared_ptr<std::atomic<bool>> replaying_ = std::make_shared<std::atomic<bool>>(false);
};

/// "step 'charge'", or "step" when there is no name.
[[nodiscard]] std::string named(std::string_view what, std::string_view name);

/// The wire id of an operation: SHA-256 of its path ("2", "2-1") in hex.
[[nodiscard]] std::string operation_id(std::string_view path);

/// Lets the SDK make contexts and reach what is behind them.
struct Internals {
    static OwnedContext make_context(std::shared_ptr<ContextCore> core) {
        return OwnedContext(new Context(std::move(core)));
    }
    static ContextCore& core(Context& context) { return *context.core_; }
    static void set_core(Context& context, std::shared_ptr<ContextCore> core) { context.core_ = std::move(core); }
};

}  // namespace durable::detail
