// Condition values: what the policies' condition keys are in a request. (IAM user guide, "AWS global condition context
// keys")
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/service.hpp"
#include "base/clock.hpp"

namespace holdpoint::server {

/// What of a request outlives it, for its caller's policies.
struct RequestFacts {
    std::string peer_address;
    std::string user_agent;
    std::string region;
    bool is_secure = false;  // over TLS
    TimePoint at;
};

/// None when the request says nothing under this key; `keys` knows what the service itself does.
[[nodiscard]] std::vector<std::string> condition_values(std::string_view key, const api::Caller& caller,
                                                        const RequestFacts& facts, const api::ServiceKeys& keys);

}  // namespace holdpoint::server
