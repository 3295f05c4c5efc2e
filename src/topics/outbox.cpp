#include "topics/outbox.hpp"

namespace holdpoint::topics {

Decided<std::vector<OutboxMail>> take_out_of_outbox(const RowReader& rows, std::size_t limit) {
    Decided<std::vector<OutboxMail>> taken;
    for (auto& row : rows.scan(Space::outbox, "", "", limit)) {
        taken.answer.push_back(decode_outbox_mail(row.value));
        taken.writes.push_back({.space = Space::outbox, .key = std::move(row.key), .value = std::nullopt});
    }
    return taken;
}

}  // namespace holdpoint::topics
