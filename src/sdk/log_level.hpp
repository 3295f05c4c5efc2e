// Log level: the least that a function's loggers write, as its environment says.
#pragma once

#include <string>

namespace durable::detail {

struct LogThreshold {
    int least = 1;        // of LogLevel; above every one: nothing is written
    std::string problem;  // what was wrong with the variable; empty: nothing
};

/// AWS_LAMBDA_LOG_LEVEL, which Lambda sets where a function's LoggingConfig has an application log level, is asked
/// before LOG_LEVEL; nullptr: not set.
[[nodiscard]] LogThreshold log_threshold(const char* of_lambda, const char* of_function);

}  // namespace durable::detail
