#include "durable/lambda.hpp"

#include "base/clock.hpp"

namespace durable {

std::chrono::milliseconds LambdaContext::remaining_time() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - holdpoint::SystemClock().now());
}

}  // namespace durable
