// Workflows: those that wait for a decision, as the Lambda service knows them.
#pragma once

#include <string>

#include "aws/client.hpp"

namespace holdpoint::approvals {

class Workflows {
public:
    virtual ~Workflows() = default;
    /// False when the execution ended, or is not known any more.
    [[nodiscard]] virtual Result<bool> is_running(const std::string& execution_arn) = 0;
    /// Resumes a workflow that waits on a callback, to look at its record; one that is over already is success. The
    /// decision is `pending` when there is none yet.
    [[nodiscard]] virtual Result<void> resume(const std::string& callback_token, const std::string& decision) = 0;
};

class LambdaWorkflows final : public Workflows {
public:
    explicit LambdaWorkflows(aws::Client& client) : client_(client) {}
    [[nodiscard]] Result<bool> is_running(const std::string& execution_arn) override;
    [[nodiscard]] Result<void> resume(const std::string& callback_token, const std::string& decision) override;

private:
    aws::Client& client_;
};

}  // namespace holdpoint::approvals
