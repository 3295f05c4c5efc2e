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

/// How much a line matters.
enum class LogLevel { debug, info, warn, error };

/// Writes to standard output. AWS_LAMBDA_LOG_LEVEL, or else LOG_LEVEL (TRACE, DEBUG, INFO, WARN, ERROR, FATAL, in
/// capitals or not; default INFO), sets what is written.
class Logger {
public:
    /// Names and values that go with a message. One named as a field of the SDK's own ("message", "requestId" …) is
    /// written as "field.message".
    using Fields = std::vector<std::pair<std::string, std::string>>;

    /// For whoever looks for a fault.
    void debug(std::string_view message, const Fields& fields = {}) const { write(LogLevel::debug, message, fields); }
    /// For whoever wants to know what happened.
    void info(std::string_view message, const Fields& fields = {}) const { write(LogLevel::info, message, fields); }
    /// For whoever should look at it some day.
    void warn(std::string_view message, const Fields& fields = {}) const { write(LogLevel::warn, message, fields); }
    /// For whoever must do something.
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
