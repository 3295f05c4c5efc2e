// Logger: one JSON line for each message, silent while a handler replays what it said before.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace durable {

namespace detail {
class Hooks;
}

enum class LogLevel { debug, info, warn, error };

/// Writes to standard output. LOG_LEVEL (DEBUG, INFO, WARN, ERROR; default INFO) sets what is written.
class Logger {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    void debug(std::string_view message, const Fields& fields = {}) const { write(LogLevel::debug, message, fields); }
    void info(std::string_view message, const Fields& fields = {}) const { write(LogLevel::info, message, fields); }
    void warn(std::string_view message, const Fields& fields = {}) const { write(LogLevel::warn, message, fields); }
    void error(std::string_view message, const Fields& fields = {}) const { write(LogLevel::error, message, fields); }

    /// The same logger, not silent on replay: to see what runs again.
    [[nodiscard]] Logger on_replay_too() const { return {context_, nullptr, hooks_}; }

    /// What every line of this logger carries (requestId, executionArn, operationId …), a flag that silences it, and
    /// the plugins that add to its lines.
    Logger(Fields context, std::shared_ptr<const std::atomic<bool>> silent, detail::Hooks* hooks = nullptr)
        : context_(std::move(context)), silent_(std::move(silent)), hooks_(hooks) {}

private:
    void write(LogLevel level, std::string_view message, const Fields& fields) const;

    Fields context_;
    std::shared_ptr<const std::atomic<bool>> silent_;
    detail::Hooks* hooks_ = nullptr;
};

}  // namespace durable
