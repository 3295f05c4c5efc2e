#include "core/history_page.hpp"

#include <algorithm>

#include "core/rows.hpp"

namespace holdpoint::core {

namespace json = boost::json;

namespace {

/// An entry may have megabytes.
constexpr std::size_t kEntriesAtOnce = 16;

struct Entry {
    std::uint64_t place = 0;
    std::vector<Change> changes;
};

Entry read_entry(const Row& row) {
    std::string_view key = row.key;
    (void)take_key_number(key);
    return {.place = take_key_number(key).value(), .changes = decode_changes(row.value)};
}

class Pager {
public:
    Pager(const RowReader& rows, const Head& head, HistoryIndex& index, const HistoryRequest& request)
        : rows_(rows), head_(head), index_(index), request_(request) {}

    HistoryPage run(std::uint64_t first) {
        std::uint64_t place = index_.entry_of(first);
        while (true) {
            const auto entries = request_.reverse
                                     ? rows_.scan(Space::journal, journal_key(head_.number, 0),
                                                  journal_key(head_.number, place + 1), kEntriesAtOnce, true)
                                     : rows_.scan(Space::journal, journal_key(head_.number, place),
                                                  prefix_end(number_key(head_.number)), kEntriesAtOnce);
            for (const Row& row : entries) {
                const Entry entry = read_entry(row);
                index_.add(entry.place, entry.changes);
                if (!take(entry, first)) return std::move(page_);
                if (request_.reverse && entry.place == 0) return std::move(page_);
                place = request_.reverse ? entry.place - 1 : entry.place + 1;
            }
            if (entries.size() < kEntriesAtOnce) return std::move(page_);
        }
    }

private:
    /// False when the page is full.
    bool take(const Entry& entry, std::uint64_t first) {
        const auto named = [this](const std::string& id) { return index_.operation(id); };
        auto events = render_events(head_, named, entry.changes, index_.first_event(entry.place), request_.with_data);
        if (request_.reverse) std::ranges::reverse(events);
        for (const json::object& event : events) {
            const auto id = event.at("EventId").to_number<std::uint64_t>();
            if (request_.reverse ? id > first : id < first) continue;
            std::string text = json::serialize(event);
            const bool full = page_.events.size() == request_.count || bytes_ + text.size() > kHistoryPageBytesMax;
            if (full && !page_.events.empty()) {
                page_.next = id;
                return false;
            }
            bytes_ += text.size();
            page_.events.push_back(std::move(text));
        }
        return true;
    }

    const RowReader& rows_;
    const Head& head_;
    HistoryIndex& index_;
    const HistoryRequest& request_;
    HistoryPage page_;
    std::size_t bytes_ = 0;
};

}  // namespace

void HistoryIndex::add(std::uint64_t entry, const std::vector<Change>& changes) {
    if (entry != first_events_.size()) return;
    first_events_.push_back(events_ + 1);
    for (const Change& change : changes) {
        if (is_event(change.kind)) ++events_;
        if (change.definition)
            operations_.emplace(change.id, NamedOperation{.definition = *change.definition, .seconds = change.seconds});
    }
}

bool HistoryIndex::reaches(const RowReader& rows, std::uint64_t event_id) {
    while (events_ < event_id) {
        const auto entries = rows.scan(Space::journal, journal_key(number_, first_events_.size()),
                                       prefix_end(number_key(number_)), kEntriesAtOnce);
        for (const Row& row : entries) {
            const Entry entry = read_entry(row);
            add(entry.place, entry.changes);
        }
        if (entries.size() < kEntriesAtOnce) break;
    }
    return event_id >= 1 && event_id <= events_;
}

std::uint64_t HistoryIndex::count(const RowReader& rows) {
    (void)reaches(rows, UINT64_MAX);
    return events_;
}

std::uint64_t HistoryIndex::entry_of(std::uint64_t event_id) const {
    const auto behind = std::ranges::upper_bound(first_events_, event_id);
    return static_cast<std::uint64_t>(behind - first_events_.begin()) - 1;
}

std::optional<HistoryPage> history_page(const RowReader& rows, const Head& head, HistoryIndex& index,
                                        const HistoryRequest& request) {
    const std::uint64_t first = request.first.value_or(request.reverse ? index.count(rows) : 1);
    if (!index.reaches(rows, first)) return std::nullopt;
    return Pager(rows, head, index, request).run(first);
}

}  // namespace holdpoint::core
