// Overlay rows: rows with writes on top that are not applied yet, so that a decision of many parts can see its own
// parts and still be dropped as a whole.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "base/rows.hpp"

namespace holdpoint {

class OverlayRows final : public RowReader {
public:
    explicit OverlayRows(const RowReader& base) : base_(base) {}

    void write(const std::vector<RowWrite>& writes);
    /// Everything written, each key once.
    [[nodiscard]] std::vector<RowWrite> writes() const;

    [[nodiscard]] std::optional<std::string> get(Space space, std::string_view key) const override;
    [[nodiscard]] std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                                        bool reverse = false) const override;

private:
    const RowReader& base_;
    std::map<std::pair<Space, std::string>, std::optional<std::string>> changed_;
};

/// No rows at all.
class NoRows final : public RowReader {
public:
    [[nodiscard]] std::optional<std::string> get(Space, std::string_view) const override { return std::nullopt; }
    [[nodiscard]] std::vector<Row> scan(Space, std::string_view, std::string_view, std::size_t, bool) const override {
        return {};
    }
};

}  // namespace holdpoint
