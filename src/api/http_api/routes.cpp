#include "api/http_api/routes.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "base/encoding.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    if (path.starts_with('/')) path.remove_prefix(1);
    while (true) {
        const auto slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

/// How a route fits, the smaller the better: 0 for a part that is written out, 1 for a parameter, 2 for a greedy one;
/// last, 0 for its method and 1 for ANY.
using Rank = std::vector<int>;

struct Fit {
    Rank rank;
    std::map<std::string, std::string> parameters;
};

std::string_view name_of(std::string_view part) {
    return part.substr(1, part.size() - (part.ends_with("+}") ? 3 : 2));
}

std::optional<Fit> fit(std::string_view pattern, std::string_view path) {
    const auto wanted = parts_of(pattern);
    const auto given = parts_of(path);
    Fit result;
    std::size_t left = path.size() - (path.starts_with('/') ? 1 : 0);  // of the path, from the part that is looked at
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (i >= given.size()) return std::nullopt;
        const std::string_view part = wanted[i];
        if (part.starts_with('{') && part.ends_with("+}")) {
            const std::string_view rest = path.substr(path.size() - left);
            if (rest.empty()) return std::nullopt;
            result.parameters[std::string(name_of(part))] = percent_decode(rest);
            result.rank.push_back(2);
            return result;
        }
        if (part.starts_with('{') && part.ends_with('}')) {
            if (given[i].empty()) return std::nullopt;
            result.parameters[std::string(name_of(part))] = percent_decode(given[i]);
            result.rank.push_back(1);
        } else if (percent_decode(given[i]) == part) {
            result.rank.push_back(0);
        } else {
            return std::nullopt;
        }
        left -= std::min(left, given[i].size() + 1);
    }
    return wanted.size() == given.size() ? std::optional(std::move(result)) : std::nullopt;
}

json::array texts(const std::vector<std::string>& list) {
    json::array result;
    for (const std::string& text : list) result.emplace_back(text);
    return result;
}

std::vector<std::string> read_texts(const json::value& value) {
    std::vector<std::string> result;
    for (const json::value& text : value.as_array()) result.emplace_back(text.as_string());
    return result;
}

}  // namespace

RowWrite put_http_api(const stacks::HttpApiPlan& api) {
    json::array routes;
    for (const auto& route : api.routes) {
        routes.push_back({{"key", route.key},
                          {"function", route.function},
                          {"qualifier", route.qualifier},
                          {"timeout_ms", route.timeout_ms},
                          {"iam", route.iam.value_or(false)}});
    }
    json::object cors{{"credentials", api.cors.credentials},
                      {"headers", texts(api.cors.headers)},
                      {"methods", texts(api.cors.methods)},
                      {"origins", texts(api.cors.origins)},
                      {"exposed", texts(api.cors.exposed)}};
    if (api.cors.max_age_seconds) cors["max_age_seconds"] = *api.cors.max_age_seconds;
    return {Space::http_apis, api.api_id,
            json::serialize(json::object{
                {"name", api.name}, {"stage", api.stage}, {"cors", std::move(cors)}, {"routes", std::move(routes)}})};
}

RowWrite erase_http_api(std::string_view api_id) {
    return {Space::http_apis, std::string(api_id), std::nullopt};
}

std::optional<stacks::HttpApiPlan> find_http_api(const RowReader& rows, std::string_view api_id) {
    const auto row = rows.get(Space::http_apis, api_id);
    if (!row) return std::nullopt;
    const json::value value = json::parse(*row);
    const auto text = [](const json::value& from, std::string_view name) {
        return std::string(from.at(name).as_string());
    };
    stacks::HttpApiPlan api;
    api.api_id = api_id;
    api.name = text(value, "name");
    api.stage = text(value, "stage");
    const json::object& cors = value.at("cors").as_object();
    api.cors = {.credentials = cors.at("credentials").as_bool(),
                .headers = read_texts(cors.at("headers")),
                .methods = read_texts(cors.at("methods")),
                .origins = read_texts(cors.at("origins")),
                .exposed = read_texts(cors.at("exposed")),
                .max_age_seconds = {}};
    if (const json::value* age = cors.if_contains("max_age_seconds")) api.cors.max_age_seconds = age->as_int64();
    for (const json::value& route : value.at("routes").as_array()) {
        api.routes.push_back({.path_in_template = {},
                              .api_id = api.api_id,
                              .key = text(route, "key"),
                              .function = text(route, "function"),
                              .qualifier = text(route, "qualifier"),
                              .timeout_ms = route.at("timeout_ms").as_int64(),
                              .iam = route.at("iam").as_bool()});
    }
    return api;
}

std::optional<RouteMatch> match_route(const stacks::HttpApiPlan& api, std::string_view method, std::string_view path) {
    std::optional<RouteMatch> best;
    std::optional<Rank> best_rank;
    for (const auto& route : api.routes) {
        if (route.key == "$default") {
            if (!best) best = RouteMatch{.route = &route, .parameters = {}};
            continue;
        }
        const auto space = route.key.find(' ');
        const std::string_view wanted = std::string_view(route.key).substr(0, space);
        if (wanted != "ANY" && wanted != method) continue;
        auto found = fit(std::string_view(route.key).substr(space + 1), path);
        if (!found) continue;
        found->rank.push_back(wanted == "ANY" ? 1 : 0);
        if (best_rank && *best_rank <= found->rank) continue;
        best_rank = found->rank;
        best = RouteMatch{.route = &route, .parameters = std::move(found->parameters)};
    }
    return best;
}

std::string shown_path(std::string_view path) {
    std::string shown;
    std::string_view between;
    for (const std::string_view part : parts_of(path)) {
        shown += std::exchange(between, "/");
        for (const char c : percent_decode(part)) {
            if (c == '/') {
                shown += "%2F";
            } else {
                shown += c;
            }
        }
    }
    return path.starts_with('/') ? "/" + shown : shown;
}

}  // namespace holdpoint::api
