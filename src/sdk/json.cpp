#include "durable/json.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace durable {

namespace bj = boost::json;

namespace {

Json from_boost(const bj::value& value) {
    switch (value.kind()) {
        case bj::kind::null:
            return Json();
        case bj::kind::bool_:
            return Json(Json::Data(value.get_bool()));
        case bj::kind::int64:
            return Json(Json::Data(value.get_int64()));
        case bj::kind::uint64:
            return Json(Json::Data(static_cast<double>(value.get_uint64())));
        case bj::kind::double_:
            return Json(Json::Data(value.get_double()));
        case bj::kind::string:
            return Json(Json::Data(std::string(value.get_string())));
        case bj::kind::array: {
            Json::Array array;
            array.reserve(value.get_array().size());
            for (const bj::value& element : value.get_array()) array.push_back(from_boost(element));
            return Json(Json::Data(std::move(array)));
        }
        case bj::kind::object: {
            Json::Object object;
            object.reserve(value.get_object().size());
            for (const auto& [name, member] : value.get_object()) object.emplace_back(name, from_boost(member));
            return Json(Json::Data(std::move(object)));
        }
    }
    return Json();
}

bj::value to_boost(const Json& json) {
    if (const bool* flag = json.get_if<bool>()) return *flag;
    if (const std::int64_t* number = json.get_if<std::int64_t>()) return *number;
    if (const double* number = json.get_if<double>()) return *number;
    if (const std::string* text = json.get_if<std::string>()) return bj::value(*text);
    if (const Json::Array* array = json.get_if<Json::Array>()) {
        bj::array result;
        result.reserve(array->size());
        for (const Json& element : *array) result.push_back(to_boost(element));
        return result;
    }
    if (const Json::Object* object = json.get_if<Json::Object>()) {
        bj::object result;
        result.reserve(object->size());
        for (const auto& [name, member] : *object) result[name] = to_boost(member);
        return result;
    }
    return nullptr;
}

}  // namespace

Json Json::parse(std::string_view text) {
    boost::system::error_code problem;
    bj::parse_options options;
    options.max_depth = 256;
    bj::stream_parser parser({}, options);
    std::size_t read = parser.write_some(text.data(), text.size(), problem);
    if (!problem && read < text.size()) {
        const std::string_view rest = text.substr(read);
        if (rest.find_first_not_of(" \t\r\n") != std::string_view::npos) problem = bj::error::extra_data;
    }
    if (!problem) parser.finish(problem);
    if (problem) throw SerdesError(fmt::format("not JSON at byte {}: {}", read, problem.message()));
    return from_boost(parser.release());
}

std::string Json::dump() const {
    return bj::serialize(to_boost(*this));
}

const Json* Json::find(std::string_view name) const {
    const Object* object = get_if<Object>();
    if (object == nullptr) return nullptr;
    for (const auto& [key, value] : *object) {
        if (key == name) return &value;
    }
    return nullptr;
}

std::string_view Json::kind() const {
    constexpr std::string_view kKinds[] = {"null", "true or false", "a whole number", "a number",
                                           "text", "a list",        "an object"};
    return kKinds[data_.index()];
}

namespace detail {

std::string JsonPath::text() const {
    if (parent == nullptr) return "$";
    return member.empty() ? fmt::format("{}[{}]", parent->text(), index) : fmt::format("{}.{}", parent->text(), member);
}

void refuse_json(const JsonPath& path, std::string_view expected, const Json& found) {
    throw SerdesError(fmt::format("{}: expected {}, found {}", path.text(), expected, found.kind()));
}

void refuse_json(const JsonPath& path, std::string_view problem) {
    throw SerdesError(fmt::format("{} {}", path.text(), problem));
}

}  // namespace detail
}  // namespace durable
