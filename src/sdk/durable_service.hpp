// Durable service: the two calls that the SDK makes, over the wire or to a fake.
#pragma once

#include <string>

#include "aws/client.hpp"
#include "base/result.hpp"
#include "wire/durable.hpp"

namespace durable::detail {

class DurableService {
public:
    virtual ~DurableService() = default;
    [[nodiscard]] virtual holdpoint::Result<holdpoint::wire::CheckpointResponse> checkpoint(
        const std::string& execution_arn, const holdpoint::wire::CheckpointRequest& request) = 0;
    /// Answers the page's operations and its next marker, in a response without token.
    [[nodiscard]] virtual holdpoint::Result<holdpoint::wire::CheckpointResponse> get_state(
        const std::string& execution_arn, const std::string& checkpoint_token, const std::string& marker) = 0;
    /// How long to wait before asking for news, with an empty checkpoint, while other work keeps the invocation alive:
    /// `due` is the earliest known end of what is waited for, `unknown` that something may end at any time, `polls` how
    /// often was asked in vain. Nothing: not at all.
    [[nodiscard]] virtual std::optional<std::chrono::milliseconds> pause_before_poll(
        std::optional<holdpoint::TimePoint> due, bool unknown, int polls) const;
};

/// Lambda's API. Each checkpoint carries one ClientToken, kept over the client's own retries, so that repeating it is
/// safe. (AWS API, CheckpointDurableExecution, GetDurableExecutionState)
class LambdaDurableService final : public DurableService {
public:
    LambdaDurableService(holdpoint::aws::Client& client, holdpoint::Random& random)
        : client_(client), random_(random) {}
    holdpoint::Result<holdpoint::wire::CheckpointResponse> checkpoint(
        const std::string& execution_arn, const holdpoint::wire::CheckpointRequest& request) override;
    holdpoint::Result<holdpoint::wire::CheckpointResponse> get_state(const std::string& execution_arn,
                                                                     const std::string& checkpoint_token,
                                                                     const std::string& marker) override;

private:
    holdpoint::aws::Client& client_;
    holdpoint::Random& random_;
};

}  // namespace durable::detail
