// Disk: a store that can end the server at any commit. What was not committed is lost, and whether a commit that was
// under way is there afterwards, the seed says.
#pragma once

#include <memory>

#include "sim/nature.hpp"
#include "store/store.hpp"

namespace holdpoint::sim {

/// The server's process ends here. No std::exception: the engine must not take it for a failure of the disk.
struct ServerCrash {};

class Disk final : public store::Store {
public:
    explicit Disk(Nature& nature) : nature_(nature) {}

    [[nodiscard]] std::unique_ptr<store::Transaction> begin() override;
    [[nodiscard]] std::uint64_t changes(Space space) const override { return rows_->changes(space); }
    [[nodiscard]] std::unique_ptr<RowReader> snapshot() override { return rows_->snapshot(); }
    void crash_at_next_commit() { armed_ = true; }
    /// From now on no commit ends the server, also when one was to.
    void heal() { armed_ = false; }
    /// Without faults: for what is there before the world begins.
    [[nodiscard]] store::Store& rows() { return *rows_; }

private:
    class Writing;
    void commit(store::Transaction& transaction);

    Nature& nature_;
    std::unique_ptr<store::Store> rows_ = store::make_memory_store();
    bool armed_ = false;
};

}  // namespace holdpoint::sim
