// UpdateTable: billing, class, protection, and one global index more or less.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tables/describe.hpp"
#include "tables/errors.hpp"
#include "tables/index_changes.hpp"
#include "tables/jobs.hpp"
#include "tables/operations.hpp"
#include "tables/table_definition.hpp"

namespace holdpoint::tables {
namespace {

/// What this server does not do is refused. (What means something on AWS only, such as encryption, is accepted as by
/// CreateTable.)
Result<void> refuse_unsupported(const json::object& request) {
    constexpr std::array kUnsupported{"ReplicaUpdates",
                                      "MultiRegionConsistency",
                                      "GlobalTableWitnessUpdates",
                                      "GlobalTableSettingsReplicationMode",
                                      "DisassociationProtectionEnabled",
                                      "VectorIndexUpdates"};
    for (const std::string_view name : kUnsupported) {
        const auto* member = request.if_contains(name);
        if (member != nullptr && !member->is_null())
            return validation_error(fmt::format("{} is not supported by this server", name));
    }
    Members members(request);
    const auto* stream = members.object("StreamSpecification");
    if (members.problem()) return std::unexpected(*members.problem());
    if (stream != nullptr) return validation_error("StreamSpecification: streams are not supported by this server");
    return {};
}

Result<void> check_asks_something(const json::object& request) {
    constexpr std::array kAsks{"BillingMode",
                               "ProvisionedThroughput",
                               "GlobalSecondaryIndexUpdates",
                               "TableClass",
                               "DeletionProtectionEnabled",
                               "SSESpecification",
                               "OnDemandThroughput",
                               "WarmThroughput"};
    const bool asks = std::ranges::any_of(kAsks, [&](std::string_view name) {
        const auto* member = request.if_contains(name);
        return member != nullptr && !member->is_null();
    });
    if (asks) return {};
    return validation_error(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required");
}

/// Answers whether the table begins to be provisioned, which its indexes must follow.
Result<bool> change_billing(Members& members, Table& table) {
    const bool was_provisioned = table.provisioned;
    if (members.text("BillingMode"))
        table.provisioned = members.one_of("BillingMode", {"PROVISIONED", "PAY_PER_REQUEST"}) == "PROVISIONED";
    const auto* given = members.object("ProvisionedThroughput");
    if (members.problem()) return std::unexpected(*members.problem());
    if (given == nullptr && table.provisioned == was_provisioned) return false;
    const auto throughput = read_throughput(members, table.provisioned);
    if (!throughput) return std::unexpected(throughput.error());
    if (was_provisioned && table.provisioned && *throughput == table.throughput) {
        return validation_error(fmt::format(
            "The provisioned throughput for the table will not change. The requested value equals the current value. "
            "Current ReadCapacityUnits provisioned for the table: {0}. Requested ReadCapacityUnits: {0}. Current "
            "WriteCapacityUnits provisioned for the table: {1}. Requested WriteCapacityUnits: {1}.",
            throughput->read_units, throughput->write_units));
    }
    table.throughput = *throughput;
    if (!table.provisioned) {
        for (Index& index : table.indexes) index.throughput = {};
    }
    return table.provisioned && !was_provisioned;
}

/// The definitions that the table has, and those of the request, which must not contradict them.
Result<Definitions> all_definitions(Members& members, const Table& table) {
    Definitions known;
    for (const auto& attribute : table.key.attributes()) known.emplace(attribute.name, attribute.type);
    for (const auto& index : table.indexes) {
        for (const auto& attribute : index.key.attributes()) known.emplace(attribute.name, attribute.type);
    }
    const auto* given = members.array("AttributeDefinitions");
    if (members.problem()) return std::unexpected(*members.problem());
    if (given == nullptr) return known;
    const auto added = read_definitions(*given);
    if (!added) return std::unexpected(added.error());
    for (const auto& [name, type] : *added) {
        const auto [at, is_new] = known.emplace(name, type);
        if (!is_new && at->second != type) {
            return invalid_values(fmt::format("The AttributeType of {} is {} and cannot be changed to {}", name,
                                              type_name(at->second), type_name(type)));
        }
    }
    return known;
}

Index* find_global(Table& table, std::string_view name) {
    const auto found =
        std::ranges::find_if(table.indexes, [&](const Index& index) { return index.global && index.name == name; });
    return found == table.indexes.end() ? nullptr : &*found;
}

std::unexpected<Error> no_such_index(std::string_view name) {
    return fail("ResourceNotFoundException", 400,
                fmt::format("Requested resource not found: Index: {} not found", name));
}

/// Does GlobalSecondaryIndexUpdates to `table`, one element after the other.
class IndexUpdates {
public:
    IndexUpdates(Table& table, const Definitions& definitions) : table_(table), definitions_(definitions) {}

    Result<void> apply(const json::value& element) {
        constexpr std::string_view kOneAction =
            "One or more parameter values were invalid: Exactly one of Create, Update and Delete must be in each "
            "element "
            "of GlobalSecondaryIndexUpdates";
        if (!element.is_object()) return serialization_error("An element of GlobalSecondaryIndexUpdates must be a map");
        Members members(element.get_object());
        const auto* made = members.object("Create");
        const auto* changed = members.object("Update");
        const auto* removed = members.object("Delete");
        if (members.problem()) return std::unexpected(*members.problem());
        if ((made != nullptr ? 1 : 0) + (changed != nullptr ? 1 : 0) + (removed != nullptr ? 1 : 0) != 1)
            return validation_error(std::string(kOneAction));
        if (changed != nullptr) return update(*changed);
        if (++made_or_removed_ > 1) {
            return fail("LimitExceededException", 400,
                        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per "
                        "table");
        }
        return made != nullptr ? create(*made) : remove(*removed);
    }

    /// A table that begins to be provisioned needs the throughput of each of its indexes.
    [[nodiscard]] Result<void> check_provisioned() const {
        for (const Index& index : table_.indexes) {
            if (index.global && index.throughput == Throughput{})
                return invalid_values(fmt::format("ProvisionedThroughput must be specified for index: {}", index.name));
        }
        return {};
    }

private:
    Result<void> create(const json::object& definition) {
        auto index = read_index(definition, true, table_, definitions_);
        if (!index) return std::unexpected(index.error());
        if (table_.find_index(index->name) != nullptr)
            return validation_error("Attempting to create an index which already exists");
        const auto global = std::ranges::count_if(table_.indexes, &Index::global);
        if (static_cast<std::size_t>(global) >= kGlobalIndexesMax) {
            return invalid_values(
                fmt::format("GlobalSecondaryIndex count exceeds the per-table limit of {}", kGlobalIndexesMax));
        }
        table_.indexes.push_back(std::move(*index));
        return check_included(table_);
    }
    Result<void> update(const json::object& definition) {
        Members members(definition);
        const auto name = members.required_text("IndexName");
        if (members.problem()) return std::unexpected(*members.problem());
        Index* index = find_global(table_, name);
        if (index == nullptr) return no_such_index(name);
        const auto throughput = read_throughput(members, table_.provisioned);
        if (!throughput) return std::unexpected(throughput.error());
        index->throughput = *throughput;
        return {};
    }
    Result<void> remove(const json::object& definition) {
        Members members(definition);
        const auto name = members.required_text("IndexName");
        if (members.problem()) return std::unexpected(*members.problem());
        if (find_global(table_, name) == nullptr) return no_such_index(name);
        std::erase_if(table_.indexes, [&](const Index& index) { return index.name == name; });
        return {};
    }

    Table& table_;
    const Definitions& definitions_;
    int made_or_removed_ = 0;
};

Result<void> change_indexes_of(Members& members, Table& table, bool begins_provisioned) {
    const auto* updates = members.array("GlobalSecondaryIndexUpdates");
    const auto definitions = all_definitions(members, table);
    if (!definitions) return std::unexpected(definitions.error());
    IndexUpdates changes(table, *definitions);
    if (updates != nullptr) {
        if (updates->empty()) return invalid_values("List of GlobalSecondaryIndexUpdates is empty");
        for (const auto& element : *updates) {
            if (auto ok = changes.apply(element); !ok) return ok;
        }
    }
    return begins_provisioned ? changes.check_provisioned() : Result<void>();
}

/// As on AWS, where the change begins now. The writer waits for it, so it counts no more than a slice of a job.
json::object description_of_change(const RowReader& rows, const Table& before, const Table& after) {
    auto answer = description(after, "UPDATING", count_items(rows, before, kSliceRowsMax));
    auto* described = answer.if_contains("GlobalSecondaryIndexes");
    if (described == nullptr) return answer;
    for (json::value& each : described->as_array()) {
        const std::string_view name = each.at("IndexName").as_string();
        const Index* was = before.find_index(name);
        const Index* is = after.find_index(name);
        if (was != nullptr && is != nullptr && was->throughput != is->throughput)
            each.as_object()["IndexStatus"] = "UPDATING";
    }
    return answer;
}

}  // namespace

Result<Change> update_table(const RowReader& rows, const json::object& request) {
    Members members(request);
    const auto name = members.required_text("TableName");
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto ok = refuse_unsupported(request); !ok) return std::unexpected(ok.error());
    if (auto ok = check_asks_something(request); !ok) return std::unexpected(ok.error());
    const auto before = load_table_to_change(rows, name);
    if (!before) return std::unexpected(before.error());
    if (auto ok = check_not_updating(*before); !ok) return std::unexpected(ok.error());
    Table after = *before;
    after.deletion_protection = members.flag("DeletionProtectionEnabled", before->deletion_protection);
    if (members.text("TableClass"))
        after.table_class = members.one_of("TableClass", {"STANDARD", "STANDARD_INFREQUENT_ACCESS"});
    const auto begins_provisioned = change_billing(members, after);
    if (!begins_provisioned) return std::unexpected(begins_provisioned.error());
    Table without_changed_indexes = after;
    if (auto ok = change_indexes_of(members, after, *begins_provisioned); !ok) return std::unexpected(ok.error());
    auto changed = change_indexes(without_changed_indexes, after.indexes);
    if (!changed) return std::unexpected(changed.error());
    return Change{.answer = {{"TableDescription", description_of_change(rows, *before, *changed)}},
                  .writes = save_with_jobs(rows, std::move(*changed))};
}

}  // namespace holdpoint::tables
