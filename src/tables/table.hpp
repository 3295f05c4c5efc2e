// Table: what is known of one table besides its items: keys, indexes, expiry. Stored as JSON under its name.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "tables/value.hpp"

namespace holdpoint::tables {

struct KeyAttribute {
    std::string name;
    Type type = Type::string;
    friend bool operator==(const KeyAttribute&, const KeyAttribute&) = default;
};

struct KeySchema {
    KeyAttribute partition;
    std::optional<KeyAttribute> sort;

    /// The partition key, and the sort key when there is one.
    [[nodiscard]] std::vector<KeyAttribute> attributes() const;
    [[nodiscard]] bool has(std::string_view attribute) const;
    friend bool operator==(const KeySchema&, const KeySchema&) = default;
};

struct Throughput {
    std::int64_t read_units = 0;
    std::int64_t write_units = 0;
    friend bool operator==(const Throughput&, const Throughput&) = default;
};

enum class Projection { all, keys_only, include };

struct Index {
    std::string name;
    bool global = true;
    KeySchema key;
    Projection projection = Projection::all;
    std::vector<std::string> included;  // Projection::include: the attributes besides the keys
    Throughput throughput;
    friend bool operator==(const Index&, const Index&) = default;
};

/// What is left to do with a table's rows, see tables/jobs.hpp.
enum class JobKind {
    erase_index,    // the entries of an index that went, or that has another key from now on
    fill_index,     // entries of all items; until then the index cannot be read
    fill_expiry,    // when each item expires
    erase_entries,  // of all indexes
    erase_items     // and then the table
};
struct Job {
    JobKind kind = JobKind::erase_items;
    Index index = {};  // of a job for an index
    friend bool operator==(const Job&, const Job&) = default;
};

using Tags = std::map<std::string, std::string>;

struct Table {
    std::string name;
    std::string arn;
    std::string id;
    TimePoint created;
    KeySchema key;
    std::vector<Index> indexes;
    bool provisioned = false;  // billing mode; means nothing here but is described
    Throughput throughput;
    bool deletion_protection = false;
    std::string table_class;                   // empty: not given
    std::optional<std::string> ttl_attribute;  // set: items expire
    Tags tags = {};
    std::vector<Job> jobs = {};  // one after the other
    std::string reached = {};    // the row key from which the first of them goes on; empty: from its start

    [[nodiscard]] const Index* find_index(std::string_view index_name) const;
    /// The first job loses its place only when it goes.
    void drop_jobs(const std::function<bool(const Job&)>& goes);
    /// CREATING: it has not yet got the entries of all items.
    [[nodiscard]] bool is_filling(const Index& index) const;
    /// UPDATING: indexes come or go.
    [[nodiscard]] bool is_updating() const;
    [[nodiscard]] bool is_enabling_expiry() const;
    [[nodiscard]] bool is_deleting() const;
    /// Every attribute that the index shows: the table's key, its own, and what it includes. All: not limited.
    [[nodiscard]] static bool projects(const Table& table, const Index& index, std::string_view attribute);
    friend bool operator==(const Table&, const Table&) = default;
};

/// Where tables are, for their ARNs.
struct Location {
    std::string region;
    std::string account;
};
[[nodiscard]] std::string table_arn(const Location& location, std::string_view table_name);
/// The table's name from a TableName member, which may be its ARN.
[[nodiscard]] std::string table_name_of(std::string_view name_or_arn);

/// ResourceNotFoundException in the words of the item operations; also for one that is being deleted.
[[nodiscard]] Result<Table> load_table(const RowReader& rows, std::string_view name_or_arn);
/// The same in the words of the operations on tables, which say which one.
[[nodiscard]] Result<Table> load_described_table(const RowReader& rows, std::string_view name_or_arn);
/// The same, and ResourceInUseException while it is being deleted.
[[nodiscard]] Result<Table> load_table_to_change(const RowReader& rows, std::string_view name_or_arn);
/// ResourceInUseException while indexes come or go.
[[nodiscard]] Result<void> check_not_updating(const Table& table);
[[nodiscard]] RowWrite save_table(const Table& table);

[[nodiscard]] json::array key_schema_json(const KeySchema& key);

}  // namespace holdpoint::tables
