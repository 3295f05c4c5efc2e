// TransactWriteItems and TransactGetItems: all of it or nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

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
#include "tables/tokens.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kItemsMax = 100;
constexpr std::size_t kBytesMax = std::size_t{4} * 1024 * 1024;

/// One item's reason in a refused transaction; without a code the item itself was fine.
struct Reason {
    std::string code = "None";
    std::string message;
    std::string details_json;
};

std::unexpected<Error> cancelled(const std::vector<Reason>& reasons) {
    std::vector<std::string> codes;
    json::array list;
    for (const auto& reason : reasons) {
        codes.push_back(reason.code);
        json::object one{{"Code", reason.code}};
        if (!reason.message.empty()) one["Message"] = reason.message;
        if (!reason.details_json.empty()) {
            json::parse_options options;
            options.max_depth = 2 * kStoredNestingMax + 8;  // each level of an item is two levels of JSON
            const auto details = json::parse(reason.details_json, {}, options);
            for (const auto& member : details.as_object()) one[member.key()] = member.value();
        }
        list.push_back(std::move(one));
    }
    auto error = fail("TransactionCanceledException", 400,
                      fmt::format("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                                  fmt::join(codes, ", ")));
    error.error().details_json =
        json::serialize(json::object{{"Message", error.error().message}, {"CancellationReasons", std::move(list)}});
    return error;
}

Reason reason_of(const Error& error) {
    if (error.name == "ConditionalCheckFailedException")
        return {.code = "ConditionalCheckFailed", .message = error.message, .details_json = error.details_json};
    return {.code = "ValidationError", .message = error.message, .details_json = {}};
}

Result<const json::array*> read_list(Members& members) {
    const auto& list = members.required_array("TransactItems");
    if (members.problem()) return std::unexpected(*members.problem());
    if (list.empty())
        return constraint_error("[]", "transactItems", "Member must have length greater than or equal to 1");
    if (list.size() > kItemsMax) {
        return constraint_error(fmt::format("[{} items]", list.size()), "transactItems",
                                "Member must have length less than or equal to 100");
    }
    return &list;
}

Result<ItemWrite> parse_transact_item(const json::value& json) {
    constexpr std::pair<std::string_view, WriteKind> kKinds[] = {{"ConditionCheck", WriteKind::check},
                                                                 {"Put", WriteKind::put},
                                                                 {"Update", WriteKind::update},
                                                                 {"Delete", WriteKind::remove}};
    if (!json.is_object()) return serialization_error("TransactItems must be a list of maps");
    Members members(json.get_object());
    const json::object* found = nullptr;
    WriteKind found_kind = WriteKind::check;
    int count = 0;
    for (const auto& [name, kind] : kKinds) {
        const auto* member = members.object(name);
        if (member == nullptr) continue;
        found = member;
        found_kind = kind;
        ++count;
    }
    if (members.problem()) return std::unexpected(*members.problem());
    if (count != 1) return validation_error("TransactItems can only contain one of Check, Put, Update or Delete");
    Members inside(*found);
    inside.refuse_legacy({"Expected", "ConditionalOperator"}, "ConditionExpression");
    inside.refuse_legacy({"AttributeUpdates"}, "UpdateExpression");
    if (found_kind == WriteKind::update) (void)inside.required_text("UpdateExpression");
    if (inside.problem()) return std::unexpected(*inside.problem());
    return parse_item_write(found_kind, *found);
}

Result<std::vector<ItemWrite>> parse_transact_items(const json::array& list) {
    std::vector<ItemWrite> writes;
    for (const auto& each : list) {
        auto write = parse_transact_item(each);
        if (!write) return std::unexpected(write.error());
        writes.push_back(std::move(*write));
    }
    return writes;
}

/// The tables of a transaction, each loaded once.
class Tables {
public:
    explicit Tables(const RowReader& rows) : rows_(rows) {}

    Result<const Table*> find(const std::string& name) {
        const auto known = tables_.find(name);
        if (known != tables_.end()) return &known->second;
        auto table = load_table(rows_, name);
        if (!table) return std::unexpected(table.error());
        return &tables_.emplace(name, std::move(*table)).first->second;
    }

private:
    const RowReader& rows_;
    std::map<std::string, Table> tables_;
};

Result<void> check_targets(Tables& tables, const std::vector<ItemWrite>& writes) {
    std::set<std::string> seen;
    for (const auto& write : writes) {
        const auto table = tables.find(write.table);
        if (!table) return std::unexpected(table.error());
        // The request alone shows it, so nothing was begun that could be cancelled; an update's size shows only then.
        if (write.kind == WriteKind::put && size_of(write.subject) > kItemBytesMax)
            return validation_error("Item size has exceeded the maximum allowed size");
        const auto target = target_of(**table, write);
        // An unsuitable key is that item's reason for the cancellation, told with the others.
        if (target && !seen.insert(*target).second)
            return validation_error("Transaction request cannot include multiple operations on one item");
    }
    return {};
}

struct Writes {
    std::vector<RowWrite> rows;
    std::map<std::string, Capacity> capacities;
};

/// Of the item that a refused write is about, which its condition may have looked at.
std::size_t size_there(const RowReader& rows, const Table& table, const ItemWrite& write) {
    const auto target = target_of(table, write);
    const auto item = target ? read_item(rows, *target) : std::nullopt;
    return item ? size_of(*item) : 0;
}

Result<Writes> decide_all(const RowReader& rows, Tables& tables, const std::vector<ItemWrite>& writes) {
    Writes decided;
    std::vector<Reason> reasons(writes.size());
    bool refused = false;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < writes.size(); ++i) {
        auto change = decide_write(rows, **tables.find(writes[i].table), writes[i]);
        if (change) {
            bytes += change->after ? size_of(*change->after) : change->before ? size_of(*change->before) : 0;
        } else {
            bytes += size_there(rows, **tables.find(writes[i].table), writes[i]);
        }
        // At once: conditions on more of them would keep others that write waiting.
        if (bytes > kBytesMax)
            return validation_error("The aggregate size of the items in the transaction cannot exceed 4 MB");
        if (!change) {
            reasons[i] = reason_of(change.error());
            refused = true;
            continue;
        }
        decided.capacities[writes[i].table].add(change->capacity.times(2));  // prepare and commit
        decided.rows.insert(decided.rows.end(), std::make_move_iterator(change->writes.begin()),
                            std::make_move_iterator(change->writes.end()));
    }
    if (refused) return cancelled(reasons);
    return decided;
}

json::object all_metrics(Tables& tables, const std::vector<ItemWrite>& writes) {
    json::object collections;
    for (const auto& write : writes) {
        auto collection = collection_metrics(**tables.find(write.table), write.subject);
        if (!collection || write.kind == WriteKind::check) continue;
        auto& list = collections[write.table];
        if (!list.is_array()) list = json::array();
        list.get_array().push_back(std::move(*collection));
    }
    return collections;
}

/// A repeated request costs reading what it would have written.
std::map<std::string, Capacity> repeated_capacities(const RowReader& rows, Tables& tables,
                                                    const std::vector<ItemWrite>& writes) {
    std::map<std::string, Capacity> capacities;
    for (const auto& write : writes) {
        const auto table = tables.find(write.table);
        const auto target = table ? target_of(**table, write) : std::unexpected(table.error());
        const auto item = target ? read_item(rows, *target) : std::nullopt;
        capacities[write.table].table += 2 * read_units(item ? size_of(*item) : 0, true);
    }
    return capacities;
}

}  // namespace

Result<Change> transact_write_items(const RowReader& rows, const json::object& request, TimePoint now) {
    Members members(request);
    const auto list = read_list(members);
    if (!list) return std::unexpected(list.error());
    const auto report = read_capacity_report(members);
    const bool metrics = wants_metrics(members);
    const auto token = members.text("ClientRequestToken");
    if (members.problem()) return std::unexpected(*members.problem());
    if (token && (token->empty() || token->size() > 36))
        return constraint_error(*token, "clientRequestToken", "Member must have length between 1 and 36");
    const auto writes = parse_transact_items(**list);
    if (!writes) return std::unexpected(writes.error());
    Tables tables(rows);
    Change change;
    const auto digest = token ? digest_of(**list) : std::string();
    if (token) {
        const auto known = find_token(rows, *token, now);
        if (known && *known != digest) {
            auto mismatch =
                fail("IdempotentParameterMismatchException", 400,
                     "The request uses the same client token as a previous, but non-identical request. Do not reuse "
                     "a client token with different requests, unless the requests are identical.");
            // This shape spells it with a capital.
            mismatch.error().details_json = json::serialize(json::object{{"Message", mismatch.error().message}});
            return mismatch;
        }
        if (known) {
            report_capacities(change.answer, repeated_capacities(rows, tables, *writes), report, CapacityDetail::read);
            return change;
        }
    }
    if (auto checked = check_targets(tables, *writes); !checked) return std::unexpected(checked.error());
    auto decided = decide_all(rows, tables, *writes);
    if (!decided) return std::unexpected(decided.error());
    change.writes = std::move(decided->rows);
    if (token) {
        for (auto& write : save_token(rows, *token, digest, now)) change.writes.push_back(std::move(write));
    }
    report_capacities(change.answer, decided->capacities, report, CapacityDetail::write);
    if (metrics) {
        if (auto collections = all_metrics(tables, *writes); !collections.empty())
            change.answer["ItemCollectionMetrics"] = std::move(collections);
    }
    return change;
}

Result<json::object> transact_get_items(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto list = read_list(members);
    if (!list) return std::unexpected(list.error());
    const auto report = read_capacity_report(members);
    if (members.problem()) return std::unexpected(*members.problem());
    Tables tables(rows);
    std::set<std::string> seen;
    std::map<std::string, Capacity> capacities;
    std::vector<Reason> reasons;
    json::array responses;
    bool refused = false;
    std::size_t bytes = 0;
    for (const auto& each : **list) {
        if (!each.is_object()) return serialization_error("TransactItems must be a list of maps");
        Members outer(each.get_object());
        const auto& get = outer.required_object("Get");
        Members inner(get);
        const auto name = inner.required_text("TableName");
        const auto key = inner.required_item("Key");
        inner.refuse_legacy({"AttributesToGet"}, "ProjectionExpression");
        if (outer.problem()) return std::unexpected(*outer.problem());
        const auto paths = parse_projection_of(get, inner);
        if (!paths) return std::unexpected(paths.error());
        const auto table = tables.find(name);
        if (!table) return std::unexpected(table.error());
        reasons.emplace_back();
        auto checked = check_key(**table, key);
        if (checked && *paths) checked = check_scalar_keys(**table, **paths);
        if (!checked) {
            reasons.back() = reason_of(checked.error());
            refused = true;
            continue;
        }
        const auto row_key = item_key(**table, key);
        if (!seen.insert(row_key).second)
            return validation_error("Transaction request cannot include multiple operations on one item");
        if (bytes > kBytesMax) continue;  // refused below; what has been read takes memory enough
        const auto item = read_item(rows, row_key);
        bytes += item ? size_of(*item) : 0;
        capacities[name].table += 2 * read_units(item ? size_of(*item) : 0, true);
        json::object response;
        if (item) response["Item"] = to_json(*paths ? expression::project(*item, **paths) : *item);
        responses.push_back(std::move(response));
    }
    if (refused) return cancelled(reasons);
    if (bytes > kBytesMax)
        return validation_error("The aggregate size of the items in the transaction cannot exceed 4 MB");
    json::object answer{{"Responses", std::move(responses)}};
    report_capacities(answer, capacities, report, CapacityDetail::read);
    return answer;
}

}  // namespace holdpoint::tables
