// JSON as functions read it.
#pragma once

#include <optional>
#include <string_view>

#include "durable/json.hpp"

namespace holdpoint::fuzz {

/// Nothing when `text` is not JSON.
inline std::optional<durable::Json> durable_json_of(std::string_view text) {
    try {
        return durable::Json::parse(text);
    } catch (const durable::SerdesError&) {
        return std::nullopt;
    }
}

}  // namespace holdpoint::fuzz
