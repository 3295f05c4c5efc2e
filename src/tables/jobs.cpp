#include "tables/jobs.hpp"

#include "tables/changes.hpp"
#include "tables/keys.hpp"

namespace holdpoint::tables {
namespace {

/// In Space::meta, before the name of each table that has jobs.
constexpr std::string_view kMarks = "dynamodb/jobs/";
/// Items have up to 400 KB: a slice ends behind the page that brings it to this.
constexpr std::size_t kSliceBytesMax = std::size_t{1} << 20;
constexpr std::size_t kPageRows = 50;

std::string mark_of(std::string_view table_name) {
    return std::string(kMarks) + std::string(table_name);
}

class SliceOfJobs {
public:
    SliceOfJobs(const RowReader& rows, Table table) : rows_(rows), table_(std::move(table)) {}

    std::vector<RowWrite> run() {
        const bool deletes = table_.is_deleting();
        while (!table_.jobs.empty() && rows_left_ > 0 && bytes_ < kSliceBytesMax) step();
        const bool done = table_.jobs.empty();
        RowWrite table = save_table(table_);
        if (done && deletes) table.value.reset();
        writes_.push_back(std::move(table));
        writes_.push_back({.space = Space::meta,
                           .key = mark_of(table_.name),
                           .value = done ? std::nullopt : std::optional<std::string>("")});
        return std::move(writes_);
    }

private:
    void step() {
        const Job& job = table_.jobs.front();
        const Space space =
            job.kind == JobKind::erase_index || job.kind == JobKind::erase_entries ? Space::index_items : Space::items;
        const std::string prefix =
            job.kind == JobKind::erase_index ? index_prefix(table_, job.index) : items_prefix(table_);
        const std::size_t wanted = std::min(kPageRows, rows_left_);
        const auto page =
            rows_.scan(space, table_.reached.empty() ? prefix : table_.reached, prefix_end(prefix), wanted);
        for (const Row& row : page) {
            bytes_ += row.value.size();
            change(job, space, row);
        }
        rows_left_ -= page.size();
        if (page.size() == wanted) {
            table_.reached = page.back().key + '\0';
        } else {
            table_.reached.clear();
            table_.jobs.erase(table_.jobs.begin());
        }
    }

    void change(const Job& job, Space space, const Row& row) {
        switch (job.kind) {
            case JobKind::erase_index:
            case JobKind::erase_entries:
            case JobKind::erase_items:
                writes_.push_back({.space = space, .key = row.key, .value = std::nullopt});
                return;
            case JobKind::fill_index:
                if (auto key = index_entry_key(table_, job.index, decode_item(row.value)))
                    writes_.push_back({.space = Space::index_items, .key = std::move(*key), .value = row.key});
                return;
            case JobKind::fill_expiry:
                if (const auto due = expiry_of(table_, decode_item(row.value)))
                    writes_.push_back({.space = Space::item_expiry, .key = expiry_key(*due, row.key), .value = ""});
                return;
        }
        std::unreachable();
    }

    const RowReader& rows_;
    Table table_;
    std::vector<RowWrite> writes_;
    std::size_t rows_left_ = kSliceRowsMax;
    std::size_t bytes_ = 0;
};

}  // namespace

std::vector<RowWrite> save_with_jobs(const RowReader& rows, Table table) {
    return SliceOfJobs(rows, std::move(table)).run();
}

std::vector<RowWrite> continue_jobs(const RowReader& rows) {
    const auto marks = rows.scan(Space::meta, kMarks, prefix_end(kMarks), 1);
    if (marks.empty()) return {};
    auto table = load_described_table(rows, std::string_view(marks.front().key).substr(kMarks.size()));
    if (!table) throw std::runtime_error(table.error().message + ", but it has jobs: the database is damaged");
    return save_with_jobs(rows, std::move(*table));
}

bool has_jobs(const RowReader& rows, std::string_view table_name) {
    return rows.get(Space::meta, mark_of(table_name)).has_value();
}

}  // namespace holdpoint::tables
