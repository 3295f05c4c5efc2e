// Property reader: a resource's resolved properties, read member by member; what is wrong goes to the problems.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

class PropertyReader {
public:
    /// `path` is what the problems name, such as "Resources.F.Properties".
    PropertyReader(Problems& problems, std::string path, boost::json::object values)
        : problems_(&problems), path_(std::move(path)), values_(std::move(values)) {}
    /// Some of the members of `other`.
    PropertyReader(const PropertyReader& other, boost::json::object values)
        : PropertyReader(*other.problems_, other.path_, std::move(values)) {}

    [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
    [[nodiscard]] const boost::json::value* find(std::string_view name) const { return values_.if_contains(name); }
    [[nodiscard]] std::string path_of(std::string_view name) const { return path_ + "." + std::string(name); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const boost::json::object& values() const { return values_; }

    void problem(std::string_view name, std::string_view what) const { problems_->add(path_of(name), what); }

    [[nodiscard]] std::string text(std::string_view name, std::string_view fallback = {}) const;
    [[nodiscard]] std::int64_t number(std::string_view name, std::int64_t fallback) const;
    [[nodiscard]] bool flag(std::string_view name, bool fallback) const;
    /// A mapping as a reader of its own; without members when there is none.
    [[nodiscard]] PropertyReader member(std::string_view name) const;
    /// The elements of a list; none when there is no such property.
    [[nodiscard]] const boost::json::array& list(std::string_view name) const;
    /// An element of a list as a reader of its own.
    [[nodiscard]] PropertyReader element(std::string_view name, std::size_t at) const;
    /// A list of texts.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// Names every member that is not one of `known`.
    void allow(std::initializer_list<std::string_view> known) const;

private:
    Problems* problems_;
    std::string path_;
    boost::json::object values_;
};

}  // namespace holdpoint::stacks
