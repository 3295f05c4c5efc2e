#include "durable/logger.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "base/clock.hpp"
#include "sdk/hooks.hpp"

namespace durable {

namespace {

constexpr std::string_view kNames[] = {"DEBUG", "INFO", "WARN", "ERROR"};

LogLevel threshold() {
    static const LogLevel level = [] {
        const char* wanted = std::getenv("LOG_LEVEL");
        for (int i = 0; wanted != nullptr && i < 4; ++i) {
            if (kNames[i] == wanted) return static_cast<LogLevel>(i);
        }
        return LogLevel::info;
    }();
    return level;
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

void Logger::write(LogLevel level, std::string_view message, const Fields& fields) const {
    if (level < threshold() || (silent_ && *silent_)) return;
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
