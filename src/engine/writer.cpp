#include "engine/writer.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "base/ending.hpp"
#include "base/log.hpp"

namespace holdpoint::engine {

class Writer::Impl {
public:
    Impl(const Clock& clock, store::Store& store, WriterThread thread) : clock_(clock), store_(store) {
        if (thread == WriterThread::own) thread_ = std::thread([this] { do_or_end("writer", [this] { run(); }); });
    }

    ~Impl() { stop(); }

    void submit(Command command) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            queue_.push_back(std::move(command));
            if (helping_ == number_ || writing_) return;  // whoever writes looks again
        }
        wake_.notify_one();
    }

    bool help() {
        helping_ = number_;
        std::unique_lock lock(mutex_);
        if (writing_ || queue_.empty()) return false;
        if (queue_.size() > kHelpedMax) {
            wake_.notify_one();
            return false;
        }
        write_batch(lock);
        return !writing_ && !queue_.empty();
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

    std::size_t queued() const {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }

    const WriterMeters& meters() const { return meters_; }

    void run_queued() {
        std::unique_lock lock(mutex_);
        if (!queue_.empty()) write_batch(lock);
    }

private:
    /// Commits at most this many commands at once, so that the first of them does not wait for ever.
    static constexpr std::size_t kBatchMax = 128;
    /// What a helper runs itself. With more, waking the writer's thread costs little for each, and what else the helper
    /// has to do need not wait for the disk.
    static constexpr std::size_t kHelpedMax = 2;

    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            wake_.wait(lock, [this] { return !writing_ && (stopping_ || !queue_.empty()); });
            if (queue_.empty()) return;
            write_batch(lock);
        }
    }

    void write_batch(std::unique_lock<std::mutex>& lock) {
        std::vector<Command> batch = take();
        writing_ = true;
        lock.unlock();
        execute(batch);
        lock.lock();
        writing_ = false;
        if (stopping_) wake_.notify_one();  // its thread waits for this batch, too
    }

    /// The next ones, in order; with the lock held.
    std::vector<Command> take() {
        const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
        std::vector<Command> batch(std::make_move_iterator(queue_.begin()),
                                   std::make_move_iterator(queue_.begin() + count));
        queue_.erase(queue_.begin(), queue_.begin() + count);
        return batch;
    }

    void execute(std::vector<Command>& batch) {
        std::vector<AfterCommit> after;
        after.reserve(batch.size());
        meters_.began = clock_.monotonic().count();
        try {
            const auto transaction = store_.begin();
            for (Command& command : batch) after.push_back(command(*transaction, clock_.now()));
            const Stopwatch commit;
            transaction->commit();
            meters_.commit.observe(static_cast<std::uint64_t>(commit.elapsed().count()));
        } catch (const std::exception& error) {
            // After a failed write or fsync nobody can say what is on disk. Ending here leaves that to recovery, which
            // reads what really is there; trying again could acknowledge what was lost.
            end_now("the store failed, ending now; what was acknowledged is safe", "writer", error.what());
        }
        meters_.began = 0;
        meters_.commands.add(batch.size());
        meters_.batch.observe(batch.size());
        for (AfterCommit& act : after) finish(act);
    }

    /// What is on disk stands, and the others have their answers to get.
    static void finish(AfterCommit& act) {
        try {
            if (act) act();
        } catch (const std::exception& error) {
            log::write(log::Level::error, "what follows a commit failed", {{"why", error.what()}});
        }
    }

    const Clock& clock_;
    store::Store& store_;
    WriterMeters meters_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Command> queue_;
    bool writing_ = false;  // a thread is at a batch
    bool stopping_ = false;
    static inline std::atomic<std::uint64_t> made_ = 0;
    const std::uint64_t number_ = ++made_;       // its address may be another's later
    static thread_local std::uint64_t helping_;  // the number of the one that this thread helps
    std::thread thread_;
};

thread_local std::uint64_t Writer::Impl::helping_ = 0;

Writer::Writer(const Clock& clock, store::Store& store, WriterThread thread)
    : impl_(std::make_unique<Impl>(clock, store, thread)) {}
Writer::~Writer() = default;
void Writer::submit(Command command) {
    impl_->submit(std::move(command));
}
bool Writer::help() {
    return impl_->help();
}
void Writer::stop() {
    impl_->stop();
}
bool Writer::has_queued() const {
    return impl_->queued() > 0;
}
const WriterMeters& Writer::meters() const {
    return impl_->meters();
}
std::size_t Writer::queued() const {
    return impl_->queued();
}
void Writer::run_queued() {
    impl_->run_queued();
}

}  // namespace holdpoint::engine
