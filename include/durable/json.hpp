// JSON: values, and the mapping between them and C++ types.
//
// Mapped are: bool, numbers (finite ones), std::string (UTF-8), std::optional, std::vector, std::map with text keys,
// std::chrono durations (whole seconds; a fraction is written as the next whole one, and read is only what the duration
// can hold exactly: 90 is no std::chrono::minutes), Json itself, enums described with BOOST_DESCRIBE_ENUM (by name),
// and structs described with BOOST_DESCRIBE_STRUCT: an std::optional member may be missing or null, every other member
// must be there, and unknown members are ignored.
#pragma once

#include <boost/describe.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "durable/errors.hpp"

namespace durable {

/// One JSON value, of any kind.
class Json {
public:
    using Array = std::vector<Json>;                           // a list
    using Object = std::vector<std::pair<std::string, Json>>;  // in order of insertion
    /// What a value may be. Whole numbers are std::int64_t, other numbers are double.
    using Data = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

    // Not inline: g++ 12 warns of members that it takes for uninitialised when it inlines the variant's.
    Json();
    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();
    /// Keeps what it is given: numbers and text are looked at when they are written.
    explicit Json(Data data);

    /// Throws SerdesError, saying where the text stops being JSON. Nests at most 256 deep.
    [[nodiscard]] static Json parse(std::string_view text);
    /// Throws SerdesError, saying where something is that JSON has no form for: a number that is not finite, text that
    /// is not UTF-8, or what parse would not take.
    [[nodiscard]] std::string dump() const;

    /// T is one of Data's; nullptr when this is none.
    template <class T>
    [[nodiscard]] const T* get_if() const {
        return std::get_if<T>(&data_);
    }
    /// Whether it is null, as a value that was made from nothing is.
    [[nodiscard]] bool is_null() const { return data_.index() == 0; }
    /// The member of that name (the last one, when there are several); nullptr when there is none or this is no object.
    [[nodiscard]] const Json* find(std::string_view name) const;
    /// "an object", "text", …: for messages.
    [[nodiscard]] std::string_view kind() const;

    friend bool operator==(const Json&, const Json&) = default;

private:
    Data data_ = nullptr;
};

/// Specialise it as true for a type that has no JSON form, and give every operation that records such a value a Serdes;
/// without one the operation fails with SerdesError.
template <class T>
inline constexpr bool has_no_json = false;

namespace detail {

/// Json::parse of what nests at most this deep.
[[nodiscard]] Json parse_json(std::string_view text, std::size_t depth_max);

/// Where in a document we are; turned into text only when something is wrong.
struct JsonPath {
    const JsonPath* parent = nullptr;
    std::string_view member;
    std::size_t index = 0;
    [[nodiscard]] std::string text() const;
};

[[noreturn]] void refuse_json(const JsonPath& path, std::string_view expected, const Json& found);
[[noreturn]] void refuse_json(const JsonPath& path, std::string_view problem);
[[noreturn]] void refuse_without_json();
[[noreturn]] void refuse_number(const JsonPath& path, std::int64_t min, std::int64_t max, std::int64_t found);

template <class T, template <class...> class Template>
inline constexpr bool is_instance = false;
template <class... Args, template <class...> class Template>
inline constexpr bool is_instance<Template<Args...>, Template> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// count · num/den seconds, a fraction rounded up; nothing when that does not fit.
[[nodiscard]] std::optional<std::int64_t> whole_seconds(std::int64_t count, std::intmax_t num, std::intmax_t den);
[[nodiscard]] std::optional<std::int64_t> whole_seconds(double seconds);
/// How many times num/den seconds they are; refuses what is no whole number that fits.
[[nodiscard]] std::int64_t count_of(std::int64_t seconds, std::intmax_t num, std::intmax_t den, const JsonPath& path);

template <class Rep, class Period>
[[nodiscard]] std::optional<std::int64_t> whole_seconds(std::chrono::duration<Rep, Period> duration) {
    if constexpr (std::floating_point<Rep>) {
        return whole_seconds(std::chrono::duration<double>(duration).count());
    } else {
        if (!std::in_range<std::int64_t>(duration.count())) return std::nullopt;
        return whole_seconds(static_cast<std::int64_t>(duration.count()), Period::num, Period::den);
    }
}

template <class T>
[[nodiscard]] T read_duration(std::int64_t seconds, const JsonPath& path) {
    using Rep = typename T::rep;
    if constexpr (std::floating_point<Rep>) {
        return std::chrono::duration_cast<T>(std::chrono::duration<double>(static_cast<double>(seconds)));
    } else {
        const std::int64_t count = count_of(seconds, T::period::num, T::period::den, path);
        if (!std::in_range<Rep>(count)) refuse_json(path, "is a duration that does not fit");
        return T(static_cast<Rep>(count));
    }
}

/// A whole number, and no character, which C++ counts among them.
template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                      !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Of a type that is none of those that this file says are mapped.
template <class T>
[[noreturn]] void refuse_type() {
    static_assert(
        has_no_json<T>,
        "this type has no JSON form: describe a struct at namespace scope with BOOST_DESCRIBE_STRUCT, an enum "
        "with BOOST_DESCRIBE_ENUM; lists are std::vector, mappings std::map<std::string, T>; for others give "
        "the operation a Serdes and specialise durable::has_no_json");
    refuse_without_json();
}

/// A map with text keys.
template <class T>
inline constexpr bool is_mapping = false;
template <class T, class... More>
inline constexpr bool is_mapping<std::map<std::string, T, More...>> = true;

template <class Base>
using IsDescribed = boost::describe::has_describe_members<typename Base::type>;
template <class T>
inline constexpr bool has_described_bases =
    boost::mp11::mp_all_of<boost::describe::describe_bases<T, boost::describe::mod_any_access>, IsDescribed>::value;

template <class T>
using PublicMembers =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
[[nodiscard]] Json write_json(const T& value, const JsonPath& path);
template <class T>
[[nodiscard]] T read_json(const Json& json, const JsonPath& path);

template <class T>
Json write_struct(const T& value, const JsonPath& path) {
    static_assert(has_described_bases<T>, "describe its bases, too: each with a BOOST_DESCRIBE_STRUCT of its own");
    Json::Object object;
    boost::mp11::mp_for_each<PublicMembers<T>>([&](auto member) {
        const auto& field = value.*member.pointer;
        if constexpr (is_instance<std::remove_cvref_t<decltype(field)>, std::optional>) {
            if (!field) return;
        }
        const JsonPath here{.parent = &path, .member = member.name};
        object.emplace_back(member.name, write_json(field, here));
    });
    return Json(std::move(object));
}

template <class T>
T read_struct(const Json& json, const JsonPath& path) {
    static_assert(
        requires { T{}; }, "a struct that is read needs a default constructor: its members are set afterwards");
    static_assert(has_described_bases<T>, "describe its bases, too: each with a BOOST_DESCRIBE_STRUCT of its own");
    if (json.get_if<Json::Object>() == nullptr) refuse_json(path, "an object", json);
    T value{};
    boost::mp11::mp_for_each<PublicMembers<T>>([&](auto member) {
        auto& field = value.*member.pointer;
        using Field = std::remove_cvref_t<decltype(field)>;
        const JsonPath here{.parent = &path, .member = member.name};
        const Json* found = json.find(member.name);
        if (found != nullptr) {
            field = read_json<Field>(*found, here);
        } else if constexpr (!is_instance<Field, std::optional>) {
            refuse_json(here, "is missing");
        }
    });
    return value;
}

template <class T>
Json write_json(const T& value, const JsonPath& path) {
    if constexpr (std::same_as<T, Json>) {
        return value;
    } else if constexpr (std::same_as<T, bool>) {
        return Json(Json::Data(value));
    } else if constexpr (WholeNumber<T>) {
        if (!std::in_range<std::int64_t>(value)) {
            refuse_json(path, ": a number above 2^63-1 cannot be written as JSON");
        }
        return Json(Json::Data(static_cast<std::int64_t>(value)));
    } else if constexpr (std::floating_point<T>) {
        return Json(Json::Data(static_cast<double>(value)));
    } else if constexpr (std::convertible_to<T, std::string_view> && !std::same_as<T, std::nullptr_t>) {
        return Json(Json::Data(std::string(std::string_view(value))));
    } else if constexpr (is_duration<T>) {
        const auto seconds = whole_seconds(value);
        if (!seconds) refuse_json(path, ": a duration that does not fit cannot be written as JSON");
        return Json(Json::Data(*seconds));
    } else if constexpr (is_instance<T, std::optional>) {
        return value ? write_json(*value, path) : Json();
    } else if constexpr (is_instance<T, std::vector>) {
        Json::Array array;
        for (const typename T::value_type& element : value) {
            const JsonPath here{.parent = &path, .member = {}, .index = array.size()};
            array.push_back(write_json(element, here));
        }
        return Json(std::move(array));
    } else if constexpr (is_mapping<T>) {
        Json::Object object;
        for (const auto& [name, element] : value) {
            const JsonPath here{.parent = &path, .member = name};
            object.emplace_back(name, write_json(element, here));
        }
        return Json(std::move(object));
    } else if constexpr (boost::describe::has_describe_enumerators<T>::value) {
        const char* name = boost::describe::enum_to_string(value, nullptr);
        if (name == nullptr) refuse_json(path, ": an enumerator without a name cannot be written as JSON");
        return Json(Json::Data(std::string(name)));
    } else if constexpr (boost::describe::has_describe_members<T>::value) {
        return write_struct(value, path);
    } else {
        refuse_type<T>();
    }
}

template <class T>
T read_number(const Json& json, const JsonPath& path) {
    if constexpr (std::floating_point<T>) {
        if (const std::int64_t* number = json.get_if<std::int64_t>()) return static_cast<T>(*number);
        const double* number = json.get_if<double>();
        if (number == nullptr) refuse_json(path, "a number", json);
        if constexpr (sizeof(T) < sizeof(double)) {
            constexpr double max = std::numeric_limits<T>::max();
            if (*number > max || *number < -max) refuse_json(path, "is a number that does not fit");
        }
        return static_cast<T>(*number);
    } else {
        const std::int64_t* number = json.get_if<std::int64_t>();
        if (number == nullptr) refuse_json(path, "a whole number", json);
        if (!std::in_range<T>(*number)) {
            constexpr T max = std::numeric_limits<T>::max();
            constexpr std::int64_t max_written = std::numeric_limits<std::int64_t>::max();
            refuse_number(path, std::numeric_limits<T>::min(),
                          std::in_range<std::int64_t>(max) ? static_cast<std::int64_t>(max) : max_written, *number);
        }
        return static_cast<T>(*number);
    }
}

template <class T>
T read_json(const Json& json, const JsonPath& path) {
    if constexpr (std::same_as<T, Json>) {
        return json;
    } else if constexpr (std::same_as<T, bool>) {
        if (const bool* flag = json.get_if<bool>()) return *flag;
        refuse_json(path, "true or false", json);
    } else if constexpr (WholeNumber<T> || std::floating_point<T>) {
        return read_number<T>(json, path);
    } else if constexpr (std::same_as<T, std::string>) {
        if (const std::string* text = json.get_if<std::string>()) return *text;
        refuse_json(path, "text", json);
    } else if constexpr (is_duration<T>) {
        return read_duration<T>(read_number<std::int64_t>(json, path), path);
    } else if constexpr (is_instance<T, std::optional>) {
        if (json.is_null()) return std::nullopt;
        return read_json<typename T::value_type>(json, path);
    } else if constexpr (is_instance<T, std::vector>) {
        const Json::Array* array = json.get_if<Json::Array>();
        if (array == nullptr) refuse_json(path, "a list", json);
        T value;
        for (std::size_t i = 0; i < array->size(); ++i) {
            const JsonPath here{.parent = &path, .member = {}, .index = i};
            value.push_back(read_json<typename T::value_type>((*array)[i], here));
        }
        return value;
    } else if constexpr (is_mapping<T>) {
        const Json::Object* object = json.get_if<Json::Object>();
        if (object == nullptr) refuse_json(path, "an object", json);
        T value;
        for (const auto& [name, element] : *object) {
            const JsonPath here{.parent = &path, .member = name};
            value.insert_or_assign(name, read_json<typename T::mapped_type>(element, here));
        }
        return value;
    } else if constexpr (boost::describe::has_describe_enumerators<T>::value) {
        const std::string* name = json.get_if<std::string>();
        std::optional<T> value;
        std::string names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto enumerator) {
            if (name != nullptr && *name == enumerator.name) value = enumerator.value;
            names += names.empty() ? "one of " : ", ";
            names += enumerator.name;
        });
        if (!value) refuse_json(path, names, json);
        return *value;
    } else if constexpr (boost::describe::has_describe_members<T>::value) {
        return read_struct<T>(json, path);
    } else {
        refuse_type<T>();
    }
}

}  // namespace detail

/// Throws SerdesError for what JSON has no form for. What this file says is mapped can be given.
template <class T>
[[nodiscard]] Json to_json(const T& value) {
    return detail::write_json(value, detail::JsonPath{});
}

/// Throws SerdesError such as "$.items[2].price: expected a number, found text".
template <class T>
[[nodiscard]] T from_json(const Json& json) {
    return detail::read_json<T>(json, detail::JsonPath{});
}

}  // namespace durable
