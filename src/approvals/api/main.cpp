// approval_api: the approval API function.
#include <cstdio>

#include "approvals/configuration.hpp"
#include "approvals/web/web.hpp"

using namespace holdpoint;

int main() {
    const auto tables = approvals::table_names();
    auto configuration = aws::configuration_from_environment();
    if (!tables || !configuration) {
        const Error& error = !tables ? tables.error() : configuration.error();
        std::fprintf(stderr, "approval_api: %s\n", error.message.c_str());
        return 1;
    }
    // Tokens, links and the operator's commands go on without it: half of its settings must not keep everybody out.
    auto single_sign_on = approvals::single_sign_on();
    if (!single_sign_on) {
        std::fprintf(stderr, "approval_api: nobody can use single sign-on: %s\n",
                     single_sign_on.error().message.c_str());
    }
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    aws::Client client(std::move(*configuration), *transport, clock, random);
    const auto repository = approvals::make_repository(client, *tables, clock, random);
    approvals::LambdaWorkflows workflows(client);
    approvals::SigningKeys keys(client, approvals::settings_table(), clock, random);
    approvals::RevocationList revoked(client, approvals::settings_table(), clock);
    approvals::EndedSessions ended(client, approvals::settings_table());
    approvals::Sessions sessions(keys, revoked, ended, clock, random);
    approvals::RateLimits limits(clock);
    std::optional<approvals::oidc::SingleSignOn> sso;
    if (single_sign_on && *single_sign_on) sso.emplace(std::move(**single_sign_on), *transport, keys, clock, random);
    approvals::Levels levels(*repository, clock);
    const approvals::WebServices services{
        .api = {.repository = *repository, .workflows = workflows, .clock = clock},
        .sessions = sessions,
        .limits = limits,
        .levels = levels,
        .single_sign_on = sso ? &*sso : nullptr,
        .outbox = [&client, topics = approvals::message_topics()](const std::string& person) {
            constexpr std::size_t kMessagesMax = 100;
            return approvals::read_outbox(client, {.topics = topics, .person = person, .limit = kMessagesMax});
        }};
    return durable::run_lambda([&](durable::LambdaContext& context, const durable::Json& event) {
        return approvals::handle_event(event, services, context.logger());
    });
}
