#include "wire/json_reader.hpp"

#include <cmath>

#include "base/text.hpp"
#include "base/violations.hpp"

namespace holdpoint::wire {

namespace {

std::string_view kind_of(const boost::json::value& json) {
    switch (json.kind()) {
        case boost::json::kind::null:
            return "null";
        case boost::json::kind::bool_:
            return "a boolean";
        case boost::json::kind::int64:
        case boost::json::kind::uint64:
            return "an integer";
        case boost::json::kind::double_:
            return "a number with a fraction";
        case boost::json::kind::string:
            return "a string";
        case boost::json::kind::array:
            return "a list";
        case boost::json::kind::object:
            return "an object";
    }
    std::unreachable();
}

}  // namespace

JsonReader::JsonReader(const boost::json::value& json, std::string_view name, std::optional<Error>& problem)
    : object_(json.if_object()), name_(name), problem_(problem) {
    if (!object_) refuse("", "an object", kind_of(json));
}

JsonReader::JsonReader(const boost::json::value& json, const JsonReader& parent, std::string_view name,
                       std::size_t index)
    : object_(json.if_object()), parent_(&parent), name_(name), index_(index), problem_(parent.problem_) {
    if (!object_) refuse("", "an object", kind_of(json));
}

std::string JsonReader::path() const {
    std::string text = parent_ == nullptr ? std::string() : parent_->path() + ".";
    text += name_;
    if (index_ != kNoIndex) text += "[" + std::to_string(index_) + "]";
    return text;
}

void JsonReader::refuse(std::string_view name, std::string_view expected, std::string_view found) {
    if (problem_) return;
    std::string where = path();
    if (!name.empty()) where.append(".").append(name);
    problem_ = Error{.name = "SerializationException",
                     .http_status = 400,
                     .message = where + ": expected " + std::string(expected) + ", got " + std::string(found),
                     .details_json = {}};
}

std::string JsonReader::member_path(std::string_view name) const {
    std::string text;
    if (parent_ != nullptr) {
        text = parent_->member_path(name_);
        if (index_ != kNoIndex) text += "." + std::to_string(index_ + 1) + ".member";
        text += ".";
    }
    return text.append(lower_case(name.substr(0, 1))).append(name.substr(1));
}

void JsonReader::refuse_missing(std::string_view name) {
    if (!problem_) problem_ = missing_violation(member_path(name)).error();
}

void JsonReader::refuse_unknown(std::string_view name, std::string_view found,
                                std::span<const std::string_view> known) {
    if (problem_) return;
    Violations violations;
    violations.one_of(member_path(name), found, known);
    problem_ = violations.result().error();
}

const boost::json::value* JsonReader::find(std::string_view name) const {
    if (problem_ || !object_) return nullptr;
    const auto* member = object_->if_contains(name);
    return member && !member->is_null() ? member : nullptr;
}

std::optional<std::string> JsonReader::text(std::string_view name) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    if (const auto* found = member->if_string()) return std::string(*found);
    refuse(name, "a string", kind_of(*member));
    return std::nullopt;
}

std::string JsonReader::required_text(std::string_view name) {
    if (auto found = text(name)) return *std::move(found);
    refuse_missing(name);
    return {};
}

std::optional<std::int64_t> JsonReader::integer(std::string_view name) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    boost::json::error_code error;
    const auto number = member->is_number() ? member->to_number<std::int64_t>(error) : 0;
    if (member->is_number() && !error) return number;
    refuse(name, "an integer", kind_of(*member));
    return std::nullopt;
}

std::optional<bool> JsonReader::boolean(std::string_view name) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    if (const bool* found = member->if_bool()) return *found;
    refuse(name, "true or false", kind_of(*member));
    return std::nullopt;
}

std::optional<std::vector<std::string>> JsonReader::texts(std::string_view name) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    const auto* list = member->if_array();
    if (!list) {
        refuse(name, "a list of strings", kind_of(*member));
        return std::nullopt;
    }
    std::vector<std::string> found;
    found.reserve(list->size());
    for (const auto& item : *list) {
        if (const auto* item_text = item.if_string()) {
            found.emplace_back(*item_text);
        } else {
            refuse(name, "a list of strings", kind_of(item));
        }
    }
    return found;
}

std::optional<TimePoint> JsonReader::time(std::string_view name) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    if (const auto* written = member->if_string()) {
        if (auto parsed = parse_iso8601(*written)) return *parsed;
    } else if (member->is_number()) {
        const double number = member->to_number<double>();
        // Envelope times are milliseconds; 1e11 seconds would be the year 5138.
        if (std::isfinite(number) && std::abs(number) < 1e15)
            return from_epoch_ms(std::llround(number < 1e11 ? number * 1000.0 : number));
    }
    refuse(name, "a time (epoch seconds, epoch milliseconds or ISO 8601)", kind_of(*member));
    return std::nullopt;
}

void JsonReader::child(std::string_view name, const std::function<void(JsonReader&)>& read) {
    const auto* member = find(name);
    if (!member) return;
    JsonReader inner(*member, *this, name, kNoIndex);
    if (!problem_) read(inner);
}

std::size_t JsonReader::count(std::string_view name) const {
    const auto* member = find(name);
    const auto* list = member == nullptr ? nullptr : member->if_array();
    return list == nullptr ? 0 : list->size();
}

void JsonReader::each(std::string_view name, const std::function<void(JsonReader&)>& read) {
    const auto* member = find(name);
    if (!member) return;
    const auto* list = member->if_array();
    if (!list) return refuse(name, "a list", kind_of(*member));
    for (std::size_t i = 0; i < list->size() && !problem_; ++i) {
        JsonReader inner((*list)[i], *this, name, i);
        if (!problem_) read(inner);
    }
}

}  // namespace holdpoint::wire
