// Approval API: validates and records decisions, shows and lists requests. The handler of the API function.
#pragma once

#include <cstdint>
#include <string>

#include "approvals/repository/repository.hpp"
#include "base/clock.hpp"
#include "durable/durable.hpp"

namespace holdpoint::approvals {

/// The workflows that wait, as the Lambda service knows them.
class Workflows {
public:
    virtual ~Workflows() = default;
    /// False when the execution ended, or is not known any more.
    [[nodiscard]] virtual Result<bool> is_running(const std::string& execution_arn) = 0;
    /// Resumes a workflow that waits on a callback; one that is over already is success.
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

struct ApiServices {
    Repository& repository;
    Workflows& workflows;
    const Clock& clock;
};

/// What the function always answers; `body` is JSON text, errors are {"error": {"code", "message", "details"}}.
struct ApiAnswer {
    int statusCode = 200;  // NOLINT(readability-identifier-naming): API Gateway's name
    std::string body;
};
BOOST_DESCRIBE_STRUCT(ApiAnswer, (), (statusCode, body))

/// `event` is {"action": "decide" | "get" | "list", …}, or an API Gateway event that has it as text in `body`.
[[nodiscard]] ApiAnswer handle_api(const durable::Json& event, const ApiServices& services,
                                   const durable::Logger& logger);

}  // namespace holdpoint::approvals
