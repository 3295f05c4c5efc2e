#include "tables/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/encoding.hpp"
#include "tables/errors.hpp"

namespace holdpoint::tables {
namespace {

constexpr std::array<std::string_view, 10> kTypeNames = {"S", "N", "B", "SS", "NS", "BS", "L", "M", "NULL", "BOOL"};

/// What a JSON value is called in DynamoDB's messages about wrong types.
std::string_view json_kind(const json::value& json) {
    switch (json.kind()) {
        case json::kind::null:
            return "NULL_VALUE";
        case json::kind::bool_:
            return json.get_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
        case json::kind::int64:
        case json::kind::uint64:
            return "NUMBER_VALUE";
        case json::kind::double_:
            return "DECIMAL_VALUE";
        case json::kind::string:
            return "STRING_VALUE";
        case json::kind::array:
            return "Start of list";
        case json::kind::object:
            return "Start of structure or map";
    }
    std::unreachable();
}

std::unexpected<Error> cannot_be(const json::value& json, std::string_view wanted) {
    if (json.is_object() || json.is_array())
        return serialization_error(fmt::format("{} found where not expected.", json_kind(json)));
    return serialization_error(fmt::format("{} cannot be converted to {}", json_kind(json), wanted));
}

Result<std::string> parse_string(const json::value& json) {
    if (!json.is_string()) return cannot_be(json, "String");
    return std::string(json.get_string());
}

Result<Number> parse_number(const json::value& json) {
    if (!json.is_string()) return cannot_be(json, "String");
    return Number::parse(json.get_string());
}

Result<Binary> parse_binary(const json::value& json) {
    if (!json.is_string()) return cannot_be(json, "Blob");
    auto bytes = base64_decode(json.get_string());
    if (!bytes)
        return serialization_error(fmt::format("\"{}\" can not be converted to a Blob: it is not base64",
                                               std::string_view(json.get_string())));
    return Binary{std::move(*bytes)};
}

template <class Member>
Result<std::vector<Member>> parse_members(const json::value& json, Result<Member> (*parse)(const json::value&)) {
    if (!json.is_array()) return serialization_error("Unexpected field type: a set is a list of strings");
    std::vector<Member> members;
    for (const auto& each : json.get_array()) {
        auto member = parse(each);
        if (!member) return std::unexpected(member.error());
        members.push_back(std::move(*member));
    }
    return members;
}

/// Sorts; false when a member is there twice.
template <class Member>
bool make_distinct(std::vector<Member>& members) {
    std::ranges::sort(members);
    return std::ranges::adjacent_find(members) == members.end();
}

Result<Value> parse_string_set(const json::value& json) {
    auto members = parse_members(json, parse_string);
    if (!members) return std::unexpected(members.error());
    if (members->empty()) return invalid_values("An string set  may not be empty");
    const auto given = fmt::format("{}", fmt::join(*members, ", "));
    if (!make_distinct(*members))
        return invalid_values(fmt::format("Input collection [{}] contains duplicates.", given));
    return Value{StringSet{std::move(*members)}};
}

Result<Value> parse_number_set(const json::value& json) {
    auto members = parse_members(json, parse_number);
    if (!members) return std::unexpected(members.error());
    if (members->empty()) return invalid_values("An number set  may not be empty");
    if (!make_distinct(*members)) return validation_error("Input collection contains duplicates");
    return Value{NumberSet{std::move(*members)}};
}

Result<Value> parse_binary_set(const json::value& json) {
    auto members = parse_members(json, parse_binary);
    if (!members) return std::unexpected(members.error());
    if (members->empty()) return invalid_values("Binary sets should not be empty");
    std::string given;
    for (const auto& member : *members) given += (given.empty() ? "" : ", ") + base64_encode(member.bytes);
    if (!make_distinct(*members))
        return invalid_values(fmt::format("Input collection [{}]of type BS contains duplicates.", given));
    return Value{BinarySet{std::move(*members)}};
}

std::unexpected<Error> too_deep() {
    return validation_error(
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported "
        "limit");
}

/// `levels` is how many this value may have.
Result<Value> parse_at(const json::value& json, int levels);

Result<Map> parse_map(const json::object& object, int levels) {
    Map map;
    for (const auto& member : object) {
        auto value = parse_at(member.value(), levels);
        if (!value) return std::unexpected(value.error());
        map.insert_or_assign(std::string(member.key()), std::move(*value));
    }
    return map;
}

Result<Value> parse_list(const json::value& json, int levels) {
    if (!json.is_array()) return serialization_error("Unexpected field type: L is a list of attribute values");
    List list;
    list.reserve(json.get_array().size());
    for (const auto& each : json.get_array()) {
        auto value = parse_at(each, levels);
        if (!value) return std::unexpected(value.error());
        list.push_back(std::move(*value));
    }
    return Value{std::move(list)};
}

template <class T>
Result<Value> wrapped(Result<T> parsed) {
    if (!parsed) return std::unexpected(parsed.error());
    return Value{std::move(*parsed)};
}

Result<Value> parse_typed(Type type, const json::value& json, int levels) {
    if ((type == Type::list || type == Type::map) && levels <= 1) return too_deep();
    switch (type) {
        case Type::string:
            return wrapped(parse_string(json));
        case Type::number:
            return wrapped(parse_number(json));
        case Type::binary:
            return wrapped(parse_binary(json));
        case Type::string_set:
            return parse_string_set(json);
        case Type::number_set:
            return parse_number_set(json);
        case Type::binary_set:
            return parse_binary_set(json);
        case Type::list:
            return parse_list(json, levels - 1);
        case Type::map:
            if (!json.is_object()) return serialization_error("Unexpected field type: M is a map of attribute values");
            return wrapped(parse_map(json.get_object(), levels - 1));
        case Type::null:
            if (!json.is_bool()) return cannot_be(json, "Boolean");
            if (!json.get_bool()) return invalid_values("Null attribute value types must have the value of true");
            return Value{Null{}};
        case Type::boolean:
            if (!json.is_bool()) return cannot_be(json, "Boolean");
            return Value{json.get_bool()};
    }
    std::unreachable();
}

Result<Value> parse_at(const json::value& json, int levels) {
    if (!json.is_object()) return serialization_error("Unexpected value type in payload");
    std::optional<Result<Value>> found;
    for (const auto& member : json.get_object()) {
        const auto name = std::ranges::find(kTypeNames, std::string_view(member.key()));
        if (name == kTypeNames.end() || member.value().is_null()) continue;
        if (found) {
            return validation_error(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
                "datatypes");
        }
        found = parse_typed(static_cast<Type>(name - kTypeNames.begin()), member.value(), levels);
        if (!*found) return *found;
    }
    if (!found) {
        return validation_error(
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
    }
    return std::move(*found);
}

/// Enough for the JSON of most items.
constexpr std::size_t kCodecMemory = 8192;

template <class... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};

std::string text_of(const std::string& value) {
    return value;
}
std::string text_of(const Number& value) {
    return value.str();
}
std::string text_of(const Binary& value) {
    return base64_encode(value.bytes);
}

/// An object of one member.
template <class Member>
json::value typed(std::string_view type, Member&& member, const json::storage_ptr& memory) {
    json::object object(memory);
    object.emplace(type, std::forward<Member>(member));
    return object;
}

template <class Set>
json::value set_json(std::string_view type, const Set& set, const json::storage_ptr& memory) {
    json::array members(memory);
    members.reserve(set.members.size());
    for (const auto& member : set.members) members.emplace_back(text_of(member));
    return typed(type, std::move(members), memory);
}

template <class Set>
std::string set_display(const Set& set) {
    std::string text;
    for (const auto& member : set.members) text += (text.empty() ? "" : ",") + text_of(member);
    return "[" + text + "]";
}

bool nests_within(const Value& value, int levels) {
    if (levels < 1) return false;
    const auto deeper = [levels](const Value& each) { return nests_within(each, levels - 1); };
    if (const auto* list = value.as<List>()) return levels > 1 && std::ranges::all_of(*list, deeper);
    if (const auto* map = value.as<Map>())
        return levels > 1 && std::ranges::all_of(*map, deeper, &Map::value_type::second);
    return true;
}

bool names_fit(const Map& map);

bool names_fit(const Value& value) {
    if (const auto* map = value.as<Map>()) return names_fit(*map);
    const auto* list = value.as<List>();
    return list == nullptr || std::ranges::all_of(*list, [](const Value& each) { return names_fit(each); });
}

bool names_fit(const Map& map) {
    return std::ranges::all_of(
        map, [](const auto& each) { return each.first.size() <= kAttributeNameBytesMax && names_fit(each.second); });
}

}  // namespace

std::string_view type_name(Type type) {
    return kTypeNames.at(static_cast<std::size_t>(type));
}

bool operator==(const Value& a, const Value& b) {
    return a.data == b.data;
}

Result<void> check_nesting(const Item& item) {
    if (std::ranges::all_of(item, [](const auto& each) { return nests_within(each.second, kNestingMax); })) return {};
    return too_deep();
}

Result<void> check_names(const Item& item) {
    if (item.contains("")) return invalid_values("An attribute name may not be empty");
    if (names_fit(item)) return {};
    return validation_error(
        fmt::format("1 validation error detected: Attribute name is too large, must be less than {} bytes",
                    kAttributeNameBytesMax + 1));
}

Result<Value> parse_value(const json::value& json) {
    return parse_at(json, kNestingMax);
}

Result<Item> parse_item(const json::object& json) {
    return parse_map(json, kNestingMax);
}

json::value to_json(const Value& value, const json::storage_ptr& memory) {
    return std::visit(Overloaded{
                          [&](const std::string& text) { return typed("S", text, memory); },
                          [&](const Number& number) { return typed("N", number.str(), memory); },
                          [&](const Binary& binary) { return typed("B", base64_encode(binary.bytes), memory); },
                          [&](const StringSet& set) { return set_json("SS", set, memory); },
                          [&](const NumberSet& set) { return set_json("NS", set, memory); },
                          [&](const BinarySet& set) { return set_json("BS", set, memory); },
                          [&](const List& list) {
                              json::array members(memory);
                              members.reserve(list.size());
                              for (const auto& each : list) members.push_back(to_json(each, memory));
                              return typed("L", std::move(members), memory);
                          },
                          [&](const Map& map) { return typed("M", to_json(map, memory), memory); },
                          [&](const Null&) { return typed("NULL", true, memory); },
                          [&](bool flag) { return typed("BOOL", flag, memory); },
                      },
                      value.data);
}

json::object to_json(const Item& item, const json::storage_ptr& memory) {
    json::object object(memory);
    object.reserve(item.size());
    for (const auto& [name, value] : item) object.emplace(name, to_json(value, memory));
    return object;
}

std::string display(const Value& value) {
    const auto inside = std::visit(Overloaded{
                                       [](const std::string& text) { return text; },
                                       [](const Number& number) { return number.str(); },
                                       [](const Binary& binary) { return base64_encode(binary.bytes); },
                                       [](const StringSet& set) { return set_display(set); },
                                       [](const NumberSet& set) { return set_display(set); },
                                       [](const BinarySet& set) { return set_display(set); },
                                       [](const List& list) {
                                           std::string text;
                                           for (const auto& each : list)
                                               text += (text.empty() ? "" : ",") + display(each);
                                           return "[" + text + "]";
                                       },
                                       [](const Map& map) {
                                           std::string text;
                                           for (const auto& [name, each] : map)
                                               text += (text.empty() ? "" : ",") + name + "=" + display(each);
                                           return "{" + text + "}";
                                       },
                                       [](const Null&) { return std::string("true"); },
                                       [](bool flag) { return std::string(flag ? "true" : "false"); },
                                   },
                                   value.data);
    return fmt::format("{{{}:{}}}", type_name(value.type()), inside);
}

std::size_t size_of(const Value& value) {
    return std::visit(Overloaded{
                          [](const std::string& text) { return text.size(); },
                          [](const Number& number) { return number.stored_size(); },
                          [](const Binary& binary) { return binary.bytes.size(); },
                          [](const StringSet& set) {
                              std::size_t size = 0;
                              for (const auto& member : set.members) size += member.size();
                              return size;
                          },
                          [](const NumberSet& set) {
                              std::size_t size = 0;
                              for (const auto& member : set.members) size += member.stored_size();
                              return size;
                          },
                          [](const BinarySet& set) {
                              std::size_t size = 0;
                              for (const auto& member : set.members) size += member.bytes.size();
                              return size;
                          },
                          // Three bytes for the document, one for each element.
                          [](const List& list) {
                              std::size_t size = 3;
                              for (const auto& each : list) size += 1 + size_of(each);
                              return size;
                          },
                          [](const Map& map) { return 3 + map.size() + size_of(map); },
                          [](const Null&) { return std::size_t{1}; },
                          [](bool) { return std::size_t{1}; },
                      },
                      value.data);
}

std::size_t size_of(const Item& item) {
    std::size_t size = 0;
    for (const auto& [name, value] : item) size += name.size() + size_of(value);
    return size;
}

std::string encode_item(const Item& item) {
    std::array<unsigned char, kCodecMemory> first;
    json::monotonic_resource memory(first.data(), first.size());
    return json::serialize(to_json(item, &memory));
}

Item decode_item(std::string_view text) {
    // Each level of an item is two levels of JSON.
    json::parse_options options;
    options.max_depth = 2 * kStoredNestingMax + 8;
    boost::system::error_code error;
    std::array<unsigned char, kCodecMemory> first;
    json::monotonic_resource memory(first.data(), first.size());
    const auto parsed = json::parse(text, error, &memory, options);
    if (error || !parsed.is_object()) throw std::runtime_error("a stored item is not JSON: the database is damaged");
    auto item = parse_map(parsed.get_object(), kStoredNestingMax);
    if (!item) throw std::runtime_error("a stored item cannot be read: " + item.error().message);
    return std::move(*item);
}

}  // namespace holdpoint::tables
