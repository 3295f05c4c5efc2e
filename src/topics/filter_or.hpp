// What "$or" is in a filter policy. (SNS developer guide, "AND/OR logic")
#pragma once

#include <boost/json.hpp>
#include <string_view>

namespace holdpoint::topics {

/// Whether these are alternatives: at least two objects under "$or", none of which has a keyword for a name. Otherwise
/// "$or" is the name of an attribute like any other.
[[nodiscard]] bool is_or(std::string_view name, const boost::json::value& value);

}  // namespace holdpoint::topics
