// CreateTable.
#include <fmt/format.h>

#include "tables/describe.hpp"
#include "tables/errors.hpp"
#include "tables/operations.hpp"
#include "tables/table_definition.hpp"
#include "tables/tags.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kLocalIndexesMax = 5;

Result<void> read_indexes(Members& members, Table& table, const Definitions& definitions) {
    struct Kind {
        std::string_view member;
        bool global;
        std::size_t most;
    };
    for (const auto& kind : {Kind{"LocalSecondaryIndexes", false, kLocalIndexesMax},
                             Kind{"GlobalSecondaryIndexes", true, kGlobalIndexesMax}}) {
        const auto* elements = members.array(kind.member);
        if (members.problem()) return std::unexpected(*members.problem());
        if (elements == nullptr) continue;
        if (elements->empty()) return invalid_values(fmt::format("List of {} is empty", kind.member));
        if (elements->size() > kind.most) {
            return invalid_values(fmt::format("{} count exceeds the per-table limit of {}",
                                              kind.global ? "GlobalSecondaryIndex" : "LocalSecondaryIndex", kind.most));
        }
        if (!kind.global && !table.key.sort) {
            return invalid_values(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
        }
        for (const auto& element : *elements) {
            auto index = read_index(element, kind.global, table, definitions);
            if (!index) return std::unexpected(index.error());
            if (table.find_index(index->name) != nullptr)
                return invalid_values(fmt::format("Duplicate index name: {}", index->name));
            table.indexes.push_back(std::move(*index));
        }
    }
    return check_included(table);
}

/// What this server does not do is refused; what means something on AWS only (encryption, warm throughput, limits
/// of on-demand throughput) is accepted.
Result<void> refuse_unsupported(Members& members) {
    const auto* stream = members.object("StreamSpecification");
    if (stream != nullptr) {
        Members specification(*stream);
        if (specification.flag("StreamEnabled"))
            return validation_error("StreamSpecification: streams are not supported by this server");
        if (specification.problem()) return std::unexpected(*specification.problem());
    }
    if (members.text("ResourcePolicy")) return validation_error("ResourcePolicy is not supported by this server");
    if (members.array("VectorIndexes") != nullptr)
        return validation_error("VectorIndexes are not supported by this server");
    if (members.text("GlobalTableSourceArn") || members.text("GlobalTableSettingsReplicationMode"))
        return validation_error("Global tables are not supported by this server");
    if (members.problem()) return std::unexpected(*members.problem());
    return {};
}

}  // namespace

Result<Change> create_table(const RowReader& rows, const json::object& request, const Location& location, TimePoint now,
                            std::string_view table_id) {
    Members members(request);
    const auto name_or_arn = members.required_text("TableName");
    const auto name = table_name_of(name_or_arn);
    const auto& attributes = members.required_array("AttributeDefinitions");
    const auto& schema = members.required_array("KeySchema");
    const auto billing = members.one_of("BillingMode", {"PROVISIONED", "PAY_PER_REQUEST"});
    const auto table_class = members.text("TableClass")
                                 ? members.one_of("TableClass", {"STANDARD", "STANDARD_INFREQUENT_ACCESS"})
                                 : std::string();
    const bool deletion_protection = members.flag("DeletionProtectionEnabled");
    const auto* tag_list = members.array("Tags");
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto checked = check_name(name, "TableName"); !checked) return std::unexpected(checked.error());
    if (name_or_arn.starts_with("arn:") && name_or_arn != table_arn(location, name))
        return validation_error(fmt::format("TableName: this server's tables are {}", table_arn(location, "<name>")));
    if (auto supported = refuse_unsupported(members); !supported) return std::unexpected(supported.error());
    auto definitions = read_definitions(attributes);
    if (!definitions) return std::unexpected(definitions.error());
    auto key = read_key_schema(schema, *definitions);
    if (!key) return std::unexpected(key.error());
    Table table{.name = name,
                .arn = table_arn(location, name),
                .id = std::string(table_id),
                .created = now,
                .key = *key,
                .indexes = {},
                .provisioned = billing == "PROVISIONED",
                .throughput = {},
                .deletion_protection = deletion_protection,
                .table_class = table_class,
                .ttl_attribute = std::nullopt,
                .tags = {},
                .jobs = {},
                .reached = {}};
    if (tag_list != nullptr) {
        auto tags = read_tags(*tag_list);
        if (!tags) return std::unexpected(tags.error());
        table.tags = std::move(*tags);
    }
    auto throughput = read_throughput(members, table.provisioned);
    if (!throughput) return std::unexpected(throughput.error());
    table.throughput = *throughput;
    if (auto read = read_indexes(members, table, *definitions); !read) return std::unexpected(read.error());
    if (auto used = check_definitions_used(table, *definitions); !used) return std::unexpected(used.error());
    if (rows.get(Space::tables, name))
        return fail("ResourceInUseException", 400, fmt::format("Table already exists: {}", name));
    Change change{.answer = {{"TableDescription", description(table, "CREATING", {})}}, .writes = {}};
    change.writes.push_back(save_table(table));
    return change;
}

}  // namespace holdpoint::tables
