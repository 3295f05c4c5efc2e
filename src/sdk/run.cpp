// The loops behind durable::run and durable::run_lambda.
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>

#include "sdk/error_mapping.hpp"
#include "sdk/execution_state.hpp"
#include "sdk/invocation.hpp"
#include "sdk/last_answer.hpp"
#include "sdk/runtime_client.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

struct RuntimeAddress {
    std::string address;
    std::string socket_path;
};

/// On AWS there are host and port alone; a Holdpoint server also has a socket, with a path for each process.
std::optional<RuntimeAddress> runtime_address() {
    RuntimeAddress found{environment("AWS_LAMBDA_RUNTIME_API"), environment("HOLDPOINT_FUNCTIONS_SOCKET")};
    if (!found.address.empty()) {
        if (!found.socket_path.empty()) {
            found.address = found.address.substr(0, found.address.find('/')) + environment("HOLDPOINT_RUNTIME_PATH");
        }
        return found;
    }
    std::fputs(
        "This is a Lambda function; it is started by AWS Lambda or by a Holdpoint server, which set "
        "AWS_LAMBDA_RUNTIME_API. To run it here: holdpoint up, then holdpoint deploy template.yaml.\n",
        stderr);
    return std::nullopt;
}

RuntimeAnswer runtime_answer(const InvocationAnswer& answer) {
    if (const auto* failure = std::get_if<InvocationFailure>(&answer)) return failure->error;
    return boost::json::serialize(holdpoint::wire::to_json(std::get<holdpoint::wire::InvocationOutput>(answer)));
}

}  // namespace

int run(const DurableHandler& handler, RunOptions options) {
    const auto address = runtime_address();
    if (!address) return 1;
    const auto transport = holdpoint::net::make_transport();
    RuntimeClient runtime(*transport, address->address, address->socket_path);
    auto configuration = holdpoint::aws::configuration_from_environment();
    if (!configuration) {
        runtime.fail_start(
            {.type = configuration.error().name, .message = configuration.error().message, .data = {}, .stack = {}});
        return 1;
    }
    configuration->attempts_max = 4;
    const holdpoint::SystemClock clock;
    holdpoint::SystemRandom random;
    holdpoint::aws::Client client(*configuration, *transport, clock, random);
    LambdaDurableService service(client, random);
    Hooks hooks(std::move(options.plugins));
    return runtime.serve([&](const RuntimeInvocation& invocation) {
        set_last_answer_hook([&](const ExecutionState& state) {
            runtime.answer(invocation.request_id, runtime_answer(answer_so_far(state)));
        });
        return runtime_answer(run_invocation(handler, invocation.payload,
                                             {.service = service,
                                              .hooks = hooks,
                                              .request_id = invocation.request_id,
                                              .trace_header = invocation.trace_header,
                                              .tenant_id = invocation.tenant_id,
                                              .deadline = invocation.deadline,
                                              .threads = options.threads}));
    });
}

int run_lambda(const LambdaHandler& handler) {
    const auto address = runtime_address();
    if (!address) return 1;
    const auto transport = holdpoint::net::make_transport();
    RuntimeClient runtime(*transport, address->address, address->socket_path);
    return runtime.serve([&](const RuntimeInvocation& invocation) -> RuntimeAnswer {
        LambdaContext context(invocation.request_id, invocation.function_arn, invocation.deadline,
                              Logger({{"requestId", invocation.request_id}}, nullptr), invocation.tenant_id);
        try {
            return handler(context, invocation.payload).value_or("null");
        } catch (...) {
            ErrorInfo error = plain_handler_error(invocation.payload);
            log_failure(context.logger(), error);
            return error;
        }
    });
}

}  // namespace durable::detail
