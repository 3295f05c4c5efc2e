#include "durable/lambda.hpp"

#include "base/clock.hpp"
#include "durable/step.hpp"

namespace durable {

namespace {
std::chrono::milliseconds time_until(std::chrono::system_clock::time_point deadline) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - holdpoint::SystemClock().now());
}
}  // namespace

std::chrono::milliseconds LambdaContext::remaining_time() const {
    return time_until(deadline_);
}

std::chrono::milliseconds StepContext::remaining_time() const {
    return deadline_ == kNoDeadline ? std::chrono::milliseconds::max() : time_until(deadline_);
}

}  // namespace durable
