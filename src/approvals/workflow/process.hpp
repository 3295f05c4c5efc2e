// Process: what the process of a workflow function works with, made from its environment.
#pragma once

#include <memory>
#include <string_view>

#include "approvals/workflow/workflow.hpp"
#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "net/transport.hpp"

namespace holdpoint::approvals {

class WorkflowProcess {
public:
    WorkflowProcess(WorkflowConfiguration configuration, aws::Configuration client);
    WorkflowProcess(const WorkflowProcess&) = delete;
    WorkflowProcess& operator=(const WorkflowProcess&) = delete;

    [[nodiscard]] const WorkflowServices& services() const { return services_; }
    [[nodiscard]] aws::Client& client() { return client_; }

private:
    /// A link leads to the page; without a page, or a topic for them, nobody is told in person.
    [[nodiscard]] bool tells_people() const {
        return !configuration_.mail_topic_arn.empty() && !configuration_.inbox_url.empty();
    }

    WorkflowConfiguration configuration_;
    std::unique_ptr<net::Transport> transport_;
    SystemClock clock_;
    SystemRandom random_;
    aws::Client client_;
    std::unique_ptr<Repository> repository_;
    SnsNotifier notifier_;
    NamedPolicies policies_;
    SigningKeys keys_;
    SnsPeopleNotifier people_;
    WorkflowServices services_;
};

/// ConfigurationError naming the variable that is missing or wrong.
[[nodiscard]] Result<std::unique_ptr<WorkflowProcess>> workflow_process();

/// Says why a program cannot start; its exit status.
[[nodiscard]] int cannot_start(std::string_view program, const Error& error);

}  // namespace holdpoint::approvals
