#include "topics/outbox.hpp"

namespace holdpoint::topics {
namespace {

constexpr std::size_t kTrimmedAtOnce = 16;

std::string key_at(TimePoint at) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(at)));
    return key;
}

}  // namespace

RowWrite put_in_outbox(const OutboxMail& mail, std::string_view subscription_id) {
    return {.space = Space::outbox,
            .key = key_at(mail.at) + mail.message_id + "/" + std::string(subscription_id),
            .value = encode(mail)};
}

std::vector<RowWrite> trim_outbox(const RowReader& rows, TimePoint now) {
    std::vector<RowWrite> writes;
    if (now - kOutboxRetention < from_epoch_ms(0)) return writes;
    for (auto& row : rows.scan(Space::outbox, "", key_at(now - kOutboxRetention), kTrimmedAtOnce)) {
        writes.push_back({.space = Space::outbox, .key = std::move(row.key), .value = std::nullopt});
    }
    return writes;
}

std::vector<OutboxMail> read_outbox(const RowReader& rows, std::size_t limit) {
    std::vector<OutboxMail> mails;
    for (const auto& row : rows.scan(Space::outbox, "", "", limit, true))
        mails.push_back(decode_outbox_mail(row.value));
    return mails;
}

}  // namespace holdpoint::topics
