// Routes of HTTP APIs: how they are kept, and which one a request takes. (API Gateway developer guide, "Routes for HTTP
// APIs")
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/rows.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::api {

[[nodiscard]] RowWrite put_http_api(const stacks::HttpApiPlan& api);
[[nodiscard]] RowWrite erase_http_api(std::string_view api_id);
[[nodiscard]] std::optional<stacks::HttpApiPlan> find_http_api(const RowReader& rows, std::string_view api_id);

struct RouteMatch {
    const stacks::RoutePlan* route = nullptr;
    std::map<std::string, std::string> parameters;  // decoded
};

/// The most specific route: part by part, what is written out before {parameter} before {greedy+}, and a method before
/// ANY; else $default. `path` is still percent-encoded and without the stage.
[[nodiscard]] std::optional<RouteMatch> match_route(const stacks::HttpApiPlan& api, std::string_view method,
                                                    std::string_view path);

/// A path as functions and policies see it: decoded but for slashes, which would part it in other places than the
/// route that was matched.
[[nodiscard]] std::string shown_path(std::string_view path);

}  // namespace holdpoint::api
