// Store: durable rows. One writer, many readers; backends are memory (tests, simulation) and SQLite.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/rows.hpp"

namespace holdpoint::store {

/// The writer's view while a batch is open: reads see the batch's own writes. Failures of disk or database throw.
class Transaction : public RowReader {
public:
    virtual void apply(const std::vector<RowWrite>& writes) = 0;
    /// Returns only when everything is on disk (fsync). On an exception nothing of the batch may be believed.
    virtual void commit() = 0;
};

class Store {
public:
    virtual ~Store() = default;
    /// One open transaction at a time, always from the writer's thread. Dropped without commit: nothing happened.
    [[nodiscard]] virtual std::unique_ptr<Transaction> begin() = 0;
    /// What is committed now; from any thread. Keep it for one page at most, so that the log cannot grow.
    [[nodiscard]] virtual std::unique_ptr<RowReader> snapshot() = 0;
    /// Grows when rows of `space` change, before anyone is told of it; from any thread. What was made of a snapshot
    /// that was taken after asking is good until the number is another one.
    [[nodiscard]] virtual std::uint64_t changes(Space space) const = 0;
    /// How many committed rows there are with from <= key < to (empty `to`: no upper bound), counted up to `max`; their
    /// values are not read.
    [[nodiscard]] virtual std::size_t count(Space space, std::string_view from, std::string_view to, std::size_t max) {
        return snapshot()->scan(space, from, to, max).size();
    }
};

/// A database that is damaged, another program's, or newer than this program; what() says what to do. Opening it again
/// does not help.
struct UnusableDatabase : std::runtime_error {
    using std::runtime_error::runtime_error;
};

[[nodiscard]] std::unique_ptr<Store> make_memory_store();
/// Opens or creates `path` (0600; WAL, synchronous=FULL). Throws UnusableDatabase, or std::runtime_error that says what
/// to do about its folder or disk.
[[nodiscard]] std::unique_ptr<Store> open_sqlite_store(const std::string& path);

}  // namespace holdpoint::store
