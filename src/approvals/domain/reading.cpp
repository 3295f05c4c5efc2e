#include "approvals/domain/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "approvals/domain/names.hpp"
#include "approvals/domain/people.hpp"
#include "base/encoding.hpp"

namespace holdpoint::approvals {

using durable::Json;

namespace {

constexpr std::size_t kQuotedMax = 64;

bool has_other_controls(std::string_view text, std::string_view than) {
    std::string rest(text);
    std::erase_if(rest, [than](char c) { return than.contains(c); });
    return has_control_characters(rest);
}

}  // namespace

std::string found(const Json* value) {
    if (value == nullptr) return "nothing";
    if (value->get_if<std::int64_t>() != nullptr || value->get_if<double>() != nullptr || value->is_null()) {
        return value->dump();
    }
    return std::string(value->kind());
}

std::string in_quotes(std::string_view text) {
    return fmt::format("'{}'", as_utf8(text.substr(0, kQuotedMax)));  // it may end within a character
}

std::string choices(const std::vector<std::string>& names) {
    std::string all;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) all += i + 1 == names.size() ? " or " : ", ";
        all += names[i];
    }
    return all;
}

void Reader::refuse(std::string_view problem) const {
    if (*problem_) return;
    *problem_ = path_.empty() ? std::string(problem) : fmt::format("{}: {}", path_, problem);
}

void Reader::expected(std::string_view what, std::string_view but_found) const {
    refuse(fmt::format("expected {}, found {}.", what, but_found));
}

const Json::Object* Reader::object() const {
    const Json::Object* object = value_ == nullptr ? nullptr : value_->get_if<Json::Object>();
    if (object == nullptr) expected("an object", found(value_));
    return object;
}

void Reader::only(std::initializer_list<std::string_view> members) const {
    const Json::Object* whole = object();
    if (whole == nullptr) return;
    std::set<std::string_view> met;
    for (const auto& [name, value] : *whole) {
        if (std::find(members.begin(), members.end(), name) == members.end()) {
            expected(choices({members.begin(), members.end()}), in_quotes(name));
        }
        if (!met.insert(name).second) refuse(fmt::format("{} is there twice.", in_quotes(name)));
    }
}

bool Reader::has(std::string_view member) const {
    return value_ != nullptr && value_->find(member) != nullptr;
}

Reader Reader::member(std::string_view name) const {
    return {value_ == nullptr ? nullptr : value_->find(name),
            path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name), *problem_};
}

std::vector<Reader> Reader::elements(std::size_t min, std::size_t max) const {
    const Json::Array* array = value_ == nullptr ? nullptr : value_->get_if<Json::Array>();
    if (array == nullptr || array->size() < min || array->size() > max) {
        expected(fmt::format("a list of {} to {}", min, max),
                 array == nullptr ? found(value_) : fmt::format("one of {}", array->size()));
        return {};
    }
    std::vector<Reader> readers;
    for (const Json& element : *array) {
        readers.emplace_back(&element, fmt::format("{}[{}]", path_, readers.size()), *problem_);
    }
    return readers;
}

std::vector<std::pair<std::string, Reader>> Reader::members(std::size_t max) const {
    const Json::Object* whole = object();
    if (whole == nullptr) return {};
    if (whole->size() > max) {
        expected(fmt::format("at most {} members", max), std::to_string(whole->size()));
        return {};
    }
    std::vector<std::pair<std::string, Reader>> readers;
    std::set<std::string_view> met;
    for (const auto& [name, value] : *whole) {
        if (!met.insert(name).second) refuse(fmt::format("{} is there twice.", in_quotes(name)));
        readers.emplace_back(name, member(name));
    }
    return readers;
}

std::string Reader::text(std::size_t max) const {
    return text_with("", max, "control characters");
}

std::string Reader::lines(std::size_t max) const {
    return text_with("\n\t", max, "control characters other than line feeds and tabs");
}

/// `controls` may be in it; `which` is what others are called.
std::string Reader::text_with(std::string_view controls, std::size_t max, std::string_view which) const {
    const std::string* text = value_ == nullptr ? nullptr : value_->get_if<std::string>();
    const std::string_view trimmed_text = text == nullptr ? std::string_view() : trimmed(*text);
    if (!trimmed_text.empty() && text->size() <= max && !has_other_controls(trimmed_text, controls)) {
        return std::string(trimmed_text);
    }
    std::string instead = found(value_);
    if (text != nullptr) {
        instead = trimmed_text.empty() ? "blank text"
                  : text->size() > max ? fmt::format("{} characters", text->size())
                                       : std::string(which);
    }
    expected(fmt::format("text of 1 to {} characters", max), instead);
    return {};
}

std::string Reader::name(std::size_t max) const {
    const std::string* text = value_ == nullptr ? nullptr : value_->get_if<std::string>();
    const std::string_view trimmed_text = text == nullptr ? std::string_view() : trimmed(*text);
    const auto problem = text == nullptr ? std::optional(found(value_)) : name_problem(trimmed_text, max);
    if (!problem) return std::string(trimmed_text);
    expected(fmt::format("text of 1 to {} characters", max), *problem);
    return {};
}

std::string Reader::link() const {
    constexpr std::size_t kLinkMax = 2048;
    std::string link = text(kLinkMax);
    if (!link.starts_with("https://") && !link.starts_with("http://"))
        expected("an http or https address", in_quotes(link));
    return link;
}

std::int64_t Reader::number(std::int64_t min, std::int64_t max) const {
    const std::int64_t* number = value_ == nullptr ? nullptr : value_->get_if<std::int64_t>();
    if (number != nullptr && *number >= min && *number <= max) return *number;
    expected(fmt::format("a whole number from {} to {}", min, max), found(value_));
    return min;
}

bool Reader::flag() const {
    const bool* flag = value_ == nullptr ? nullptr : value_->get_if<bool>();
    if (flag == nullptr) expected("true or false", found(value_));
    return flag != nullptr && *flag;
}

}  // namespace holdpoint::approvals
