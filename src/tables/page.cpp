#include "tables/page.hpp"

#include <algorithm>
#include <limits>

#include "base/encoding.hpp"
#include "tables/changes.hpp"
#include "tables/expression/condition.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kRowsAtOnce = 64;

/// What of an item the page shows before its projection; nothing when the entry's item has changed since.
std::optional<Item> visible(const RowReader& rows, const Source& source, const Row& row) {
    if (source.index == nullptr) return decode_item(row.value);
    auto item = read_item(rows, row.value);
    if (!item || index_entry_key(source.table, *source.index, *item) != row.key) return std::nullopt;
    return item;
}

/// Reads rows in order and stops where a page ends.
class PageReader {
public:
    PageReader(const RowReader& rows, const Source& source, const PageRequest& request, Segment segment)
        : rows_(rows), source_(source), request_(request), segment_(segment), prefix_(source.prefix()) {}

    void read(KeyRange range, bool forward) {
        const auto space = source_.index != nullptr ? Space::index_items : Space::items;
        while (!full_) {
            const auto wanted = rows_at_once();
            const auto chunk = rows_.scan(space, range.from, range.to, wanted, !forward);
            for (const auto& row : chunk) {
                if (!take(row)) return;
            }
            if (chunk.size() < wanted) return;
            if (forward)
                range.from = chunk.back().key + '\0';
            else
                range.to = chunk.back().key;
        }
    }

    [[nodiscard]] json::object answer() {
        json::object answer(memory_);
        if (request_.select != "COUNT") answer["Items"] = std::move(items_);
        answer["Count"] = static_cast<std::int64_t>(count_);
        answer["ScannedCount"] = static_cast<std::int64_t>(scanned_);
        if (full_) answer["LastEvaluatedKey"] = to_json(last_key_, memory_);
        Capacity capacity;
        const auto units = read_units(bytes_, request_.consistent);
        if (source_.index != nullptr)
            capacity.add(*source_.index, units);
        else
            capacity.table = units;
        report_capacity(answer, request_.table, capacity, request_.report);
        return answer;
    }

private:
    /// No more than the page has room for, unless most of them may be another segment's.
    [[nodiscard]] std::size_t rows_at_once() const {
        return request_.limit && segment_.total == 1 ? std::min(kRowsAtOnce, *request_.limit - scanned_) : kRowsAtOnce;
    }

    /// False when the page is full.
    bool take(const Row& row) {
        if (segment_.total > 1 && !segment_.has(partition_of(source_.key(), prefix_, row.key))) return true;
        const auto item = visible(rows_, source_, row);
        if (!item) return true;
        const auto shown = source_.index != nullptr ? projected(source_.table, *source_.index, *item) : *item;
        const auto size = size_of(shown);
        if (scanned_ > 0 && bytes_ + size > kPageBytesMax) {
            full_ = true;
            return false;
        }
        bytes_ += size;
        ++scanned_;
        last_key_ = key_of(source_.table.key, *item);
        if (source_.index != nullptr) last_key_.merge(key_of(source_.index->key, *item));
        if (!request_.filter || expression::evaluate(*request_.filter, shown)) add(*item, shown);
        full_ = request_.limit && scanned_ >= *request_.limit;
        return !full_;
    }

    void add(const Item& item, const Item& shown) {
        ++count_;
        if (request_.select == "COUNT") return;
        // A local index also answers what it does not show, from the table; a global one was refused before.
        if (request_.projection)
            items_.push_back(to_json(expression::project(item, *request_.projection), memory_));
        else
            items_.push_back(to_json(request_.select == "ALL_ATTRIBUTES" ? item : shown, memory_));
    }

    const RowReader& rows_;
    const Source& source_;
    const PageRequest& request_;
    const Segment segment_;
    const std::string prefix_;
    const json::storage_ptr memory_ = json::make_shared_resource<json::monotonic_resource>();  // of the answer
    json::array items_ = json::array(memory_);
    Item last_key_;
    std::size_t bytes_ = 0;
    std::size_t count_ = 0;
    std::size_t scanned_ = 0;
    bool full_ = false;
};

}  // namespace

std::string Source::prefix() const {
    return index != nullptr ? index_prefix(table, *index) : items_prefix(table);
}

bool Segment::has(std::string_view partition) const {
    const std::string digest = sha256(partition);
    std::uint64_t hash = 0;
    for (const char byte : digest.substr(0, 4)) hash = hash << 8U | static_cast<unsigned char>(byte);
    return hash * total >> 32U == number;
}

json::object read_page(const RowReader& rows, const Source& source, const PageRequest& request, KeyRange range,
                       bool forward, Segment segment) {
    PageReader reader(rows, source, request, segment);
    reader.read(std::move(range), forward);
    return reader.answer();
}

}  // namespace holdpoint::tables
