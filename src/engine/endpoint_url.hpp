// Endpoint URL: what a subscription's URL says of where to send, and as whom.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/transport.hpp"

namespace holdpoint::engine {

struct EndpointUrl {
    net::Endpoint endpoint;
    std::string target;
    std::string user_info;
};

/// Nothing of one that this server cannot reach.
[[nodiscard]] std::optional<EndpointUrl> split_url(std::string_view text);

}  // namespace holdpoint::engine
