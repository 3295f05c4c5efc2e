#include "engine/writer.hpp"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <thread>

namespace holdpoint::engine {

class Writer::Impl {
public:
    Impl(const Clock& clock, store::Store& store, WriterThread thread) : clock_(clock), store_(store) {
        if (thread == WriterThread::own) thread_ = std::thread([this] { run(); });
    }

    ~Impl() { stop(); }

    void submit(Command command) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            queue_.push_back(std::move(command));
        }
        wake_.notify_one();
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

    bool has_queued() const {
        const std::lock_guard lock(mutex_);
        return !queue_.empty();
    }

    void run_queued() {
        if (!has_queued()) return;
        std::vector<Command> batch = take();
        execute(batch);
    }

private:
    /// Commits at most this many commands at once, so that the first of them does not wait for ever.
    static constexpr std::size_t kBatchMax = 128;

    void run() {
        while (true) {
            std::vector<Command> batch = take();
            if (batch.empty()) return;
            execute(batch);
        }
    }

    std::vector<Command> take() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
        std::vector<Command> batch(std::make_move_iterator(queue_.begin()),
                                   std::make_move_iterator(queue_.begin() + count));
        queue_.erase(queue_.begin(), queue_.begin() + count);
        return batch;
    }

    void execute(std::vector<Command>& batch) {
        std::vector<AfterCommit> after;
        after.reserve(batch.size());
        try {
            const auto transaction = store_.begin();
            for (Command& command : batch) after.push_back(command(*transaction, clock_.now()));
            transaction->commit();
        } catch (const std::exception& error) {
            // After a failed write or fsync nobody can say what is on disk. Ending here leaves that to recovery, which
            // reads what really is there; trying again could acknowledge what was lost.
            std::fprintf(stderr, "holdpoint: the store failed, ending now; what was acknowledged is safe: %s\n",
                         error.what());
            std::_Exit(70);
        }
        for (AfterCommit& act : after) {
            if (act) act();
        }
    }

    const Clock& clock_;
    store::Store& store_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Command> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

Writer::Writer(const Clock& clock, store::Store& store, WriterThread thread)
    : impl_(std::make_unique<Impl>(clock, store, thread)) {}
Writer::~Writer() = default;
void Writer::submit(Command command) {
    impl_->submit(std::move(command));
}
void Writer::stop() {
    impl_->stop();
}
bool Writer::has_queued() const {
    return impl_->has_queued();
}
void Writer::run_queued() {
    impl_->run_queued();
}

}  // namespace holdpoint::engine
