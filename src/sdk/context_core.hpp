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
    ContextCore(const ContextCore& parent, const Claim& claim, bool is_closed);

    /// The next operation of this context, in program order. Checks the place, that the invocation goes on, and that
    /// the record is of the same kind: otherwise the code changed, and the execution fails with
    /// NonDeterministicExecutionError.
    [[nodiscard]] Claim claim(holdpoint::wire::OperationType type, std::string_view name, std::string_view sub_type);
    /// An update for the claim, with everything that names it.
    [[nodiscard]] holdpoint::wire::OperationUpdate update(const Claim& claim,
                                                          holdpoint::wire::OperationAction action) const;
    [[nodiscard]] bool is_replaying() const;
    /// A logger that names the operation too; it is never silent, because bodies run only live.
    [[nodiscard]] Logger step_logger(const Claim& claim, int attempt) const;

    ExecutionState& state;
    Logger logger;

private:
    void refresh_silence() { *silent_ = is_replaying(); }
    [[nodiscard]] std::string path_of(int number) const;

    Logger::Fields fields_;
    std::shared_ptr<bool> silent_;
    std::string prefix_;                    // path of this context; empty at the root
    std::optional<std::string> parent_id_;  // wire id of this context; nothing at the root
    bool is_closed_ = false;                // its record is finished: nothing may be sent, only answered
    int claimed_ = 0;
};

/// The wire id of an operation: SHA-256 of its path ("2", "2-1") in hex.
[[nodiscard]] std::string operation_id(std::string_view path);

struct Internals {
    static std::unique_ptr<Context> make_context(std::unique_ptr<ContextCore> core) {
        return std::unique_ptr<Context>(new Context(std::move(core)));
    }
};

/// `body` between marks that make durable operations inside it an error.
[[nodiscard]] Text run_step_body(ContextCore& core, const Claim& claim, int attempt,
                                 const std::function<Text(StepContext&)>& body);

}  // namespace durable::detail
