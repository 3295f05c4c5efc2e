// Reading: takes JSON of others apart, strictly. The first thing that is wrong is told with its path, with what was
// found, and with what was expected.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "durable/json.hpp"

namespace holdpoint::approvals {

/// What a value is, for messages: "nothing", "text", "7" …; numbers and null as they are.
[[nodiscard]] std::string found(const durable::Json* value);
/// The beginning of a text in quotes, for messages.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// "a, b or c"
[[nodiscard]] std::string choices(const std::vector<std::string>& names);

/// One value of a document and the place where it is. All readers of a document share one problem: the first. What is
/// read after it, or instead of it, is an empty value and means nothing, so look for the problem at the end.
class Reader {
public:
    using Problem = std::optional<std::string>;

    /// `value` may be nullptr: nothing is there. Both must outlive the reader.
    Reader(const durable::Json* value, std::string path, Problem& problem)
        : value_(value), path_(std::move(path)), problem_(&problem) {}

    /// It must be an object, with no other members than these, and none of them twice.
    void only(std::initializer_list<std::string_view> members) const;
    [[nodiscard]] bool has(std::string_view member) const;
    [[nodiscard]] Reader member(std::string_view name) const;
    /// The elements of a list of `min` to `max`.
    [[nodiscard]] std::vector<Reader> elements(std::size_t min, std::size_t max) const;
    /// The members of an object of at most `max`, none of them twice.
    [[nodiscard]] std::vector<std::pair<std::string, Reader>> members(std::size_t max) const;
    /// Text of 1 to `max` bytes that is not blank and holds no control characters; without white space at its ends.
    [[nodiscard]] std::string text(std::size_t max) const;
    /// As `text`, of several lines: line feeds and tabs are in it as they are.
    [[nodiscard]] std::string lines(std::size_t max) const;
    /// The name of a person or a group (names.hpp), of at most `max` bytes; without white space at its ends.
    [[nodiscard]] std::string name(std::size_t max) const;
    /// An http or https address.
    [[nodiscard]] std::string link() const;
    [[nodiscard]] std::int64_t number(std::int64_t min, std::int64_t max) const;
    [[nodiscard]] bool flag() const;

    template <class Enum>
    [[nodiscard]] Enum choice() const {
        const std::string* name = value_ == nullptr ? nullptr : value_->get_if<std::string>();
        Enum result{};
        if (name != nullptr && boost::describe::enum_from_string(name->c_str(), result)) return result;
        std::vector<std::string> names;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
            [&](auto enumerator) { names.emplace_back(enumerator.name); });
        expected(choices(names), name == nullptr ? found(value_) : in_quotes(*name));
        return Enum{};
    }

    void expected(std::string_view what, std::string_view but_found) const;
    /// What is wrong, after the path.
    void refuse(std::string_view problem) const;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    [[nodiscard]] const durable::Json::Object* object() const;
    [[nodiscard]] std::string text_with(std::string_view controls, std::size_t max, std::string_view which) const;

    const durable::Json* value_;
    std::string path_;
    Problem* problem_;
};

}  // namespace holdpoint::approvals
