// Context core: what is behind a Context: where its operations are in the tree, and the claims that it makes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "durable/context.hpp"
#include "sdk/execution_state.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

/// An operation that the handler came to: its id, what it is, and its record.
struct Claim {
    std::string id;
    holdpoint::wire::OperationType type = holdpoint::wire::OperationType::step;
    std::string name;
    std::string_view sub_type;
    std::string path;  // unhashed, the prefix of its children
    const holdpoint::wire::Operation* record = nullptr;
};

class ContextCore {
public:
    /// The handler's own context.
    ContextCore(ExecutionState& state, std::string request_id);
    /// A child's.
    ContextCore(const ContextCore& parent, const Claim& claim);

    /// The next operation of this context, in program order. Checks the place and the name, that the invocation goes
    /// on, and that the record is of the same kind: otherwise the code changed, and the execution fails with
    /// NonDeterministicExecutionError.
    [[nodiscard]] Claim claim(holdpoint::wire::OperationType type, std::string_view name, std::string_view sub_type);
    /// Refuses a name that the service would not take, with the longest suffix that the operation adds to it.
    void check_name(std::string_view sub_type, std::string_view name, std::string_view suffix = {});
    /// An update for the claim, with everything that names it.
    [[nodiscard]] holdpoint::wire::OperationUpdate update(const Claim& claim,
                                                          holdpoint::wire::OperationAction action) const;
    /// Queues the claim's START.
    void start(const Claim& claim);
    /// The record of an operation that was sent.
    [[nodiscard]] const holdpoint::wire::Operation& recorded(const std::string& id);
    /// The same when there is nothing to wait for any more; otherwise the handler is left.
    [[nodiscard]] const holdpoint::wire::Operation& settled(const std::string& id);
    /// A logger that names the operation too; it is never silent, because bodies run only live.
    [[nodiscard]] Logger step_logger(const Claim& claim, int attempt) const;

    ExecutionState& state;
    Logger logger;

private:
    [[nodiscard]] std::string path_of(int number) const;
    void check_record(const Claim& claim);
    [[noreturn]] void fail_nondeterministic(std::string message);

    Logger::Fields fields_;
    std::string prefix_;                    // path of this context; empty at the root
    std::optional<std::string> parent_id_;  // wire id of this context; nothing at the root
    int claimed_ = 0;
};

/// The wire id of an operation: SHA-256 of its path ("2", "2-1") in hex.
[[nodiscard]] std::string operation_id(std::string_view path);

/// Lets the SDK make contexts and reach what is behind them.
struct Internals {
    static std::unique_ptr<Context> make_context(std::shared_ptr<ContextCore> core) {
        return std::unique_ptr<Context>(new Context(std::move(core)));
    }
};

}  // namespace durable::detail
