// Logger: one JSON line for each message, silent while a handler replays what it said before.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace durable {

enum class LogLevel { debug, info, warn, error };

/// Writes to standard output. LOG_LEVEL (DEBUG, INFO, WARN, ERROR; default INFO) sets what is written.
class Logger {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    void debug(std::string_view message, const Fields& fields = {}) const { write(LogLevel::debug, message, fields); }
    void info(std::string_view message, const Fields& fields = {}) const { write(LogLevel::info, message, fields); }
    void warn(std::string_view message, const Fields& fields = {}) const { write(LogLevel::warn, message, fields); }
    void error(std::string_view message, const Fields& fields = {}) const { write(LogLevel::error, message, fields); }

    /// What every line of this logger carries (requestId, executionArn, operationId …), and a flag that silences it.
    Logger(Fields context, std::shared_ptr<const bool> silent)
        : context_(std::move(context)), silent_(std::move(silent)) {}

private:
    void write(LogLevel level, std::string_view message, const Fields& fields) const;

    Fields context_;
    std::shared_ptr<const bool> silent_;
};

}  // namespace durable
