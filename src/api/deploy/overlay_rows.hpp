// Overlay: rows with writes laid over them, so that a long decision sees its own earlier steps and can still be
// dropped.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/rows.hpp"

namespace holdpoint::api {

class OverlayRows final : public RowReader {
public:
    /// `below` outlives this.
    explicit OverlayRows(const RowReader& below) : below_(below) {}

    void apply(std::vector<RowWrite> writes);
    /// Everything that was applied, each row once.
    [[nodiscard]] std::vector<RowWrite> take();

    [[nodiscard]] std::optional<std::string> get(Space space, std::string_view key) const override;
    [[nodiscard]] std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                                        bool reverse) const override;

private:
    using Writes = std::map<std::string, std::optional<std::string>, std::less<>>;

    const RowReader& below_;
    std::map<Space, Writes> spaces_;
};

}  // namespace holdpoint::api
