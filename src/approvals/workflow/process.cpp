#include "approvals/workflow/process.hpp"

#include <cstdio>
#include <string>

namespace holdpoint::approvals {

WorkflowProcess::WorkflowProcess(WorkflowConfiguration configuration, aws::Configuration client)
    : configuration_(std::move(configuration)),
      transport_(net::make_transport()),
      client_(std::move(client), *transport_, clock_, random_),
      repository_(make_repository(client_, configuration_.tables, clock_, random_)),
      notifier_(client_, configuration_.topic_arn),
      policies_(client_, settings_table()),
      keys_(client_, settings_table(), clock_, random_),
      people_(client_, keys_, clock_, random_, configuration_.mail_topic_arn, configuration_.inbox_url),
      services_{.configuration = configuration_,
                .repository = *repository_,
                .notifier = notifier_,
                .policies = policies_,
                .clock = clock_,
                .people = tells_people() ? &people_ : nullptr} {}

Result<std::unique_ptr<WorkflowProcess>> workflow_process() {
    auto configuration = workflow_configuration();
    if (!configuration) return std::unexpected(configuration.error());
    auto client = aws::configuration_from_environment();
    if (!client) return std::unexpected(client.error());
    return std::make_unique<WorkflowProcess>(std::move(*configuration), std::move(*client));
}

int cannot_start(std::string_view program, const Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(program).c_str(), error.message.c_str());
    return 1;
}

}  // namespace holdpoint::approvals
