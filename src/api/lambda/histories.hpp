// Histories: what was found out for a page of an execution's history, kept for the page after it.
#pragma once

#include <list>
#include <mutex>

#include "core/history_page.hpp"

namespace holdpoint::api {

/// From any thread. A page takes the index out and gives it back, so two pages of one execution at the same time each
/// have one of their own.
class Histories {
public:
    /// That of the execution with this number, or a new one.
    [[nodiscard]] core::HistoryIndex take(std::uint64_t number);
    void keep(core::HistoryIndex index);

private:
    std::mutex mutex_;                    // held for a few moves; the threads that ask have no other place in common
    std::list<core::HistoryIndex> kept_;  // the latest first
};

}  // namespace holdpoint::api
