// Document reader: the JSON of an export as it is read: what is wrong is said of the document, and which was expected
// there.
#pragma once

#include <fmt/format.h>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approvals/domain/json_parts.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

class DocumentReader {
public:
    DocumentReader(std::string where, std::string_view what) : where_(std::move(where)), what_(what) {}

    /// A part of it; nothing when it is none of this kind.
    template <class T>
    [[nodiscard]] std::optional<T> read(std::string_view text) {
        try {
            T value = durable::from_json<T>(durable::Json::parse(text));
            // Of a member that is there twice, each reader may see another value.
            if (durable::to_json(value).dump() != text.substr(0, text.find('\n'))) is_otherwise_ = true;
            return value;
        } catch (const std::exception& error) {
            if (!unreadable_) unreadable_ = error.what();
            return std::nullopt;
        }
    }

    /// A list that is read element by element.
    template <class T>
    [[nodiscard]] TakenList list(std::string_view name, std::function<void(T)> take) {
        return {.name = name, .take = [this, take = std::move(take)](const std::string& text) {
                    if (auto element = read<T>(text)) take(std::move(*element));
                }};
    }

    /// Once all was read: whether it is such a document, and what is wrong with it.
    [[nodiscard]] bool finish(std::vector<std::string>& problems) const {
        if (unreadable_) {
            problems.push_back(fmt::format("{}: expected {}, found something else ({})", where_, what_, *unreadable_));
        } else if (is_otherwise_) {
            problems.push_back(fmt::format(
                "{}: is written otherwise than {} is: it has more than the members of one, or a member twice", where_,
                what_));
        }
        return !unreadable_;
    }

private:
    std::string where_;
    std::string_view what_;
    std::optional<std::string> unreadable_;
    bool is_otherwise_ = false;
};

/// A document that is read at once; nothing, and a problem, when it is none of this kind.
template <class T>
[[nodiscard]] std::optional<T> read_document(std::string_view text, const std::string& where, std::string_view what,
                                             std::vector<std::string>& problems) {
    DocumentReader document(where, what);
    auto value = document.read<T>(text);
    (void)document.finish(problems);
    return value;
}

}  // namespace holdpoint::approvals
