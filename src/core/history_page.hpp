// History pages: the events of an execution a page at a time, from its journal, which may be long and large.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/rows.hpp"
#include "core/history.hpp"

namespace holdpoint::core {

/// Where the events of one execution are in its journal, and what its operations are called. It reads the journal as
/// far as somebody asked for, and once, so that with it a page costs what it shows, wherever it is.
class HistoryIndex {
public:
    explicit HistoryIndex(std::uint64_t number) : number_(number) {}

    [[nodiscard]] std::uint64_t number() const { return number_; }
    /// Reads on until that event is known; false when there is none such.
    [[nodiscard]] bool reaches(const RowReader& rows, std::uint64_t event_id);
    /// How many events there are; reads all.
    [[nodiscard]] std::uint64_t count(const RowReader& rows);
    /// The journal entry with an event that is known, and the first event of an entry.
    [[nodiscard]] std::uint64_t entry_of(std::uint64_t event_id) const;
    [[nodiscard]] std::uint64_t first_event(std::uint64_t entry) const { return first_events_.at(entry); }
    [[nodiscard]] NamedOperation operation(const std::string& id) const { return operations_.at(id); }
    /// What somebody read of the journal anyway; entries that are known change nothing.
    void add(std::uint64_t entry, const std::vector<Change>& changes);

private:
    std::uint64_t number_;
    std::vector<std::uint64_t> first_events_;  // of each entry
    std::uint64_t events_ = 0;
    std::unordered_map<std::string, NamedOperation> operations_;
};

struct HistoryRequest {
    std::optional<std::uint64_t> first;  // event id; nothing: the first, or in reverse the last one
    std::size_t count = 100;
    bool reverse = false;
    bool with_data = true;
};

struct HistoryPage {
    std::vector<std::string> events;    // each as JSON text, which is made once, to be counted and to be sent
    std::optional<std::uint64_t> next;  // event id
};

/// As JSON a page has no more than this, unless its only event has: AWS's answers have up to 6 MB.
inline constexpr std::size_t kHistoryPageBytesMax = std::size_t{5} * 1024 * 1024;

/// Nothing when there is no event `first`.
[[nodiscard]] std::optional<HistoryPage> history_page(const RowReader& rows, const Head& head, HistoryIndex& index,
                                                      const HistoryRequest& request);

}  // namespace holdpoint::core
