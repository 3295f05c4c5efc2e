// approvals_workflow: the workflow function.
#include <cstdio>

#include "approvals/workflow/workflow.hpp"

using namespace holdpoint;

int main() {
    const auto configuration = approvals::workflow_configuration();
    auto client_configuration = aws::configuration_from_environment();
    if (!configuration || !client_configuration) {
        const Error& error = configuration ? client_configuration.error() : configuration.error();
        std::fprintf(stderr, "approvals_workflow: %s\n", error.message.c_str());
        return 1;
    }
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    aws::Client client(std::move(*client_configuration), *transport, clock, random);
    const auto repository = approvals::make_repository(client, configuration->tables, clock, random);
    approvals::SnsNotifier notifier(client, configuration->topic_arn);
    approvals::NamedPolicies policies(client, approvals::settings_table());
    const approvals::WorkflowServices services{.configuration = *configuration,
                                               .repository = *repository,
                                               .notifier = notifier,
                                               .policies = policies,
                                               .clock = clock};
    return durable::run([&](durable::Context& context, const durable::Json& event) {
        return approvals::run_workflow(context, event, services);
    });
}
