// Writer: the one place where order is decided. Takes queued commands, decides and writes them in one transaction,
// commits, and only then answers and acts.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

/// What runs after the commit, in commit order, on the writer's thread: answers and effects. Must not block.
using AfterCommit = std::move_only_function<void()>;
/// Decides on the writer's thread: reads through the transaction, applies its writes only when it does not refuse.
using Command = std::move_only_function<AfterCommit(store::Transaction& transaction, TimePoint now)>;

class Writer {
public:
    Writer(const Clock& clock, store::Store& store);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Queues a command; from any thread. After stop() the command is dropped.
    void submit(Command command);
    /// Runs what is queued, then ends the thread.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
