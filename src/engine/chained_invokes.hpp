// Chained invokes: functions that executions invoke. A durable one becomes an execution that knows its parent; a plain
// one is invoked until it has answered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/execution.hpp"
#include "core/invokes.hpp"
#include "engine/execution_cache.hpp"
#include "engine/executions.hpp"
#include "engine/work.hpp"
#include "engine/writer.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

/// What happens after a commit.
using Effects = std::vector<std::move_only_function<void()>>;
[[nodiscard]] AfterCommit run_all(Effects effects);

/// What the executions do for it.
class InvokeHost {
public:
    virtual ~InvokeHost() = default;
    /// Writes a new execution; it is not invoked yet.
    virtual core::Head start_child(store::Transaction& rows, TimePoint now, StartRequest request,
                                   core::ParentOperation parent) = 0;
    /// Closes the operation and goes on with its execution, in a command of its own; from any thread. Does nothing when
    /// either is closed already.
    virtual void end_invoke(std::uint64_t number, std::string operation, core::InvokeOutcome outcome) = 0;
    virtual const core::Execution* find_execution(store::Transaction& rows, std::uint64_t number) = 0;
};

/// Used on the writer's thread alone.
class ChainedInvokes {
public:
    ChainedInvokes(InvokeHost& host, Workforce& workforce, const std::string& region, const std::string& account)
        : host_(host), workforce_(workforce), region_(region), account_(account) {}

    /// Starts what the changes of a checkpoint ask for, and completes them: what cannot be started has failed. Answers
    /// the numbers of new executions, to be settled when the changes are journaled.
    [[nodiscard]] std::vector<std::uint64_t> start(store::Transaction& rows, TimePoint now, const core::Head& caller,
                                                   const RefusedInvokes& refused, std::vector<core::Change>& changes,
                                                   Effects& effects);
    /// The operation is over. While the invocation that started it goes on, that is kept back for a moment, so that the
    /// history tells of the invocation's end first, as AWS's does; a checkpoint is told at once.
    static void end(CachedExecution& caller, std::string operation, core::InvokeOutcome outcome, TimePoint now);
    /// Journals what was kept back and may be told now, or (`at_once`) all of it. Answers when the rest may be.
    static std::optional<TimePoint> tell(store::Transaction& rows, CachedExecution& caller, TimePoint now, bool at_once,
                                         const core::Limits& limits);
    /// Durable functions that ended when their caller was not told any more.
    static void find_ended(store::Transaction& rows, CachedExecution& caller, TimePoint now);
    /// Invokes the plain functions again that had not answered when the server ended, and are still waited for.
    void recover(store::Transaction& rows, Effects& effects);

private:
    [[nodiscard]] Result<std::optional<std::uint64_t>> start_one(store::Transaction& rows, TimePoint now,
                                                                 const core::Head& caller, core::Change& change,
                                                                 Effects& effects);
    void invoke_plain(const core::Head& caller, functions::Function function, const core::Change& change,
                      Effects& effects);

    InvokeHost& host_;
    Workforce& workforce_;
    const std::string& region_;
    const std::string& account_;
};

}  // namespace holdpoint::engine
