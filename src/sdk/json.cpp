#include "durable/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/encoding.hpp"

namespace durable {

namespace {

constexpr std::size_t kDepthMax = 256;

/// Builds values from the parser's events. Doubles are read from their text again, because the parser's own may be off
/// by the last bit.
class Builder {
public:
    using Problem = boost::system::error_code;
    using View = boost::json::string_view;
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    bool on_document_begin(Problem&) { return true; }
    bool on_document_end(Problem&) { return true; }
    bool on_object_begin(Problem&) { return open(Json::Object{}); }
    bool on_object_end(std::size_t, Problem&) { return close(); }
    bool on_array_begin(Problem&) { return open(Json::Array{}); }
    bool on_array_end(std::size_t, Problem&) { return close(); }
    bool on_key_part(View part, std::size_t, Problem&) { return append(part); }
    bool on_key(View part, std::size_t, Problem&) {
        append(part);
        levels_.back().name = std::exchange(text_, {});
        return true;
    }
    bool on_string_part(View part, std::size_t, Problem&) { return append(part); }
    bool on_string(View part, std::size_t, Problem&) {
        append(part);
        return add(std::exchange(text_, {}));
    }
    bool on_number_part(View part, Problem&) { return append(part); }
    bool on_int64(std::int64_t number, View, Problem&) {
        text_.clear();
        return add(number);
    }
    bool on_uint64(std::uint64_t number, View, Problem&) {
        text_.clear();
        return add(static_cast<double>(number));
    }
    bool on_double(double number, View part, Problem& problem) {
        if (!std::isfinite(number)) {
            problem = boost::json::error::exponent_overflow;
            return false;
        }
        append(part);
        double exact = number;
        std::from_chars(text_.data(), text_.data() + text_.size(), exact);
        text_.clear();
        return add(exact);
    }
    bool on_bool(bool flag, Problem&) { return add(flag); }
    bool on_null(Problem&) { return add(nullptr); }
    bool on_comment_part(View, Problem&) { return true; }
    bool on_comment(View, Problem&) { return true; }

    Json take() { return std::move(root_); }

private:
    struct Level {
        Json::Data data;
        std::string name;  // of the member under way
    };

    bool append(View part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool open(Json::Data data) {
        levels_.push_back({.data = std::move(data), .name = {}});
        return true;
    }
    bool close() {
        Json::Data data = std::move(levels_.back().data);
        levels_.pop_back();
        return add(std::move(data));
    }
    bool add(Json::Data data) {
        Json value(std::move(data));
        if (levels_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = std::get_if<Json::Array>(&levels_.back().data)) {
            array->push_back(std::move(value));
        } else {
            std::get<Json::Object>(levels_.back().data).emplace_back(std::move(levels_.back().name), std::move(value));
        }
        return true;
    }

    Json root_;
    std::vector<Level> levels_;
    std::string text_;
};

using detail::JsonPath;

class Writer {
public:
    void write(const Json& json, const JsonPath& path, std::size_t depth) {
        if (depth > kDepthMax) detail::refuse_json(path, "is nested too deep to be written as JSON (256 at most)");
        if (const std::string* text = json.get_if<std::string>()) {
            write(*text, path);
        } else if (const std::int64_t* number = json.get_if<std::int64_t>()) {
            text_ += fmt::to_string(*number);
        } else if (const double* fraction = json.get_if<double>()) {
            write(*fraction, path);
        } else if (const bool* flag = json.get_if<bool>()) {
            text_ += *flag ? "true" : "false";
        } else if (const Json::Array* array = json.get_if<Json::Array>()) {
            write(*array, path, depth);
        } else if (const Json::Object* object = json.get_if<Json::Object>()) {
            write(*object, path, depth);
        } else {
            text_ += "null";
        }
    }

    std::string take() { return std::move(text_); }

private:
    void write(const std::string& text, const JsonPath& path) {
        if (!holdpoint::is_utf8(text)) {
            detail::refuse_json(path, ": text that is not UTF-8 cannot be written as JSON");
        }
        if (std::ranges::none_of(text, may_be_escaped)) {
            text_ += '"';
            text_ += text;
            text_ += '"';
        } else {
            text_ += boost::json::serialize(boost::json::string_view(text));
        }
    }
    /// Most texts have none of these, and need no serializer.
    static bool may_be_escaped(char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < ' ' || c == '"' || c == '\\' || byte == 0x7f;
    }
    /// The shortest form that reads back as the same number, and as one with a fraction.
    void write(double number, const JsonPath& path) {
        if (!std::isfinite(number)) {
            detail::refuse_json(path, ": a number that is not finite cannot be written as JSON");
        }
        char buffer[32];
        const auto written = std::to_chars(std::begin(buffer), std::end(buffer), number);
        const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
        text_ += text;
        if (text.find_first_of(".e") == std::string_view::npos) text_ += ".0";
    }
    void write(const Json::Array& array, const JsonPath& path, std::size_t depth) {
        text_ += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (i > 0) text_ += ',';
            write(array[i], {.parent = &path, .member = {}, .index = i}, depth + 1);
        }
        text_ += ']';
    }
    void write(const Json::Object& object, const JsonPath& path, std::size_t depth) {
        text_ += '{';
        for (std::size_t i = 0; i < object.size(); ++i) {
            if (i > 0) text_ += ',';
            write(object[i].first, path);
            text_ += ':';
            write(object[i].second, {.parent = &path, .member = object[i].first}, depth + 1);
        }
        text_ += '}';
    }

    std::string text_;
};

}  // namespace

Json::Json() = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;
Json::Json(Data data) : data_(std::move(data)) {}

Json Json::parse(std::string_view text) {
    return detail::parse_json(text, kDepthMax);
}

Json detail::parse_json(std::string_view text, std::size_t depth_max) {
    boost::json::parse_options options;
    options.max_depth = depth_max;
    boost::json::basic_parser<Builder> parser(options);
    boost::system::error_code problem;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), problem);
    if (!problem && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
        problem = boost::json::error::extra_data;
    }
    if (problem) throw SerdesError(fmt::format("not JSON at byte {}: {}", read, problem.message()));
    return parser.handler().take();
}

std::string Json::dump() const {
    Writer writer;
    writer.write(*this, JsonPath{}, 0);
    return writer.take();
}

const Json* Json::find(std::string_view name) const {
    const Object* object = get_if<Object>();
    if (object == nullptr) return nullptr;
    for (auto member = object->rbegin(); member != object->rend(); ++member) {
        if (member->first == name) return &member->second;
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
    return member.data() == nullptr ? fmt::format("{}[{}]", parent->text(), index)
                                    : fmt::format("{}.{}", parent->text(), member);
}

void refuse_json(const JsonPath& path, std::string_view expected, const Json& found) {
    throw SerdesError(fmt::format("{}: expected {}, found {}", path.text(), expected, found.kind()));
}

void refuse_number(const JsonPath& path, std::int64_t min, std::int64_t max, std::int64_t found) {
    throw SerdesError(fmt::format("{}: expected a whole number from {} to {}, found {}", path.text(), min, max, found));
}

void refuse_without_json() {
    throw SerdesError("a type that has no JSON form was recorded without a Serdes; give one to the operation");
}

void refuse_json(const JsonPath& path, std::string_view problem) {
    throw SerdesError(fmt::format("{}{}{}", path.text(), problem.starts_with(':') ? "" : " ", problem));
}

std::optional<std::int64_t> whole_seconds(std::int64_t count, std::intmax_t num, std::intmax_t den) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(count, num, &product)) return std::nullopt;
    return product / den + (product % den > 0 ? 1 : 0);
}

std::optional<std::int64_t> whole_seconds(double seconds) {
    const double whole = std::ceil(seconds);
    constexpr double kEnd = 9223372036854775808.0;  // 2^63
    if (!(whole >= -kEnd && whole < kEnd)) return std::nullopt;
    return static_cast<std::int64_t>(whole);
}

std::int64_t count_of(std::int64_t seconds, std::intmax_t num, std::intmax_t den, const JsonPath& path) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(seconds, den, &product)) refuse_json(path, "is a duration that does not fit");
    if (product % num != 0) {
        refuse_json(path, fmt::format(": expected a multiple of {} seconds, found {}", num, seconds));
    }
    return product / num;
}

}  // namespace detail
}  // namespace durable
