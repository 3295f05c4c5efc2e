#include "server/mailing.hpp"

#include <boost/json.hpp>

#include "mail/smtp.hpp"
#include "topics/outbox.hpp"

namespace holdpoint::server {

namespace json = boost::json;

namespace {

constexpr std::int64_t kOutboxDays = 30;
constexpr std::string_view kStream = "mail";
constexpr std::size_t kMovedMax = 10'000;

void make_outbox(store::LogStore& logs, TimePoint now) {
    const std::string group(kOutboxGroup);
    if (logs.has_group(group)) return;
    logs.create_group(group, now);
    logs.set_retention(group, kOutboxDays);
}

store::LogEvent event_of(const std::string& to, const std::string& subject, const std::string& text, TimePoint at,
                         TimePoint now) {
    std::string recipient = to;  // in lower case, as people are compared
    for (char& c : recipient) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    const json::object mail{{"to", recipient}, {"subject", subject}, {"text", text}, {"at", to_iso8601(at)}};
    return {.stream = std::string(kStream), .at = at, .ingested_at = now, .message = json::serialize(mail)};
}

mail::SmtpServer smtp_server(const Options& options) {
    return {.endpoint = mail::parse_smtp_url(options.smtp_url).value(),
            .user = options.smtp_user,
            .password = options.smtp_password};
}

}  // namespace

engine::SendMail make_mailing(const Options& options, store::LogStore& logs, TimePoint now) {
    if (!options.smtp_url.empty()) {
        return [server = smtp_server(options)](const mail::Mail& mail) { return mail::send(server, mail); };
    }
    make_outbox(logs, now);
    return [&logs](const mail::Mail& mail) {
        logs.append(std::string(kOutboxGroup), std::string(kStream),
                    {event_of(mail.to, mail.subject, mail.text, mail.at, mail.at)});
        logs.flush();  // before the delivery counts as done
        return mail::Sent{.accepted = true};
    };
}

void move_old_outbox(engine::Writer& writer, store::LogStore& logs) {
    writer.submit([&logs](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
        const auto taken = topics::take_out_of_outbox(rows, kMovedMax);
        if (taken.answer.empty()) return {};
        make_outbox(logs, now);
        std::vector<store::LogEvent> events;
        events.reserve(taken.answer.size());
        for (const auto& mail : taken.answer)
            events.push_back(event_of(mail.to, mail.subject, mail.body, mail.at, now));
        logs.append(std::string(kOutboxGroup), std::string(kStream), std::move(events));
        logs.flush();
        rows.apply(taken.writes);
        return {};
    });
}

std::expected<void, std::string> try_mail_server(const Options& options) {
    return mail::try_smtp(smtp_server(options), options.mail_from);
}

}  // namespace holdpoint::server
