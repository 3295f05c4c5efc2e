// Writer: the one place where order is decided. Takes queued commands, decides and writes them in one transaction,
// commits, and only then answers and acts.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/meters.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

/// What runs after the commit, in commit order, on the writer's thread: answers and effects. Must not block.
using AfterCommit = std::move_only_function<void()>;
/// Decides on the writer's thread: reads through the transaction, applies its writes only when it does not refuse.
using Command = std::move_only_function<AfterCommit(store::Transaction& transaction, TimePoint now)>;

struct WriterMeters {
    Counter commands;
    Histogram batch{kBatchBounds};       // commands of one commit
    Histogram commit{kLatencyBounds};    // microseconds until what was written is on disk (write and fsync)
    std::atomic<std::int64_t> began{0};  // when the batch that is under way began (monotonic milliseconds); 0: none is
};

/// Who runs what is queued.
enum class WriterThread {
    own,  // a thread of the writer's
    none  // whoever calls run_queued(): the simulation
};

class Writer {
public:
    Writer(const Clock& clock, store::Store& store, WriterThread thread = WriterThread::own);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Queues a command; from any thread. After stop() the command is dropped.
    void submit(Command command);
    /// Runs what is queued, as the writer's thread would, when it is little and no other thread is at it; wakes the
    /// writer's thread when it is more. Says whether to call it soon again. For threads that queue much: once a thread
    /// has called it, what that thread submits waits for its next call, so that the other is woken once for all of it,
    /// or not at all.
    bool help();
    /// Runs what is queued, then ends the thread.
    void stop();

    [[nodiscard]] const WriterMeters& meters() const;
    /// Commands that wait for their batch.
    [[nodiscard]] std::size_t queued() const;

    // Without a thread:

    [[nodiscard]] bool has_queued() const;
    /// Decides, commits and answers one batch, as the thread would. A store's exception that is no std::exception plays
    /// the end of the process at that point: it is passed on, nothing is answered, and the writer is to be dropped.
    void run_queued();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
