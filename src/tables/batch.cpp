// BatchGetItem and BatchWriteItem: many independent items in one request.
#include <fmt/format.h>

#include <map>
#include <set>

#include "tables/changes.hpp"
#include "tables/errors.hpp"
#include "tables/expression/path.hpp"
#include "tables/item_read.hpp"
#include "tables/item_write.hpp"
#include "tables/keys.hpp"
#include "tables/members.hpp"
#include "tables/metrics.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kGetsMax = 100;
constexpr std::size_t kWritesMax = 25;
constexpr std::size_t kAnswerBytesMax = 16UL * 1024 * 1024;
/// Of the same items as they are stored. JSON may be many times as large as what DynamoDB counts, and takes many times
/// its length to answer.
constexpr std::size_t kStoredBytesMax = 2 * kAnswerBytesMax;

std::unexpected<Error> duplicates() {
    return validation_error("Provided list of item keys contains duplicates");
}

struct TableGets {
    std::string name;  // as the request has it
    std::vector<Item> keys;
    std::optional<std::vector<expression::Path>> projection;
    bool consistent = false;
    const json::object* request = nullptr;
};

Result<TableGets> parse_gets(std::string_view name, const json::value& json) {
    if (!json.is_object()) return serialization_error("RequestItems: a table's value must be a map");
    Members members(json.get_object());
    const auto& keys = members.required_array("Keys");
    TableGets gets{.name = std::string(name),
                   .keys = {},
                   .projection = std::nullopt,
                   .consistent = members.flag("ConsistentRead"),
                   .request = &json.get_object()};
    if (members.problem()) return std::unexpected(*members.problem());
    if (keys.empty()) {
        return constraint_error("[]", fmt::format("requestItems.{}.member.keys", name),
                                "Member must have length greater than or equal to 1");
    }
    auto paths = parse_projection_of(json.get_object(), members);
    if (!paths) return std::unexpected(paths.error());
    gets.projection = std::move(*paths);
    for (const auto& key : keys) {
        if (!key.is_object()) return serialization_error("Keys must be a list of maps");
        auto parsed = parse_item(key.get_object());
        if (!parsed) return std::unexpected(parsed.error());
        gets.keys.push_back(std::move(*parsed));
    }
    return gets;
}

Result<std::vector<TableGets>> parse_all_gets(const json::object& request_items) {
    if (request_items.empty()) {
        return constraint_error("{}", "requestItems", "Member must have length greater than or equal to 1");
    }
    std::vector<TableGets> all;
    std::size_t count = 0;
    for (const auto& member : request_items) {
        auto gets = parse_gets(member.key(), member.value());
        if (!gets) return std::unexpected(gets.error());
        count += gets->keys.size();
        all.push_back(std::move(*gets));
    }
    if (count > kGetsMax) return validation_error("Too many items requested for the BatchGetItem call");
    return all;
}

/// Collects the answer of a BatchGetItem until it is as large as it may be; the rest is told as unprocessed.
class Gets {
public:
    Gets(const RowReader& rows, CapacityReport report) : rows_(rows), report_(report) {}

    Result<void> read(const TableGets& gets) {
        const auto table = load_table(rows_, gets.name);
        if (!table) return std::unexpected(table.error());
        if (gets.projection) {
            if (auto checked = check_scalar_keys(*table, *gets.projection); !checked) return checked;
        }
        json::array found;
        json::array left;
        for (const auto& key : gets.keys) {
            if (auto checked = check_key(*table, key); !checked) return checked;
            const auto row_key = item_key(*table, key);
            if (!seen_.insert(row_key).second) return duplicates();
            const auto row = full_ ? std::nullopt : rows_.get(Space::items, row_key);
            stored_ += row ? row->size() : 0;
            full_ = full_ || stored_ > kStoredBytesMax;
            const auto item = row && !full_ ? std::optional(decode_item(*row)) : std::nullopt;
            const auto size = item ? size_of(*item) : 0;
            full_ = full_ || bytes_ + size > kAnswerBytesMax;
            if (full_) {
                left.push_back(to_json(key));
                continue;
            }
            bytes_ += size;
            capacities_[gets.name].table += read_units(size, gets.consistent);
            if (item) found.push_back(to_json(gets.projection ? expression::project(*item, *gets.projection) : *item));
        }
        responses_[gets.name] = std::move(found);
        if (left.empty()) return {};
        json::object again = *gets.request;
        again["Keys"] = std::move(left);
        unprocessed_[gets.name] = std::move(again);
        return {};
    }

    json::object answer() {
        json::object answer{{"Responses", std::move(responses_)}, {"UnprocessedKeys", std::move(unprocessed_)}};
        report_capacities(answer, capacities_, report_);
        return answer;
    }

private:
    const RowReader& rows_;
    CapacityReport report_;
    std::set<std::string> seen_;
    std::map<std::string, Capacity> capacities_;
    json::object responses_;
    json::object unprocessed_;
    std::size_t bytes_ = 0;
    std::size_t stored_ = 0;
    bool full_ = false;
};

/// One PutRequest or DeleteRequest.
Result<ItemWrite> parse_write_request(std::string_view table, const json::value& json) {
    if (!json.is_object()) return serialization_error("RequestItems: a write request must be a map");
    Members members(json.get_object());
    const auto* put = members.object("PutRequest");
    const auto* remove = members.object("DeleteRequest");
    if (members.problem()) return std::unexpected(*members.problem());
    if ((put == nullptr) == (remove == nullptr)) {
        return validation_error(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
            "datatypes");
    }
    Members inside(put != nullptr ? *put : *remove);
    ItemWrite write{.kind = put != nullptr ? WriteKind::put : WriteKind::remove,
                    .table = std::string(table),
                    .subject = inside.required_item(put != nullptr ? "Item" : "Key"),
                    .condition = std::nullopt,
                    .update = std::nullopt,
                    .answer_old_on_failure = false};
    if (inside.problem()) return std::unexpected(*inside.problem());
    return write;
}

Result<std::vector<ItemWrite>> parse_writes(const json::object& request_items) {
    if (request_items.empty())
        return constraint_error("{}", "requestItems", "Member must have length greater than or equal to 1");
    std::vector<ItemWrite> writes;
    for (const auto& member : request_items) {
        if (!member.value().is_array()) return serialization_error("RequestItems: a table's value must be a list");
        if (member.value().get_array().empty()) {
            return constraint_error("[]", fmt::format("requestItems.{}.member", std::string_view(member.key())),
                                    "Member must have length greater than or equal to 1");
        }
        for (const auto& each : member.value().get_array()) {
            auto write = parse_write_request(member.key(), each);
            if (!write) return std::unexpected(write.error());
            writes.push_back(std::move(*write));
        }
    }
    if (writes.size() > kWritesMax) return validation_error("Too many items requested for the BatchWriteItem call");
    return writes;
}

}  // namespace

Result<json::object> batch_get_item(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto& request_items = members.required_object("RequestItems");
    const auto report = read_capacity_report(members);
    if (members.problem()) return std::unexpected(*members.problem());
    const auto all = parse_all_gets(request_items);
    if (!all) return std::unexpected(all.error());
    Gets gets(rows, report);
    for (const auto& each : *all) {
        if (auto read = gets.read(each); !read) return std::unexpected(read.error());
    }
    return gets.answer();
}

Result<Change> batch_write_item(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto& request_items = members.required_object("RequestItems");
    const auto report = read_capacity_report(members);
    const bool metrics = wants_metrics(members);
    if (members.problem()) return std::unexpected(*members.problem());
    const auto writes = parse_writes(request_items);
    if (!writes) return std::unexpected(writes.error());
    Change change{.answer = {{"UnprocessedItems", json::object()}}, .writes = {}};
    std::set<std::string> seen;
    std::map<std::string, Capacity> capacities;
    json::object collections;
    for (const auto& write : *writes) {
        const auto table = load_table(rows, write.table);
        if (!table) return std::unexpected(table.error());
        // A batch looks at keys alone before it looks at items, unlike PutItem, and so says what DeleteItem says.
        if (write.kind == WriteKind::put) {
            if (auto checked = check_key(*table, key_of(table->key, write.subject)); !checked)
                return std::unexpected(checked.error());
        }
        auto decided = decide_write(rows, *table, write);
        if (!decided) return std::unexpected(decided.error());
        if (!seen.insert(decided->row_key).second) return duplicates();
        capacities[write.table].add(decided->capacity);
        change.writes.insert(change.writes.end(), std::make_move_iterator(decided->writes.begin()),
                             std::make_move_iterator(decided->writes.end()));
        if (auto collection = metrics ? collection_metrics(*table, write.subject) : std::nullopt) {
            auto& list = collections[write.table];
            if (!list.is_array()) list = json::array();
            list.get_array().push_back(std::move(*collection));
        }
    }
    report_capacities(change.answer, capacities, report);
    if (!collections.empty()) change.answer["ItemCollectionMetrics"] = std::move(collections);
    return change;
}

}  // namespace holdpoint::tables
