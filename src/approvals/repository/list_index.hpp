// List index: the index that a list of requests reads, and where in it a page begins.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "approvals/domain/validation.hpp"

namespace holdpoint::approvals {

/// The index that lists in this order, and its second key.
struct ListIndex {
    std::string_view name;
    std::string_view key;
    bool forward;
};
[[nodiscard]] ListIndex index_of(ListOrder order);

/// The key of the last request that an earlier page had; nothing for what no page of this list ended with.
[[nodiscard]] std::optional<boost::json::object> start_key(const ListRequest& request);

}  // namespace holdpoint::approvals
