#include "tables/item_read.hpp"

#include "tables/expression/projection.hpp"

namespace holdpoint::tables {

Result<std::optional<std::vector<expression::Path>>> parse_projection_of(const json::object& request,
                                                                         Members& members) {
    members.refuse_legacy({"AttributesToGet"}, "ProjectionExpression");
    const auto text = members.text("ProjectionExpression");
    if (members.problem()) return std::unexpected(*members.problem());
    auto bindings = expression::Bindings::read(request, {}, {"ProjectionExpression"});
    if (!bindings) return std::unexpected(bindings.error());
    std::optional<std::vector<expression::Path>> paths;
    if (text) {
        auto parsed = expression::parse_projection(*text, *bindings);
        if (!parsed) return std::unexpected(parsed.error());
        paths = std::move(*parsed);
    }
    if (auto used = bindings->check_all_used(); !used) return std::unexpected(used.error());
    return paths;
}

}  // namespace holdpoint::tables
