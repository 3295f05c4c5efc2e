// CreateTable: reading and checking a table's definition.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "tables/describe.hpp"
#include "tables/errors.hpp"
#include "tables/members.hpp"
#include "tables/operations.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kGlobalIndexesMax = 20;
constexpr std::size_t kLocalIndexesMax = 5;
constexpr std::size_t kNonKeyAttributesMax = 20;
constexpr std::size_t kNameBytesMax = 255;

using Definitions = std::map<std::string, Type>;

Result<void> check_name(std::string_view name, std::string_view member) {
    const bool legal = std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    });
    if (name.size() < 3 || name.size() > kNameBytesMax)
        return validation_error(
            fmt::format("{} must be at least 3 characters long and at most 255 characters long", member));
    if (!legal)
        return constraint_error(name, member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+");
    return {};
}

Result<Definitions> read_definitions(const json::array& elements) {
    Definitions definitions;
    for (const auto& element : elements) {
        if (!element.is_object()) return serialization_error("AttributeDefinitions: an element must be a map");
        Members members(element.get_object());
        const auto name = members.required_text("AttributeName");
        const auto type = members.one_of("AttributeType", {"S", "N", "B"});
        if (members.problem()) return std::unexpected(*members.problem());
        if (name.empty() || name.size() > kNameBytesMax) {
            return constraint_error(name, "attributeDefinitions.member.attributeName",
                                    "Member must have length between 1 and 255");
        }
        const bool added =
            definitions.emplace(name, type == "S"   ? Type::string
                                      : type == "N" ? Type::number
                                                    : Type::binary)
                .second;
        if (!added) return invalid_values(fmt::format("Duplicate AttributeName in AttributeDefinitions: {}", name));
    }
    return definitions;
}

Result<KeySchema> read_key_schema(const json::array& elements, const Definitions& definitions) {
    if (elements.empty() || elements.size() > 2) {
        return validation_error(
            fmt::format("1 validation error detected: Value at 'keySchema' failed to satisfy "
                        "constraint: Member must have length between 1 and 2, found {}",
                        elements.size()));
    }
    std::vector<KeyAttribute> attributes;
    for (const auto& element : elements) {
        if (!element.is_object()) return serialization_error("KeySchema: an element must be a map");
        Members members(element.get_object());
        const auto name = members.required_text("AttributeName");
        const auto type = members.one_of("KeyType", {"HASH", "RANGE"});
        if (members.problem()) return std::unexpected(*members.problem());
        if (attributes.empty() && type != "HASH")
            return validation_error("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
        if (!attributes.empty() && type != "RANGE")
            return validation_error("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
        if (!attributes.empty() && attributes[0].name == name) {
            return validation_error("Both the Hash Key and the Range Key element in the KeySchema have the same name");
        }
        const auto defined = definitions.find(name);
        if (defined == definitions.end()) {
            std::vector<std::string> names;
            for (const auto& definition : definitions) names.push_back(definition.first);
            return invalid_values(
                fmt::format("Some index key attributes are not defined in AttributeDefinitions. "
                            "Keys: [{}], AttributeDefinitions: [{}]",
                            name, fmt::join(names, ", ")));
        }
        attributes.push_back({.name = name, .type = defined->second});
    }
    KeySchema key{.partition = attributes[0], .sort = std::nullopt};
    if (attributes.size() > 1) key.sort = attributes[1];
    return key;
}

Result<void> read_projection(const json::object& projection, Index& index) {
    Members members(projection);
    const auto type = members.text("ProjectionType");
    const auto* included = members.array("NonKeyAttributes");
    if (members.problem()) return std::unexpected(*members.problem());
    if (!type) return invalid_values("Unknown ProjectionType: null");
    if (*type == "ALL")
        index.projection = Projection::all;
    else if (*type == "KEYS_ONLY")
        index.projection = Projection::keys_only;
    else if (*type == "INCLUDE")
        index.projection = Projection::include;
    else
        return invalid_values(fmt::format("Unknown ProjectionType: {}", *type));
    if (index.projection != Projection::include && included != nullptr)
        return invalid_values(fmt::format("ProjectionType is {}, but NonKeyAttributes is specified", *type));
    if (index.projection != Projection::include) return {};
    if (included == nullptr || included->empty())
        return invalid_values("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    if (included->size() > kNonKeyAttributesMax) {
        return constraint_error(std::to_string(included->size()), "projection.nonKeyAttributes",
                                "Member must have length less than or equal to 20");
    }
    for (const auto& name : *included) {
        if (!name.is_string()) return serialization_error("NonKeyAttributes must be a list of strings");
        index.included.emplace_back(name.get_string());
    }
    return {};
}

/// The throughput of a table or a global index fits the billing mode.
Result<Throughput> read_throughput(Members& members, bool provisioned) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    const auto* given = members.object("ProvisionedThroughput");
    if (members.problem()) return std::unexpected(*members.problem());
    if (given != nullptr && !provisioned) {
        return invalid_values(
            "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    }
    if (given == nullptr && !provisioned) return Throughput{};
    if (given == nullptr) {
        return invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
    }
    Members units(*given);
    const auto read = units.integer("ReadCapacityUnits", 1, kMost);
    const auto write = units.integer("WriteCapacityUnits", 1, kMost);
    if (units.problem()) return std::unexpected(*units.problem());
    if (!read || !write) {
        return invalid_values(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
    }
    return Throughput{.read_units = *read, .write_units = *write};
}

Result<Index> read_index(const json::value& element, bool global, const Table& table, const Definitions& definitions) {
    if (!element.is_object()) return serialization_error("An index must be a map");
    Members members(element.get_object());
    Index index{.name = members.required_text("IndexName"),
                .global = global,
                .key = {},
                .projection = Projection::all,
                .included = {},
                .throughput = {}};
    const auto& schema = members.required_array("KeySchema");
    const auto& projection = members.required_object("Projection");
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto checked = check_name(index.name, "IndexName"); !checked) return std::unexpected(checked.error());
    auto key = read_key_schema(schema, definitions);
    if (!key) return std::unexpected(key.error());
    index.key = *key;
    if (auto read = read_projection(projection, index); !read) return std::unexpected(read.error());
    if (global) {
        auto throughput = read_throughput(members, table.provisioned);
        if (!throughput) return std::unexpected(throughput.error());
        index.throughput = *throughput;
        return index;
    }
    if (!index.key.sort)
        return invalid_values(fmt::format("Index KeySchema does not have a range key for index: {}", index.name));
    if (index.key.partition != table.key.partition) {
        return invalid_values(
            fmt::format("Index KeySchema does not have the same leading hash key as table KeySchema for index: {}. "
                        "index hash key: {}, table hash key: {}",
                        index.name, index.key.partition.name, table.key.partition.name));
    }
    return index;
}

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
    return {};
}

Result<void> check_definitions_used(const Table& table, const Definitions& definitions) {
    std::set<std::string> used;
    for (const auto& attribute : table.key.attributes()) used.insert(attribute.name);
    for (const auto& index : table.indexes) {
        for (const auto& attribute : index.key.attributes()) used.insert(attribute.name);
    }
    if (used.size() == definitions.size()) return {};
    if (table.indexes.empty()) {
        return invalid_values(
            "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions");
    }
    std::vector<std::string> names;
    for (const auto& definition : definitions) names.push_back(definition.first);
    return invalid_values(
        fmt::format("Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: [{}]",
                    fmt::join(names, ", "), fmt::join(used, ", ")));
}

/// What this server does not do is refused; what means something on AWS only (tags, encryption, warm throughput, limits
/// of on-demand throughput) is accepted.
Result<void> refuse_unsupported(Members& members) {
    const auto* stream = members.object("StreamSpecification");
    if (stream != nullptr) {
        Members specification(*stream);
        if (specification.flag("StreamEnabled"))
            return validation_error("StreamSpecification: streams are not supported by this server");
        if (specification.problem()) return std::unexpected(*specification.problem());
    }
    if (members.object("ResourcePolicy") != nullptr || members.text("ResourcePolicy"))
        return validation_error("ResourcePolicy is not supported by this server");
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
                .ttl_attribute = std::nullopt};
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
