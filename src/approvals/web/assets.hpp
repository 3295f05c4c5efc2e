// Assets: the files of the inbox page (src/approvals/inbox), built into the function.
#pragma once

#include <span>
#include <string_view>

namespace holdpoint::approvals {

struct Asset {
    std::string_view name;  // "app.js"
    std::string_view content;
    std::string_view gzipped;  // the same, compressed
};

/// All of them; made by embed.cmake.
[[nodiscard]] std::span<const Asset> all_assets();

/// nullptr when there is none of that name.
[[nodiscard]] const Asset* find_asset(std::string_view name);
/// Of a file with this name.
[[nodiscard]] std::string_view content_type(std::string_view name);
/// Of this content, in quotes; made once. Each form of it has its own. (RFC 9110, section 8.8.3.3)
[[nodiscard]] std::string etag_of(const Asset& asset, bool is_gzipped);

}  // namespace holdpoint::approvals
