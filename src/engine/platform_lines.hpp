// The lines that Lambda itself writes into a function's log, and the name of the stream they go to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

/// As Lambda names streams: `2026/11/24/[$LATEST]<unique>`.
std::string stream_name(const functions::Function& function, TimePoint now, std::string_view unique);

std::string start_line(const std::string& request_id, const functions::Function& function);

/// The END and REPORT lines of an invocation. `status` is empty, or what went wrong: `timeout`, `error`.
std::vector<std::string> report_lines(const std::string& request_id, Milliseconds took, std::int64_t memory_mb,
                                      long peak_kib, std::string_view status);

}  // namespace holdpoint::engine
