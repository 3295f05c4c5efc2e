// JSON as programs in other languages write it.
#pragma once

#include <boost/json.hpp>
#include <string_view>

namespace holdpoint::wire {

/// As boost::json::parse, but the escape of half a surrogate pair is U+FFFD. JavaScript and Python write such halves,
/// of an emoji that was cut or a file's name that is no UTF-8, mostly in the message of an error; to refuse it would
/// lose the error.
[[nodiscard]] boost::json::value parse_json(std::string_view text, boost::system::error_code& problem,
                                            boost::json::storage_ptr memory = {});

}  // namespace holdpoint::wire
