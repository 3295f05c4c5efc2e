#include "durable/logger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "sdk/hooks.hpp"
#include "sdk/log_level.hpp"

namespace durable {

namespace {

constexpr std::string_view kNames[] = {"DEBUG", "INFO", "WARN", "ERROR"};

bool is_written(LogLevel level) {
    static const int least = [] {
        const detail::LogThreshold threshold =
            detail::log_threshold(std::getenv("AWS_LAMBDA_LOG_LEVEL"), std::getenv("LOG_LEVEL"));
        if (!threshold.problem.empty()) std::fprintf(stderr, "durable: %s\n", threshold.problem.c_str());
        return threshold.least;
    }();
    return static_cast<int>(level) >= least;
}

/// What these names say is the SDK's to say, also on lines that do not have them: whoever searches logs relies on it.
constexpr std::array<std::string_view, 9> kReserved = {"timestamp",    "level",         "message",
                                                       "executionArn", "requestId",     "parentId",
                                                       "operationId",  "operationName", "attempt"};

void add(boost::json::object& line, const Logger::Fields& fields) {
    for (const auto& [name, value] : fields) {
        const bool is_reserved = std::ranges::find(kReserved, name) != kReserved.end();
        line[is_reserved ? "field." + name : name] = value;
    }
}

}  // namespace

namespace detail {

LogThreshold log_threshold(const char* of_lambda, const char* of_function) {
    // Lambda's names, and what others call them.
    constexpr std::pair<std::string_view, int> kLevels[] = {{"TRACE", 0}, {"DEBUG", 0},   {"INFO", 1},
                                                            {"WARN", 2},  {"ERROR", 3},   {"WARNING", 2},
                                                            {"FATAL", 4}, {"CRITICAL", 4}};
    LogThreshold threshold;
    for (const auto& [name, value] : {std::pair{"AWS_LAMBDA_LOG_LEVEL", of_lambda}, {"LOG_LEVEL", of_function}}) {
        if (value == nullptr || *value == '\0') continue;
        for (const auto& [level, least] : kLevels) {
            if (holdpoint::equal_ignoring_case(level, value)) return {.least = least, .problem = threshold.problem};
        }
        threshold.problem =
            fmt::format("{} is '{}', which is no level; it is TRACE, DEBUG, INFO, WARN, ERROR or FATAL", name, value);
    }
    return threshold;
}

}  // namespace detail

void Logger::write(LogLevel level, std::string_view message, const Fields& fields) const {
    if (!is_written(level) || (silent_ && *silent_)) return;
    boost::json::object line{{"timestamp", holdpoint::to_iso8601(holdpoint::SystemClock().now())},
                             {"level", kNames[static_cast<int>(level)]},
                             {"message", message}};
    for (const auto& [name, value] : context_) line[name] = value;
    if (hooks_ != nullptr && hooks_->any()) {
        Fields more;
        hooks_->enrich_log(more);
        add(line, more);
    }
    add(line, fields);
    const std::string text = boost::json::serialize(line) + "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

}  // namespace durable
