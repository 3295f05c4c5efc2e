#include "approvals/web/assets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/encoding.hpp"

namespace holdpoint::approvals {

const Asset* find_asset(std::string_view name) {
    const auto assets = all_assets();
    const auto found = std::ranges::find(assets, name, &Asset::name);
    return found == assets.end() ? nullptr : &*found;
}

std::string_view content_type(std::string_view name) {
    if (name.ends_with(".html")) return "text/html; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    return "text/plain; charset=utf-8";
}

std::string etag_of(const Asset& asset, bool is_gzipped) {
    static const std::map<std::string_view, std::string> digests = [] {
        std::map<std::string_view, std::string> made;
        for (const Asset& each : all_assets()) made[each.name] = to_hex(sha256(each.content)).substr(0, 32);
        return made;
    }();
    return fmt::format("\"{}{}\"", digests.at(asset.name), is_gzipped ? "-gzip" : "");
}

}  // namespace holdpoint::approvals
