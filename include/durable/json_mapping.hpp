// to_json and from_json: C++ types as JSON. Include durable/json.hpp.
#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>

#include "durable/json.hpp"

namespace durable {

/// Specialise it for a type of your own that is no described struct: `static Json to_json(const T&)` and
/// `static T from_json(const Json&)`; the latter throws SerdesError, to which the path is added.
template <class T>
struct JsonMapping {};

/// Arithmetic types, bool, std::string, std::optional (null when empty), std::vector, std::map<std::string, T>,
/// std::chrono durations (integer seconds), enums of BOOST_DESCRIBE_ENUM (by name), structs of BOOST_DESCRIBE_STRUCT
/// (public members, inherited ones too), Json, and whatever JsonMapping is specialised for.
/// Throws SerdesError for what JSON cannot say.
template <class T>
[[nodiscard]] Json to_json(const T& value);

/// The reverse. Unknown members are ignored; a missing or null member is an error unless it is a std::optional or a
/// Json. Throws SerdesError such as `$.order.lines[2].count: expected an integer, found text`.
template <class T>
[[nodiscard]] T from_json(const Json& json);

namespace detail {

/// Where in the document a reader is; rendered only when something is wrong.
struct JsonPath {
    const JsonPath* parent = nullptr;
    std::string_view name;
    std::size_t index = 0;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] JsonPath member(std::string_view member_name) const { return {this, member_name, 0}; }
    [[nodiscard]] JsonPath element(std::size_t element_index) const { return {this, {}, element_index}; }
};

[[noreturn]] void refuse_json(const JsonPath& path, std::string_view expected, std::string_view found);
[[noreturn]] void refuse_missing(const JsonPath& path, std::string_view expected);
/// A whole number in [min, max]; a double without a fraction counts.
[[nodiscard]] std::int64_t read_integer(const Json& json, const JsonPath& path, std::int64_t min, std::int64_t max);
[[nodiscard]] double read_double(const Json& json, const JsonPath& path);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;
template <class T>
inline constexpr bool is_map = false;
template <class T, class C, class A>
inline constexpr bool is_map<std::map<std::string, T, C, A>> = true;
template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;
template <class T>
concept CustomMapped = requires(const T& value, const Json& json) {
    { JsonMapping<T>::to_json(value) } -> std::convertible_to<Json>;
    { JsonMapping<T>::from_json(json) } -> std::convertible_to<T>;
};
template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;
template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;
template <class T>
inline constexpr bool never = false;

template <template <class...> class List, class... D, class F>
void each_descriptor(List<D...>, F f) {
    (f(D{}), ...);
}
template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <DescribedEnum E>
[[nodiscard]] std::string enumerator_names() {
    std::string names;
    each_descriptor(boost::describe::describe_enumerators<E>{}, [&](auto enumerator) {
        if (!names.empty()) names += ", ";
        names += enumerator.name;
    });
    return names;
}

template <class T>
[[nodiscard]] std::string expectation() {
    if constexpr (std::is_same_v<T, bool>) {
        return "true or false";
    } else if constexpr (std::is_integral_v<T>) {
        return "an integer";
    } else if constexpr (std::is_floating_point_v<T>) {
        return "a number";
    } else if constexpr (std::is_same_v<T, std::string>) {
        return "text";
    } else if constexpr (is_duration<T>) {
        return "an integer, in seconds";
    } else if constexpr (is_vector<T>) {
        return "a list";
    } else if constexpr (DescribedEnum<T>) {
        return "one of " + enumerator_names<T>();
    } else if constexpr (is_map<T> || DescribedStruct<T>) {
        return "an object";
    } else {
        return "a value";
    }
}

/// Seconds of a duration; SerdesError when it is not a whole number of them.
template <class Rep, class Period>
[[nodiscard]] std::int64_t whole_seconds(std::chrono::duration<Rep, Period> duration) {
    const auto seconds = std::chrono::duration_cast<std::chrono::duration<std::int64_t>>(duration);
    if (seconds != duration) throw SerdesError("a duration that is not a whole number of seconds");
    return seconds.count();
}

template <class Duration>
[[nodiscard]] Duration read_duration(const Json& json, const JsonPath& path) {
    using Ratio = std::ratio_divide<typename Duration::period, std::ratio<1>>;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    if constexpr (std::is_integral_v<typename Duration::rep> && std::ratio_less_v<Ratio, std::ratio<1>>) {
        max = static_cast<std::int64_t>(Duration::max().count() / Ratio::den * Ratio::num);
    }
    const std::chrono::duration<std::int64_t> seconds(read_integer(json, path, -max, max));
    const auto duration = std::chrono::duration_cast<Duration>(seconds);
    if (duration != seconds) refuse_json(path, "seconds that make whole units of the duration", json.kind());
    return duration;
}

template <DescribedEnum E>
[[nodiscard]] E read_enum(const Json& json, const JsonPath& path) {
    if (!json.is_string()) refuse_json(path, expectation<E>(), json.kind());
    std::optional<E> found;
    each_descriptor(boost::describe::describe_enumerators<E>{}, [&](auto enumerator) {
        if (json.as_string() == enumerator.name) found = enumerator.value;
    });
    if (!found) refuse_json(path, expectation<E>(), "another text");
    return *found;
}

template <class T>
[[nodiscard]] T read_json(const Json& json, const JsonPath& path);

template <DescribedStruct T>
[[nodiscard]] T read_struct(const Json& json, const JsonPath& path) {
    static_assert(std::is_default_constructible_v<T>, "from_json fills a default-constructed struct");
    if (!json.is_object()) refuse_json(path, "an object", json.kind());
    T value{};
    each_descriptor(MembersOf<T>{}, [&](auto member) {
        using Member = std::remove_cvref_t<decltype(value.*member.pointer)>;
        const JsonPath member_path = path.member(member.name);
        if (const Json* found = json.find(member.name)) {
            value.*member.pointer = read_json<Member>(*found, member_path);
        } else if constexpr (!is_optional<Member> && !std::is_same_v<Member, Json>) {
            refuse_missing(member_path, expectation<Member>());
        }
    });
    return value;
}

template <class T>
[[nodiscard]] T read_list(const Json& json, const JsonPath& path) {
    if (!json.is_array()) refuse_json(path, "a list", json.kind());
    T list;
    list.reserve(json.as_array().size());
    std::size_t index = 0;
    for (const Json& element : json.as_array()) {
        list.push_back(read_json<typename T::value_type>(element, path.element(index++)));
    }
    return list;
}

template <class T>
[[nodiscard]] T read_map(const Json& json, const JsonPath& path) {
    if (!json.is_object()) refuse_json(path, "an object", json.kind());
    T map;
    for (const auto& [name, value] : json.as_object()) {
        map.insert_or_assign(name, read_json<typename T::mapped_type>(value, path.member(name)));
    }
    return map;
}

template <class T>
[[nodiscard]] T read_custom(const Json& json, const JsonPath& path) {
    try {
        return JsonMapping<T>::from_json(json);
    } catch (const SerdesError& error) {
        throw SerdesError(path.text() + ": " + error.what());
    }
}

template <class T>
T read_json(const Json& json, const JsonPath& path) {
    if constexpr (std::is_same_v<T, Json>) {
        return json;
    } else if constexpr (CustomMapped<T>) {
        return read_custom<T>(json, path);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!json.is_bool()) refuse_json(path, "true or false", json.kind());
        return json.as_bool();
    } else if constexpr (std::is_integral_v<T>) {
        constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
        constexpr bool kWide = std::cmp_greater(std::numeric_limits<T>::max(), kMax);
        return static_cast<T>(read_integer(json, path, static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                                           kWide ? kMax : static_cast<std::int64_t>(std::numeric_limits<T>::max())));
    } else if constexpr (std::is_floating_point_v<T>) {
        return static_cast<T>(read_double(json, path));
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (!json.is_string()) refuse_json(path, "text", json.kind());
        return json.as_string();
    } else if constexpr (is_optional<T>) {
        if (json.is_null()) return std::nullopt;
        return read_json<typename T::value_type>(json, path);
    } else if constexpr (is_vector<T>) {
        return read_list<T>(json, path);
    } else if constexpr (is_map<T>) {
        return read_map<T>(json, path);
    } else if constexpr (is_duration<T>) {
        return read_duration<T>(json, path);
    } else if constexpr (DescribedEnum<T>) {
        return read_enum<T>(json, path);
    } else if constexpr (DescribedStruct<T>) {
        return read_struct<T>(json, path);
    } else {
        static_assert(never<T>, "no JSON mapping: describe the type with BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_ENUM");
    }
}

template <DescribedEnum E>
[[nodiscard]] Json write_enum(E value) {
    const char* name = nullptr;
    each_descriptor(boost::describe::describe_enumerators<E>{}, [&](auto enumerator) {
        if (value == enumerator.value) name = enumerator.name;
    });
    if (name == nullptr) throw SerdesError("an enumerator that is none of " + enumerator_names<E>());
    return name;
}

}  // namespace detail

template <class T>
Json to_json(const T& value) {
    if constexpr (std::is_same_v<T, Json>) {
        return value;
    } else if constexpr (detail::CustomMapped<T>) {
        return JsonMapping<T>::to_json(value);
    } else if constexpr (std::is_floating_point_v<T>) {
        return static_cast<double>(value);
    } else if constexpr (std::is_arithmetic_v<T> || std::is_convertible_v<const T&, std::string_view>) {
        return value;
    } else if constexpr (detail::is_optional<T>) {
        return value ? to_json(*value) : Json();
    } else if constexpr (detail::is_vector<T>) {
        Json::Array list;
        list.reserve(value.size());
        for (const typename T::value_type& element : value) list.push_back(to_json(element));
        return list;
    } else if constexpr (detail::is_map<T>) {
        Json::Object object;
        object.reserve(value.size());
        for (const auto& [name, element] : value) object.emplace_back(name, to_json(element));
        return object;
    } else if constexpr (detail::is_duration<T>) {
        return detail::whole_seconds(value);
    } else if constexpr (detail::DescribedEnum<T>) {
        return detail::write_enum(value);
    } else if constexpr (detail::DescribedStruct<T>) {
        Json::Object object;
        detail::each_descriptor(detail::MembersOf<T>{},
                                [&](auto member) { object.emplace_back(member.name, to_json(value.*member.pointer)); });
        return object;
    } else {
        static_assert(detail::never<T>,
                      "no JSON mapping: describe the type with BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_ENUM");
    }
}

template <class T>
T from_json(const Json& json) {
    return detail::read_json<T>(json, detail::JsonPath{});
}

}  // namespace durable
