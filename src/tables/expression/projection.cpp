#include "tables/expression/projection.hpp"

#include "tables/expression/reader.hpp"

namespace holdpoint::tables::expression {

Result<std::vector<Path>> parse_projection(std::string_view text, Bindings& bindings) {
    constexpr const char* kParameter = "ProjectionExpression";
    Reader reader(kParameter, text, bindings);
    if (auto checked = reader.check_size(); !checked) return std::unexpected(checked.error());
    std::vector<Path> paths;
    do {
        auto path = reader.path();
        if (!path) return std::unexpected(path.error());
        paths.push_back(std::move(*path));
    } while (reader.take_symbol(","));
    if (auto finished = reader.finish(); !finished) return std::unexpected(finished.error());
    if (auto apart = check_apart(paths, kParameter); !apart) return std::unexpected(apart.error());
    return paths;
}

}  // namespace holdpoint::tables::expression
