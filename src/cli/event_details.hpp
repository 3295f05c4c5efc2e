// Event details: what a table says of one event of an execution's history.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace holdpoint::cli {

/// In one cell: the error first, times as people read them, the end cut off. Of what has no details, its kind.
[[nodiscard]] std::string event_details(const boost::json::value& event);

}  // namespace holdpoint::cli
