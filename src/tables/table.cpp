#include "tables/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <unordered_map>

#include "base/encoding.hpp"
#include "tables/errors.hpp"
#include "tables/members.hpp"

namespace holdpoint::tables {
namespace {

json::object to_json(const KeyAttribute& attribute) {
    return {{"name", attribute.name}, {"type", type_name(attribute.type)}};
}
json::object to_json(const KeySchema& key) {
    json::object object{{"partition", to_json(key.partition)}};
    if (key.sort) object["sort"] = to_json(*key.sort);
    return object;
}
json::object to_json(const Throughput& throughput) {
    return {{"read_units", throughput.read_units}, {"write_units", throughput.write_units}};
}
std::string_view name_of(Projection projection) {
    switch (projection) {
        case Projection::all:
            return "all";
        case Projection::keys_only:
            return "keys_only";
        case Projection::include:
            return "include";
    }
    std::unreachable();
}
json::object to_json(const Index& index) {
    return {{"name", index.name},
            {"global", index.global},
            {"key", to_json(index.key)},
            {"projection", name_of(index.projection)},
            {"included", json::value_from(index.included)},
            {"throughput", to_json(index.throughput)}};
}

/// In the order of JobKind; on disk.
constexpr std::array<std::string_view, 5> kJobNames{"erase_index", "fill_index", "fill_expiry", "erase_entries",
                                                    "erase_items"};

json::object to_json(const Job& job) {
    json::object object{{"kind", kJobNames.at(static_cast<std::size_t>(job.kind))}};
    if (!job.index.name.empty()) object["index"] = to_json(job.index);
    return object;
}

std::string text(const json::value& value) {
    return std::string(value.as_string());
}
KeyAttribute read_attribute(const json::value& value) {
    const auto type = text(value.at("type"));
    return {.name = text(value.at("name")),
            .type = type == "S"   ? Type::string
                    : type == "N" ? Type::number
                                  : Type::binary};
}
KeySchema read_key(const json::value& value) {
    KeySchema key{.partition = read_attribute(value.at("partition")), .sort = std::nullopt};
    if (const auto* sort = value.as_object().if_contains("sort")) key.sort = read_attribute(*sort);
    return key;
}
Throughput read_throughput(const json::value& value) {
    return {.read_units = value.at("read_units").to_number<std::int64_t>(),
            .write_units = value.at("write_units").to_number<std::int64_t>()};
}
Index read_index(const json::value& value) {
    const auto projection = text(value.at("projection"));
    return {.name = text(value.at("name")),
            .global = value.at("global").as_bool(),
            .key = read_key(value.at("key")),
            .projection = projection == "all"         ? Projection::all
                          : projection == "keys_only" ? Projection::keys_only
                                                      : Projection::include,
            .included = json::value_to<std::vector<std::string>>(value.at("included")),
            .throughput = read_throughput(value.at("throughput"))};
}

Job read_job(const json::value& value) {
    const auto* const name = std::ranges::find(kJobNames, std::string_view(value.at("kind").as_string()));
    if (name == kJobNames.end()) throw std::runtime_error("unknown job " + text(value.at("kind")));
    Job job{.kind = static_cast<JobKind>(name - kJobNames.begin())};
    if (const auto* index = value.as_object().if_contains("index")) job.index = read_index(*index);
    return job;
}

Table read_table(const json::value& value) {
    Table table{.name = text(value.at("name")),
                .arn = text(value.at("arn")),
                .id = text(value.at("id")),
                .created = from_epoch_ms(value.at("created").to_number<std::int64_t>()),
                .key = read_key(value.at("key")),
                .indexes = {},
                .provisioned = value.at("provisioned").as_bool(),
                .throughput = read_throughput(value.at("throughput")),
                .deletion_protection = value.at("deletion_protection").as_bool(),
                .table_class = text(value.at("table_class")),
                .ttl_attribute = std::nullopt,
                .tags = {},
                .jobs = {},
                .reached = {}};
    for (const auto& index : value.at("indexes").as_array()) table.indexes.push_back(read_index(index));
    if (const auto* ttl = value.as_object().if_contains("ttl_attribute")) table.ttl_attribute = text(*ttl);
    if (const auto* tags = value.as_object().if_contains("tags")) table.tags = json::value_to<Tags>(*tags);
    if (const auto* jobs = value.as_object().if_contains("jobs")) {
        for (const auto& job : jobs->as_array()) table.jobs.push_back(read_job(job));
        table.reached = base64_decode(text(value.at("reached"))).value();
    }
    return table;
}

/// What a row says, kept by its text: every request names a table, and there are few.
const Table& read_row(const std::string& row) {
    constexpr std::size_t kKeptMax = 64;
    thread_local std::unordered_map<std::string, Table> kept;
    if (const auto known = kept.find(row); known != kept.end()) return known->second;
    if (kept.size() >= kKeptMax) kept.clear();
    return kept.emplace(row, read_table(json::parse(row))).first->second;
}

std::optional<Table> find_table(const RowReader& rows, std::string_view name_or_arn) {
    const auto row = rows.get(Space::tables, table_name_of(name_or_arn));
    if (!row) return std::nullopt;
    Table table;
    try {
        table = read_row(*row);
    } catch (const std::exception& error) {
        throw std::runtime_error(fmt::format("the stored table {} cannot be read ({}): the database is damaged",
                                             table_name_of(name_or_arn), error.what()));
    }
    // Another region's or account's table is not here, whatever its name.
    if (name_or_arn.starts_with("arn:") && name_or_arn != table.arn) return std::nullopt;
    return table;
}

Result<void> check_table_name(std::string_view name_or_arn) {
    if (name_or_arn.empty())
        return constraint_error("", "TableName", "Member must have length greater than or equal to 1");
    return {};
}

}  // namespace

std::vector<KeyAttribute> KeySchema::attributes() const {
    std::vector<KeyAttribute> all{partition};
    if (sort) all.push_back(*sort);
    return all;
}

bool KeySchema::has(std::string_view attribute) const {
    return partition.name == attribute || (sort && sort->name == attribute);
}

const Index* Table::find_index(std::string_view index_name) const {
    const auto found = std::ranges::find(indexes, index_name, &Index::name);
    return found == indexes.end() ? nullptr : &*found;
}

void Table::drop_jobs(const std::function<bool(const Job&)>& goes) {
    if (!jobs.empty() && goes(jobs.front())) reached.clear();
    std::erase_if(jobs, goes);
}

bool Table::is_filling(const Index& index) const {
    return std::ranges::any_of(
        jobs, [&](const Job& job) { return job.kind == JobKind::fill_index && job.index.name == index.name; });
}

bool Table::is_updating() const {
    return std::ranges::any_of(
        jobs, [](const Job& job) { return job.kind == JobKind::fill_index || job.kind == JobKind::erase_index; });
}

bool Table::is_enabling_expiry() const {
    return std::ranges::find(jobs, JobKind::fill_expiry, &Job::kind) != jobs.end();
}

bool Table::is_deleting() const {
    return std::ranges::find(jobs, JobKind::erase_items, &Job::kind) != jobs.end();
}

bool Table::projects(const Table& table, const Index& index, std::string_view attribute) {
    return index.projection == Projection::all || table.key.has(attribute) || index.key.has(attribute) ||
           std::ranges::find(index.included, attribute) != index.included.end();
}

std::string table_arn(const Location& location, std::string_view table_name) {
    return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", location.region, location.account, table_name);
}

std::string table_name_of(std::string_view name_or_arn) {
    constexpr std::string_view kBeforeName = ":table/";
    if (!name_or_arn.starts_with("arn:")) return std::string(name_or_arn);
    const auto at = name_or_arn.find(kBeforeName);
    return std::string(at == std::string_view::npos ? name_or_arn : name_or_arn.substr(at + kBeforeName.size()));
}

Result<Table> load_table(const RowReader& rows, std::string_view name_or_arn) {
    if (auto checked = check_table_name(name_or_arn); !checked) return std::unexpected(checked.error());
    auto table = find_table(rows, name_or_arn);
    if (!table || table->is_deleting()) return fail("ResourceNotFoundException", 400, "Requested resource not found");
    return std::move(*table);
}

Result<Table> load_described_table(const RowReader& rows, std::string_view name_or_arn) {
    if (auto checked = check_table_name(name_or_arn); !checked) return std::unexpected(checked.error());
    auto table = find_table(rows, name_or_arn);
    if (!table) {
        return fail("ResourceNotFoundException", 400,
                    fmt::format("Requested resource not found: Table: {} not found", table_name_of(name_or_arn)));
    }
    return std::move(*table);
}

Result<Table> load_table_to_change(const RowReader& rows, std::string_view name_or_arn) {
    auto table = load_described_table(rows, name_or_arn);
    if (table && table->is_deleting()) {
        return fail(
            "ResourceInUseException", 400,
            fmt::format("Attempt to change a resource which is still in use: Table is being deleted: {}", table->name));
    }
    return table;
}

Result<void> check_not_updating(const Table& table) {
    if (!table.is_updating()) return {};
    return fail(
        "ResourceInUseException", 400,
        fmt::format("Attempt to change a resource which is still in use: Table is being updated: {}", table.name));
}

RowWrite save_table(const Table& table) {
    json::array indexes;
    for (const auto& index : table.indexes) indexes.push_back(to_json(index));
    json::object object{{"name", table.name},
                        {"arn", table.arn},
                        {"id", table.id},
                        {"created", to_epoch_ms(table.created)},
                        {"key", to_json(table.key)},
                        {"indexes", std::move(indexes)},
                        {"provisioned", table.provisioned},
                        {"throughput", to_json(table.throughput)},
                        {"deletion_protection", table.deletion_protection},
                        {"table_class", table.table_class}};
    if (table.ttl_attribute) object["ttl_attribute"] = *table.ttl_attribute;
    if (!table.tags.empty()) object["tags"] = json::value_from(table.tags);
    if (!table.jobs.empty()) {
        json::array jobs;
        for (const Job& job : table.jobs) jobs.push_back(to_json(job));
        object["jobs"] = std::move(jobs);
        object["reached"] = base64_encode(table.reached);
    }
    return {.space = Space::tables, .key = table.name, .value = json::serialize(object)};
}

json::array key_schema_json(const KeySchema& key) {
    json::array elements{json::object{{"AttributeName", key.partition.name}, {"KeyType", "HASH"}}};
    if (key.sort) elements.push_back(json::object{{"AttributeName", key.sort->name}, {"KeyType", "RANGE"}});
    return elements;
}

}  // namespace holdpoint::tables
