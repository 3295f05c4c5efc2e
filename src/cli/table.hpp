// Tables for people: columns as wide as their widest cell, on a terminal that cells cannot upset.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdpoint::cli {

class Table {
public:
    explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// Header, rows, each ended by a newline; the last column is not padded.
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::string> headers_;
    std::vector<std::vector<std::string>> rows_;
};

/// `text` without control characters and those that control its direction: a document's name must not be able to send
/// escape sequences to a terminal, nor to turn a line around.
/// Line breaks become spaces unless `keep_lines`.
[[nodiscard]] std::string printable(std::string_view text, bool keep_lines = false);

/// `2026-11-23T20:33:00.123Z` as `2026-11-23 20:33:00Z`; anything else as it is.
[[nodiscard]] std::string short_time(std::string_view iso8601);

}  // namespace holdpoint::cli
