#include "durable/lambda.hpp"

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "durable/step.hpp"

namespace durable {

namespace {
std::chrono::milliseconds time_until(std::chrono::system_clock::time_point deadline) {
    if (deadline == StepContext::kNoDeadline) return std::chrono::milliseconds::max();
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - holdpoint::SystemClock().now());
}
}  // namespace

std::chrono::milliseconds LambdaContext::remaining_time() const {
    return time_until(deadline_);
}

std::chrono::milliseconds StepContext::remaining_time() const {
    return time_until(deadline_);
}

std::string StepContext::idempotency_key() const {
    // 128 bits: services take as few as 36 characters. An operation's id alone is that of its place in the handler.
    const std::string digest = holdpoint::sha256(fmt::format("{}:{}", execution_arn(), operation_id()));
    return holdpoint::to_hex(digest.substr(0, 16));
}

}  // namespace durable
