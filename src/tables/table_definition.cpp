#include "tables/table_definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "tables/errors.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::size_t kNonKeyAttributesMax = 20;
constexpr std::size_t kNonKeyAttributesOfAllMax = 100;
constexpr std::size_t kNameBytesMax = 255;

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

}  // namespace

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

Result<void> check_included(const Table& table) {
    std::size_t count = 0;
    for (const auto& index : table.indexes) count += index.included.size();
    if (count <= kNonKeyAttributesOfAllMax) return {};
    return invalid_values(fmt::format("NonKeyAttributes count of all indexes exceeds the per-table limit of {}",
                                      kNonKeyAttributesOfAllMax));
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

}  // namespace holdpoint::tables
