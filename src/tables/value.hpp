// Value: an attribute value of DynamoDB's ten types, and items made of them.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "tables/number.hpp"

namespace holdpoint::tables {

namespace json = boost::json;

struct Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;
/// An item is a map of attributes.
using Item = Map;

struct Binary {
    std::string bytes;
    friend auto operator<=>(const Binary&, const Binary&) = default;
};
struct Null {
    friend bool operator==(const Null&, const Null&) = default;
};
/// Sets keep their members sorted and distinct and have at least one, so that equal sets are equal values.
struct StringSet {
    std::vector<std::string> members;
    friend bool operator==(const StringSet&, const StringSet&) = default;
};
struct NumberSet {
    std::vector<Number> members;
    friend bool operator==(const NumberSet&, const NumberSet&) = default;
};
struct BinarySet {
    std::vector<Binary> members;
    friend bool operator==(const BinarySet&, const BinarySet&) = default;
};

/// In the order of Value's alternatives.
enum class Type { string, number, binary, string_set, number_set, binary_set, list, map, null, boolean };
/// "S", "N", "B", "SS", "NS", "BS", "L", "M", "NULL", "BOOL"
[[nodiscard]] std::string_view type_name(Type type);

struct Value {
    std::variant<std::string, Number, Binary, StringSet, NumberSet, BinarySet, List, Map, Null, bool> data;

    [[nodiscard]] Type type() const { return static_cast<Type>(data.index()); }
    template <class T>
    [[nodiscard]] const T* as() const {
        return std::get_if<T>(&data);
    }
    template <class T>
    [[nodiscard]] T* as() {
        return std::get_if<T>(&data);
    }
    friend bool operator==(const Value& a, const Value& b);
};

/// How many levels an attribute may have: itself, and the lists and maps in it. (DynamoDB, Limits)
inline constexpr int kNestingMax = 32;
/// What is stored may have more: earlier versions let updates nest it deeper.
inline constexpr int kStoredNestingMax = 64;
inline constexpr std::size_t kItemBytesMax = 400UL * 1024;
/// Of an attribute, or of a member of a map. (DynamoDB, Naming rules)
inline constexpr std::size_t kAttributeNameBytesMax = 65'535;

/// Reads `{"S": "…"}` and the like. ValidationException or SerializationException in DynamoDB's words.
[[nodiscard]] Result<Value> parse_value(const json::value& json);
/// Reads a map of attributes.
[[nodiscard]] Result<Item> parse_item(const json::object& json);
/// What is made lies in `memory`.
[[nodiscard]] json::value to_json(const Value& value, const json::storage_ptr& memory = {});
[[nodiscard]] json::object to_json(const Item& item, const json::storage_ptr& memory = {});

/// ValidationException when an attribute has more levels than it may have.
[[nodiscard]] Result<void> check_nesting(const Item& item);
/// ValidationException when an attribute has no name, or a name somewhere is longer than it may be.
[[nodiscard]] Result<void> check_names(const Item& item);

/// How DynamoDB's messages show a value: `{S:text}`.
[[nodiscard]] std::string display(const Value& value);

/// Bytes that DynamoDB counts. (DynamoDB, Item sizes and formats)
[[nodiscard]] std::size_t size_of(const Value& value);
[[nodiscard]] std::size_t size_of(const Item& item);

/// The stored form: JSON text, as in the API.
[[nodiscard]] std::string encode_item(const Item& item);
/// Throws std::runtime_error when `text` is not a stored item: the database is damaged.
[[nodiscard]] Item decode_item(std::string_view text);

}  // namespace holdpoint::tables
