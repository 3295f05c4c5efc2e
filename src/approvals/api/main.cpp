// approval_api: the approval API function.
#include <cstdio>

#include "approvals/configuration.hpp"
#include "approvals/web/web.hpp"

using namespace holdpoint;

int main() {
    const auto tables = approvals::table_names();
    auto configuration = aws::configuration_from_environment();
    if (!tables || !configuration) {
        const Error& error = tables ? configuration.error() : tables.error();
        std::fprintf(stderr, "approval_api: %s\n", error.message.c_str());
        return 1;
    }
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    aws::Client client(std::move(*configuration), *transport, clock, random);
    const auto repository = approvals::make_repository(client, *tables, clock, random);
    approvals::LambdaWorkflows workflows(client);
    approvals::SigningKeys keys(client, approvals::settings_table(), clock, random);
    approvals::Sessions sessions(keys, clock, random);
    approvals::Levels levels(*repository, clock);
    const approvals::WebServices services{.api = {.repository = *repository, .workflows = workflows, .clock = clock},
                                          .sessions = sessions,
                                          .levels = levels};
    return durable::run_lambda([&](durable::LambdaContext& context, const durable::Json& event) {
        return approvals::handle_event(event, services, context.logger());
    });
}
