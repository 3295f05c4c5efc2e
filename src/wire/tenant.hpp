// Tenant: what may be a tenant's id, in invocations and in checkpoints alike. (AWS API, Invoke and
// ChainedInvokeOptions)
#pragma once

#include <algorithm>
#include <string_view>

namespace holdpoint::wire {

inline constexpr std::size_t kTenantIdBytesMax = 256;
inline constexpr std::string_view kTenantIdPattern = R"([a-zA-Z0-9\._:\/=+\-@ ]+)";

/// True when `text` fits the pattern; its length is another question.
[[nodiscard]] inline bool fits_tenant_id(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._:/=+-@ ").contains(c);
    };
    return std::all_of(text.begin(), text.end(), fits);
}

}  // namespace holdpoint::wire
