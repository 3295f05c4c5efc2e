// The store that forgets: for tests and the simulation.
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "store/store.hpp"

namespace holdpoint::store {

namespace {

using Rows = std::map<std::string, std::string, std::less<>>;
using Spaces = std::array<Rows, 32>;

std::vector<Row> scan_rows(const Rows& rows, std::string_view from, std::string_view to, std::size_t limit,
                           bool reverse) {
    std::vector<Row> found;
    auto first = rows.lower_bound(from);
    auto last = to.empty() ? rows.end() : rows.lower_bound(to);
    if (!to.empty() && to <= from) return found;
    if (reverse) {
        while (last != first && found.size() < limit) {
            --last;
            found.push_back({last->first, last->second});
        }
        return found;
    }
    for (; first != last && found.size() < limit; ++first) found.push_back({first->first, first->second});
    return found;
}

struct Shared {
    mutable std::shared_mutex mutex;  // readers see committed rows only; a commit swaps them in under the lock
    Spaces spaces;
    std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Spaces>> changes{};
};

/// Reads what is committed at the moment of each call.
class MemoryReader final : public RowReader {
public:
    explicit MemoryReader(const Shared& shared) : shared_(shared) {}

    std::optional<std::string> get(Space space, std::string_view key) const override {
        const std::shared_lock lock(shared_.mutex);
        const Rows& rows = shared_.spaces[static_cast<std::size_t>(space)];
        const auto found = rows.find(key);
        return found == rows.end() ? std::nullopt : std::optional(found->second);
    }

    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        const std::shared_lock lock(shared_.mutex);
        return scan_rows(shared_.spaces[static_cast<std::size_t>(space)], from, to, limit, reverse);
    }

private:
    const Shared& shared_;
};

/// Writes at once and remembers how to undo, so that reads inside the transaction need no second look-up.
class MemoryTransaction final : public Transaction {
public:
    explicit MemoryTransaction(Shared& shared) : shared_(shared), lock_(shared.mutex) {}

    ~MemoryTransaction() override {
        if (committed_) return;
        for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) set(*undo);
    }

    std::optional<std::string> get(Space space, std::string_view key) const override {
        const Rows& rows = shared_.spaces[static_cast<std::size_t>(space)];
        const auto found = rows.find(key);
        return found == rows.end() ? std::nullopt : std::optional(found->second);
    }

    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        return scan_rows(shared_.spaces[static_cast<std::size_t>(space)], from, to, limit, reverse);
    }

    void apply(const std::vector<RowWrite>& writes) override {
        for (const RowWrite& write : writes) {
            undo_.push_back({write.space, write.key, get(write.space, write.key)});
            set(write);
        }
    }

    void commit() override {
        committed_ = true;
        for (const RowWrite& undo : undo_) ++shared_.changes.at(static_cast<std::size_t>(undo.space));
    }

private:
    void set(const RowWrite& write) {
        Rows& rows = shared_.spaces[static_cast<std::size_t>(write.space)];
        if (write.value) {
            rows.insert_or_assign(write.key, *write.value);
        } else {
            rows.erase(write.key);
        }
    }

    Shared& shared_;
    std::unique_lock<std::shared_mutex> lock_;
    std::vector<RowWrite> undo_;
    bool committed_ = false;
};

class MemoryStore final : public Store {
public:
    std::unique_ptr<Transaction> begin() override { return std::make_unique<MemoryTransaction>(shared_); }
    std::unique_ptr<RowReader> snapshot() override { return std::make_unique<MemoryReader>(shared_); }
    std::uint64_t changes(Space space) const override { return shared_.changes.at(static_cast<std::size_t>(space)); }

private:
    Shared shared_;
};

}  // namespace

std::unique_ptr<Store> make_memory_store() {
    return std::make_unique<MemoryStore>();
}

}  // namespace holdpoint::store
