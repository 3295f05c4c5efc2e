// Approval API: validates and records decisions, amends, shows and lists requests. The handler of the API function.
#pragma once

#include <string>

#include "approvals/api/decisions.hpp"
#include "durable/durable.hpp"

namespace holdpoint::approvals {

/// What the function always answers; `body` is JSON text, errors are {"error": {"code", "message", "details"}}.
struct ApiAnswer {
    int statusCode = 200;  // NOLINT(readability-identifier-naming): API Gateway's name
    std::string body;
};
BOOST_DESCRIBE_STRUCT(ApiAnswer, (), (statusCode, body))

/// `event` is {"action": "decide" | "amend" | "get" | "list", …}, or an API Gateway event that has it as text in
/// `body`.
[[nodiscard]] ApiAnswer handle_api(const durable::Json& event, const ApiServices& services,
                                   const durable::Logger& logger);

}  // namespace holdpoint::approvals
