#include "tables/item_read.hpp"

#include "tables/expression/projection.hpp"
#include "tables/legacy.hpp"

namespace holdpoint::tables {

Result<std::optional<std::vector<expression::Path>>> parse_projection_of(const json::object& request,
                                                                         Members& members) {
    if (auto unmixed = legacy::check_unmixed(request, {"AttributesToGet"}, {"ProjectionExpression"}); !unmixed)
        return std::unexpected(unmixed.error());
    auto attributes = legacy::read_attributes_to_get(members);
    if (!attributes) return attributes;
    const auto text = members.text("ProjectionExpression");
    if (members.problem()) return std::unexpected(*members.problem());
    auto bindings = expression::Bindings::read(request, {}, {"ProjectionExpression"});
    if (!bindings) return std::unexpected(bindings.error());
    auto paths = std::move(*attributes);
    if (text) {
        auto parsed = expression::parse_projection(*text, *bindings);
        if (!parsed) return std::unexpected(parsed.error());
        paths = std::move(*parsed);
    }
    if (auto used = bindings->check_all_used(); !used) return std::unexpected(used.error());
    return paths;
}

}  // namespace holdpoint::tables
