#include "tables/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "tables/errors.hpp"

namespace holdpoint::tables {
namespace {

std::string_view bytes_of(const Value& value) {
    if (const auto* text = value.as<std::string>()) return *text;
    if (const auto* binary = value.as<Binary>()) return binary->bytes;
    return {};
}

bool is_empty(const Value& value) {
    return value.type() != Type::number && bytes_of(value).empty();
}

std::string_view empty_kind(const Value& value) {
    return value.type() == Type::string ? "an empty string value" : "an empty binary value";
}

void append_schema(std::string& key, const KeySchema& schema, const Item& item) {
    for (const auto& attribute : schema.attributes()) {
        const auto found = item.find(attribute.name);
        HOLDPOINT_ASSERT(found != item.end(), "an item without its key was let through");
        append_key_value(key, found->second);
    }
}

Result<void> check_sizes(const KeySchema& schema, const Item& item) {
    if (size_of(item.at(schema.partition.name)) > kPartitionKeyBytesMax) {
        return invalid_values(
            fmt::format("Size of hashkey has exceeded the maximum size limit of{} bytes", kPartitionKeyBytesMax));
    }
    if (schema.sort && size_of(item.at(schema.sort->name)) > kSortKeyBytesMax) {
        return invalid_values(
            fmt::format("Aggregated size of all range keys has exceeded the size limit of {} bytes", kSortKeyBytesMax));
    }
    return {};
}

Result<void> check_not_empty(const KeySchema& schema, const Item& item) {
    for (const auto& attribute : schema.attributes()) {
        const auto& value = item.at(attribute.name);
        if (!is_empty(value)) continue;
        return validation_error(
            fmt::format("One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                        "contain {}. Key: {}",
                        empty_kind(value), attribute.name));
    }
    return {};
}

}  // namespace

std::string items_prefix(const Table& table) {
    std::string key;
    append_key_part(key, table.name);
    return key;
}

std::string index_prefix(const Table& table, const Index& index) {
    std::string key = items_prefix(table);
    append_key_part(key, index.name);
    return key;
}

void append_key_value(std::string& key, const Value& value) {
    if (const auto* number = value.as<Number>())
        key += number->key_bytes();
    else
        append_key_part(key, bytes_of(value));
}

void append_key_beginning(std::string& key, const Value& value) {
    append_key_part(key, bytes_of(value));
    key.resize(key.size() - 2);  // without the mark of the part's end
}

std::string item_key(const Table& table, const Item& item) {
    std::string key = items_prefix(table);
    append_schema(key, table.key, item);
    return key;
}

std::optional<std::string> index_entry_key(const Table& table, const Index& index, const Item& item) {
    for (const auto& attribute : index.key.attributes()) {
        const auto found = item.find(attribute.name);
        if (found == item.end() || found->second.type() != attribute.type) return std::nullopt;
    }
    std::string key = index_prefix(table, index);
    append_schema(key, index.key, item);
    append_schema(key, table.key, item);
    return key;
}

std::string_view partition_of(const KeySchema& key, std::string_view prefix, std::string_view row_key) {
    row_key.remove_prefix(prefix.size());
    std::string_view rest = row_key;
    const bool whole =
        key.partition.type == Type::number ? Number::take_key_bytes(rest) : take_key_part(rest).has_value();
    HOLDPOINT_ASSERT(whole, "a row key without its partition was written");
    return row_key.substr(0, row_key.size() - rest.size());
}

Item key_of(const KeySchema& key, const Item& item) {
    Item result;
    for (const auto& attribute : key.attributes()) {
        const auto found = item.find(attribute.name);
        if (found != item.end()) result.insert(*found);
    }
    return result;
}

Result<void> check_key(const Table& table, const Item& key) {
    const auto attributes = table.key.attributes();
    bool matches = key.size() == attributes.size();
    for (const auto& attribute : attributes) {
        const auto found = key.find(attribute.name);
        matches = matches && found != key.end() && found->second.type() == attribute.type;
    }
    if (!matches) return validation_error("The provided key element does not match the schema");
    if (auto checked = check_not_empty(table.key, key); !checked) return checked;
    return check_sizes(table.key, key);
}

Result<void> check_new_item(const Table& table, const Item& item) {
    for (const auto& attribute : table.key.attributes()) {
        const auto found = item.find(attribute.name);
        if (found == item.end()) return invalid_values(fmt::format("Missing the key {} in the item", attribute.name));
        if (found->second.type() != attribute.type) {
            return invalid_values(fmt::format("Type mismatch for key {} expected: {} actual: {}", attribute.name,
                                              type_name(attribute.type), type_name(found->second.type())));
        }
    }
    if (auto checked = check_not_empty(table.key, item); !checked) return checked;
    if (auto checked = check_sizes(table.key, item); !checked) return checked;
    return check_index_keys(table, item);
}

Result<void> check_scalar_keys(const Table& table, std::span<const expression::Path> paths) {
    for (const auto& path : paths) {
        if (path.steps.size() == 1) continue;
        const auto& attribute = path.attribute();
        const bool is_key = table.key.has(attribute);
        if (!is_key &&
            std::ranges::none_of(table.indexes, [&](const Index& index) { return index.key.has(attribute); }))
            continue;
        return validation_error(
            fmt::format("Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                        "{}: {}",
                        is_key ? "Key" : "IndexKey", attribute));
    }
    return {};
}

Result<void> check_index_keys(const Table& table, const Item& item) {
    for (const auto& index : table.indexes) {
        for (const auto& attribute : index.key.attributes()) {
            const auto found = item.find(attribute.name);
            if (found == item.end()) continue;
            const auto& value = found->second;
            if (value.type() != attribute.type) {
                return invalid_values(
                    fmt::format("Type mismatch for Index Key {} Expected: {} Actual: {} IndexName: {}", attribute.name,
                                type_name(attribute.type), type_name(value.type()), index.name));
            }
            if (is_empty(value)) {
                return validation_error(fmt::format(
                    "One or more parameter values are not valid. A value specified for a secondary index key is not "
                    "supported. The AttributeValue for a key attribute cannot contain {}. IndexName: {}, IndexKey: {}",
                    empty_kind(value), index.name, attribute.name));
            }
            const bool sorts = index.key.sort && index.key.sort->name == attribute.name;
            const auto most = sorts ? kSortKeyBytesMax : kPartitionKeyBytesMax;
            if (size_of(value) > most) {
                return invalid_values(fmt::format(
                    "Size of {} has exceeded the maximum size limit of {} bytes. IndexName: {}, IndexKey: {}",
                    sorts ? "rangekey" : "hashkey", most, index.name, attribute.name));
            }
        }
    }
    return {};
}

}  // namespace holdpoint::tables
