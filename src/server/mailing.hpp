// Mailing: where e-mail goes. To the mail server of the settings; where none is set, into a log group that the CLI and
// the inbox page show.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "engine/deliveries.hpp"
#include "engine/writer.hpp"
#include "net/stream.hpp"
#include "server/options.hpp"
#include "store/log_store.hpp"

namespace holdpoint::server {

inline constexpr std::string_view kOutboxGroup = "/holdpoint/outbox";

/// `logs` outlives it. Without a mail server the outbox is made: what is in it is kept for 30 days, unless its operator
/// says otherwise. `cutoff` ends what is being sent.
[[nodiscard]] engine::SendMail make_mailing(const Options& options, store::LogStore& logs, TimePoint now,
                                            std::shared_ptr<net::Cutoff> cutoff = nullptr);

/// Mails that earlier versions kept elsewhere move to the outbox.
void move_old_outbox(engine::Writer& writer, store::LogStore& logs);

/// Whether the mail server of the settings lets us in; there is one.
[[nodiscard]] std::expected<void, std::string> try_mail_server(const Options& options);

}  // namespace holdpoint::server
