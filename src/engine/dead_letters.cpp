#include "engine/dead_letters.hpp"

#include "base/log.hpp"
#include "engine/event_outcome.hpp"
#include "functions/registry.hpp"

namespace holdpoint::engine {

void send_dead_letter(store::Transaction& rows, const core::Execution& ended, const MaySend& may_send,
                      std::string_view region, std::string_view account, TimePoint now, std::string_view nonce) {
    const core::Head& head = ended.head();
    if (head.status == wire::ExecutionStatus::succeeded || head.synchronous || head.parent) return;
    functions::Reference reference;
    reference.name = head.function;
    reference.qualifier = head.version;
    const auto function = functions::resolve(rows, reference, region, account);
    if (!function || function->dead_letter_arn.empty()) return;
    const auto may = may_send(rows, *function, function->dead_letter_arn);
    const auto writes = !may ? std::unexpected(may.error())
                             : publish_dead_letter(rows, function->dead_letter_arn,
                                                   {.request_id = head.id,
                                                    .function_arn = {},
                                                    .version = head.version,
                                                    .payload = ended.input().value_or("{}"),
                                                    .tries = 1,
                                                    .condition = EventCondition::retries_exhausted,
                                                    .result = {.body = {}, .error = ended.error(), .log_tail = {}},
                                                    .at = now},
                                                   nonce);
    if (writes) return rows.apply(*writes);
    log::write(log::Level::error, "an execution's event could not be sent to its function's dead letter topic",
               {{"execution", head.arn}, {"why", writes.error().message}});
}

}  // namespace holdpoint::engine
