// content_moderation: the workflow function of content that somebody has to look at.
#include <cstdlib>

#include "approvals/use_cases/content_moderation/content_moderation.hpp"
#include "approvals/workflow/process.hpp"

using namespace holdpoint;

int main() {
    const auto process = approvals::workflow_process();
    if (!process) return approvals::cannot_start("content_moderation", process.error());
    approvals::Settings settings(std::getenv);
    const std::string table = settings.text("CONTENT_TABLE_NAME");
    const auto rules =
        approvals::moderation_rules(std::move(settings), (*process)->services().configuration.timeout_max());
    if (!rules) return approvals::cannot_start("content_moderation", rules.error());
    approvals::Contents contents((*process)->client(), table);
    const approvals::ModerationServices services{
        .approvals = (*process)->services(), .rules = *rules, .contents = contents};
    return durable::run([&](durable::Context& context, const durable::Json& event) {
        return approvals::run_content_moderation(context, event, services);
    });
}
