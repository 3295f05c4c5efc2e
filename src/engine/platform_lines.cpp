#include "engine/platform_lines.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace holdpoint::engine {

std::string log_tail_of(std::string log) {
    constexpr std::size_t kTailBytes = 4096;
    if (log.size() > kTailBytes) log.erase(0, log.size() - kTailBytes);
    return log;
}

std::string stream_name(const functions::Function& function, TimePoint now, std::string_view unique) {
    return fmt::format("{:%Y/%m/%d}/[{}]{}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), function.version,
                       unique);
}

std::string start_line(const std::string& request_id, const functions::Function& function) {
    return fmt::format("START RequestId: {} Version: {}", request_id, function.version);
}

std::vector<std::string> report_lines(const Report& report) {
    using Fractional = std::chrono::duration<double, std::milli>;
    // Of a runtime that is not Lambda's own, the start is billed, too. (Lambda developer guide, "Lambda execution
    // environment lifecycle")
    const auto billed = std::chrono::ceil<Milliseconds>(report.took + report.init.value_or(Microseconds(0)));
    std::string line = fmt::format(
        "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB",
        report.request_id, Fractional(report.took).count(), billed.count(), report.memory_mb,
        (report.peak_kib + 1023) / 1024);
    if (report.init) line += fmt::format("\tInit Duration: {:.2f} ms", Fractional(*report.init).count());
    if (!report.status.empty()) line += fmt::format("\tStatus: {}", report.status);
    return {fmt::format("END RequestId: {}", report.request_id), std::move(line)};
}

}  // namespace holdpoint::engine
