#include "approvals/repository/audit_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <utility>

#include "approvals/domain/agreement.hpp"
#include "approvals/repository/items.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

/// Chains in one item of the settings table: far below the 400 KB that an item may have.
constexpr std::size_t kChainsInPart = 500;
constexpr std::string_view kHeadPrefix = "audit-head/";

/// An attribute's value of one type; empty when it is not there.
std::string value_of(const json::object& item, std::string_view name, std::string_view type) {
    const json::value* attribute = item.if_contains(name);
    return attribute == nullptr ? "" : aws::text_of(*attribute, type);
}

std::int64_t number_of(const json::object& item, std::string_view name) {
    return std::strtoll(value_of(item, name, "N").c_str(), nullptr, 10);
}

/// Named by what it is of, so that two who seal at once do not touch each other's.
std::string part_name(const HeadStatement& statement, std::size_t part) {
    return fmt::format("audit-head-chains/{}/{}", statement.hash, part);
}

json::object chain_item(const ChainHead& chain) {
    return {{"M",
             {{"approval_id", to_attribute(chain.approval_id)},
              {"seq", to_attribute(chain.seq)},
              {"hash", to_attribute(chain.hash)}}}};
}

/// What is no such item becomes a head that no chain has, so the statement's hash does not fit.
ChainHead chain_of(const json::object& item) {
    const json::value* members = item.if_contains("M");
    if (members == nullptr) return {};
    return {.approval_id = value_of(members->as_object(), "approval_id", "S"),
            .seq = number_of(members->as_object(), "seq"),
            .hash = value_of(members->as_object(), "hash", "S")};
}

HeadStatement statement_of(const json::object& item) {
    return {.number = number_of(item, "number"),
            .at = value_of(item, "at", "S"),
            .prev_hash = value_of(item, "prev_hash", "S"),
            .hash = value_of(item, "hash", "S"),
            .key_id = value_of(item, "key_id", "S"),
            .signature = value_of(item, "signature", "S")};
}

/// Or what it is instead.
std::expected<AuditRecord, std::string> read_record(const json::object& item) {
    try {
        return audit_from_item(item);
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} record {}: expected an audit record, found something else ({})",
                                           value_of(item, "approval_id", "S"), value_of(item, "seq", "N"),
                                           error.what()));
    }
}

/// What an item has besides a record, or otherwise than one; no hash is over it.
void check_item(const json::object& item, const AuditRecord& record, std::vector<std::string>& problems) {
    const json::object expected = to_item(record);
    if (item == expected) return;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : item) {
        const json::value* known = expected.if_contains(name);
        if (known == nullptr || *known != value) names.push_back(name);
    }
    std::ranges::sort(names);
    problems.push_back(fmt::format("{} record {} ({}): its item has more than a record ({}), for which nothing vouches",
                                   record.approval_id, record.seq, record.event, fmt::join(names, ", ")));
}

/// Nothing for an item that is no record of a request.
std::optional<ApprovalRequest> read_request(const json::object& item) {
    try {
        return approval_from_item(item);
    } catch (const durable::SerdesError&) {
        return std::nullopt;
    }
}

}  // namespace

template <class Take>
Result<void> AuditStore::scan(json::object request, Take take) {
    request["ConsistentRead"] = true;
    while (true) {
        const auto answer = client_.json("dynamodb", "DynamoDB_20120810.Scan", request);
        if (!answer) return std::unexpected(answer.error());
        for (const json::value& item : answer->at("Items").as_array()) take(item.as_object());
        const json::value* more = answer->if_contains("LastEvaluatedKey");
        if (more == nullptr) return {};
        request["ExclusiveStartKey"] = *more;
    }
}

Result<void> AuditStore::each_record(
    const std::string& approvals_table,
    const std::function<void(const std::string& approval_id, std::optional<ApprovalRequest> record)>& take) {
    return scan({{"TableName", approvals_table}},
                [&](const json::object& item) { take(value_of(item, "approval_id", "S"), read_request(item)); });
}

Result<std::vector<std::string>> AuditStore::each_chain(
    const std::function<void(std::vector<AuditRecord> chain)>& take) {
    std::vector<std::string> problems;
    std::vector<AuditRecord> chain;
    // A scan reads partition after partition, each in the order of its sort key.
    const auto read = scan({{"TableName", audit_table_}}, [&](const json::object& item) {
        auto record = read_record(item);
        if (!record) return problems.push_back(std::move(record.error()));
        check_item(item, *record, problems);
        if (!chain.empty() && chain.front().approval_id != record->approval_id) take(std::exchange(chain, {}));
        chain.push_back(std::move(*record));
    });
    if (!read) return std::unexpected(read.error());
    if (!chain.empty()) take(std::move(chain));
    return problems;
}

Result<std::optional<HeadStatement>> AuditStore::statement(std::int64_t number) {
    const auto answer = client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                                     {{"TableName", settings_table_},
                                      {"Key", {{"name", to_attribute(fmt::format("{}{}", kHeadPrefix, number))}}},
                                      {"ConsistentRead", true}});
    if (!answer) return std::unexpected(answer.error());
    const json::value* item = answer->if_contains("Item");
    if (item == nullptr) return std::nullopt;
    return statement_of(item->as_object());
}

Result<std::optional<HeadStatement>> AuditStore::newest() {
    std::optional<HeadStatement> newest;
    std::int64_t absent = 1;  // a number that none has
    while (true) {
        auto found = statement(absent);
        if (!found) return found;
        if (!*found) break;
        newest = std::move(*found);
        absent *= 2;
    }
    while (newest && absent - newest->number > 1) {
        const std::int64_t middle = newest->number + (absent - newest->number) / 2;
        auto found = statement(middle);
        if (!found) return found;
        if (*found) {
            newest = std::move(*found);
        } else {
            absent = middle;
        }
    }
    return newest;
}

Result<std::vector<HeadStatement>> AuditStore::statements() {
    std::vector<HeadStatement> statements;
    const auto read = scan({{"TableName", settings_table_},
                            {"FilterExpression", "begins_with(#name, :prefix)"},
                            {"ExpressionAttributeNames", {{"#name", "name"}}},
                            {"ExpressionAttributeValues", {{":prefix", to_attribute(kHeadPrefix)}}}},
                           [&](const json::object& item) { statements.push_back(statement_of(item)); });
    if (!read) return std::unexpected(read.error());
    std::sort(statements.begin(), statements.end(),
              [](const HeadStatement& a, const HeadStatement& b) { return a.number < b.number; });
    return statements;
}

Result<void> AuditStore::each_chain_of(const HeadStatement& statement, const TakeEnd& take) {
    for (std::size_t part = 0;; ++part) {
        const auto answer = client_.json("dynamodb", "DynamoDB_20120810.GetItem",
                                         {{"TableName", settings_table_},
                                          {"Key", {{"name", to_attribute(part_name(statement, part))}}},
                                          {"ConsistentRead", true}});
        if (!answer) return std::unexpected(answer.error());
        const json::value* item = answer->if_contains("Item");
        const json::value* list = item == nullptr ? nullptr : item->as_object().if_contains("chains");
        if (list == nullptr) return {};
        const json::value* entries = list->as_object().if_contains("L");
        if (entries == nullptr || !entries->is_array()) return {};  // its hash tells
        for (const json::value& entry : entries->get_array()) take(chain_of(entry.as_object()));
    }
}

Result<void> AuditStore::add_part(const HeadStatement& statement, std::size_t part, json::array chains) {
    const auto written = client_.json(
        "dynamodb", "DynamoDB_20120810.PutItem",
        {{"TableName", settings_table_},
         {"Item", {{"name", to_attribute(part_name(statement, part))}, {"chains", {{"L", std::move(chains)}}}}}});
    if (!written) return std::unexpected(written.error());
    return {};
}

Result<bool> AuditStore::add(const HeadStatement& statement, const std::function<void(const TakeEnd& take)>& each) {
    // Its chains first: a statement that is there is there as a whole.
    Result<void> added;
    std::size_t part = 0;
    json::array chains;
    each([&](const ChainHead& end) {
        if (!added) return;
        chains.push_back(chain_item(end));
        if (chains.size() == kChainsInPart) added = add_part(statement, part++, std::exchange(chains, {}));
    });
    if (added && !chains.empty()) added = add_part(statement, part, std::move(chains));
    if (!added) return std::unexpected(added.error());
    const auto written = client_.json("dynamodb", "DynamoDB_20120810.PutItem",
                                      {{"TableName", settings_table_},
                                       {"Item",
                                        {{"name", to_attribute(fmt::format("{}{}", kHeadPrefix, statement.number))},
                                         {"number", to_attribute(statement.number)},
                                         {"at", to_attribute(statement.at)},
                                         {"prev_hash", to_attribute(statement.prev_hash)},
                                         {"hash", to_attribute(statement.hash)},
                                         {"key_id", to_attribute(statement.key_id)},
                                         {"signature", to_attribute(statement.signature)}}},
                                       {"ConditionExpression", "attribute_not_exists(#name)"},
                                       {"ExpressionAttributeNames", {{"#name", "name"}}}});
    if (written) return true;
    if (written.error().name == "ConditionalCheckFailedException") return false;
    return std::unexpected(written.error());
}

Result<void> AuditStore::erase(const AuditRecord& record, const std::vector<std::string>& fields) {
    if (fields.empty()) return {};
    std::string changes;
    json::object names{{"#hash", "hash"}};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        changes += fmt::format("{}personal.#f{} = :erased", i == 0 ? "SET " : ", ", i);
        names[fmt::format("#f{}", i)] = fields[i];
    }
    const auto written =
        client_.json("dynamodb", "DynamoDB_20120810.UpdateItem",
                     {{"TableName", audit_table_},
                      {"Key", {{"approval_id", to_attribute(record.approval_id)}, {"seq", to_attribute(record.seq)}}},
                      {"UpdateExpression", changes},
                      {"ConditionExpression", "#hash = :hash"},
                      {"ExpressionAttributeNames", names},
                      {"ExpressionAttributeValues",
                       {{":hash", to_attribute(record.hash)},
                        {":erased", {{"M", {{"value", to_attribute("")}, {"salt", to_attribute("")}}}}}}}});
    if (!written) return std::unexpected(written.error());
    return {};
}

}  // namespace holdpoint::approvals
