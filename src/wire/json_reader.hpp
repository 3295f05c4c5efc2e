// JsonReader: reads the members of one JSON object and remembers the first thing that was wrong, with its path.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace holdpoint::wire {

/// After the first problem every further read answers nothing; the caller asks once, at the end. A member that is null
/// counts as absent. What has the wrong type is a SerializationException that names path, expectation and finding; what
/// is missing, and a name that is none of its enumeration's, a ValidationException.
class JsonReader {
public:
    /// `name` is how the object is called in errors.
    JsonReader(const boost::json::value& json, std::string_view name, std::optional<Error>& problem);

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);
    [[nodiscard]] std::optional<bool> boolean(std::string_view name);
    [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name);
    /// Epoch milliseconds, epoch seconds (numbers below 1e11), or ISO 8601 text.
    [[nodiscard]] std::optional<TimePoint> time(std::string_view name);
    /// Calls `read` when the member is there and an object.
    void child(std::string_view name, const std::function<void(JsonReader&)>& read);
    /// How many elements the list has; 0 when there is none.
    [[nodiscard]] std::size_t count(std::string_view name) const;
    /// Calls `read` for each element of a list of objects.
    void each(std::string_view name, const std::function<void(JsonReader&)>& read);

    template <class Enum>
    [[nodiscard]] Enum required_name(std::string_view name, std::span<const std::pair<Enum, std::string_view>> names) {
        const std::string found = required_text(name);
        for (const auto& [enumerator, known] : names) {
            if (known == found) return enumerator;
        }
        std::vector<std::string_view> known;
        for (const auto& [enumerator, one] : names) known.push_back(one);
        refuse_unknown(name, found, known);
        return {};
    }

private:
    static constexpr std::size_t kNoIndex = SIZE_MAX;

    JsonReader(const boost::json::value& json, const JsonReader& parent, std::string_view name, std::size_t index);

    const boost::json::value* find(std::string_view name) const;
    void refuse(std::string_view name, std::string_view expected, std::string_view found);
    void refuse_missing(std::string_view name);
    void refuse_unknown(std::string_view name, std::string_view found, std::span<const std::string_view> known);
    /// Made only when something is wrong: there may be many thousand readers.
    [[nodiscard]] std::string path() const;
    /// As violations of the model call it: `updates.1.member.id`.
    [[nodiscard]] std::string member_path(std::string_view name) const;

    const boost::json::object* object_;
    const JsonReader* parent_ = nullptr;  // outlives this one
    std::string_view name_;
    std::size_t index_ = kNoIndex;  // its place in the list `name_`
    std::optional<Error>& problem_;
};

template <class T, class Read>
[[nodiscard]] Result<T> read_json(const boost::json::value& json, Read read) {
    std::optional<Error> problem;
    JsonReader reader(json, "$", problem);
    T result = read(reader);
    if (problem) return std::unexpected(std::move(*problem));
    return result;
}

}  // namespace holdpoint::wire
