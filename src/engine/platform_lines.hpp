// The lines that Lambda itself writes into a function's log, and the name of the stream they go to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

/// As Lambda names streams: `2026/11/24/[$LATEST]<unique>`.
std::string stream_name(const functions::Function& function, TimePoint now, std::string_view unique);

std::string start_line(const std::string& request_id, const functions::Function& function);

/// What the REPORT line of an invocation says.
struct Report {
    std::string request_id;
    Microseconds took{0};
    std::optional<Microseconds> init = std::nullopt;  // the first of its process: how long that took to ask for work
    std::int64_t memory_mb = 0;
    long peak_kib = 0;             // of the process, since it was started
    std::string_view status = {};  // empty, or what went wrong: `timeout`, `error`
};

/// The END and REPORT lines of an invocation.
std::vector<std::string> report_lines(const Report& report);

/// What `--log-type Tail` shows of it: the last 4 KiB. (AWS API, Invoke)
[[nodiscard]] std::string log_tail_of(std::string log);

}  // namespace holdpoint::engine
