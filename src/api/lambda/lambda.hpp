// Lambda: functions, invocations and durable executions over REST-JSON. (AWS API, Lambda 2015-03-31 and 2025-12-01)
#pragma once

#include <memory>

#include "api/code/code_store.hpp"
#include "api/service.hpp"
#include "engine/concurrency.hpp"
#include "engine/event_queue.hpp"
#include "engine/executions.hpp"
#include "engine/invoker.hpp"
#include "engine/may_send.hpp"

namespace holdpoint::api {

struct LambdaEngine {
    engine::Executions& executions;
    engine::Invoker& invoker;
    engine::EventQueue& events;
    CodeStore& code;
    engine::Concurrency& concurrency;
};

/// For the engine, which asks it of each outcome that it sends.
[[nodiscard]] engine::MaySend may_send(const Context& context);

[[nodiscard]] std::unique_ptr<Service> make_lambda_service(const Context& context, LambdaEngine engine);

}  // namespace holdpoint::api
