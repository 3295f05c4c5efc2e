// Table: what is known of one table besides its items: keys, indexes, expiry. Stored as JSON under its name.
#pragma once

#include <cstdint>
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

    [[nodiscard]] const Index* find_index(std::string_view index_name) const;
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

/// ResourceNotFoundException in the words of the item operations.
[[nodiscard]] Result<Table> load_table(const RowReader& rows, std::string_view name_or_arn);
/// The same in the words of the operations on tables, which say which one.
[[nodiscard]] Result<Table> load_described_table(const RowReader& rows, std::string_view name_or_arn);
[[nodiscard]] RowWrite save_table(const Table& table);

[[nodiscard]] json::array key_schema_json(const KeySchema& key);

}  // namespace holdpoint::tables
