#include "engine/platform_lines.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace holdpoint::engine {

std::string stream_name(const functions::Function& function, TimePoint now, std::string_view unique) {
    return fmt::format("{:%Y/%m/%d}/[{}]{}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), function.version,
                       unique);
}

std::string start_line(const std::string& request_id, const functions::Function& function) {
    return fmt::format("START RequestId: {} Version: {}", request_id, function.version);
}

std::vector<std::string> report_lines(const std::string& request_id, Milliseconds took, std::int64_t memory_mb,
                                      long peak_kib, std::string_view status) {
    return {fmt::format("END RequestId: {}", request_id),
            fmt::format("REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax "
                        "Memory Used: {} MB{}{}",
                        request_id, static_cast<double>(took.count()), took.count(), memory_mb,
                        (peak_kib + 1023) / 1024, status.empty() ? "" : "\tStatus: ", status)};
}

}  // namespace holdpoint::engine
