#include "server/mailing.hpp"

#include <boost/json.hpp>

#include "base/log.hpp"
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

struct KeptMail {
    std::string to;
    std::string subject;
    std::string text;
    TimePoint at;
    std::string topic_arn;
    topics::MessageAttributes attributes = {};
};

store::LogEvent event_of(const KeptMail& mail, TimePoint now) {
    std::string address = mail.to;  // in lower case, as people are compared
    for (char& c : address) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    json::object entry{{"to", address},
                       {"subject", mail.subject},
                       {"text", mail.text},
                       {"at", to_iso8601(mail.at)},
                       {"topic_arn", mail.topic_arn}};
    json::object attributes;
    for (const auto& [name, attribute] : mail.attributes) {
        if (!attribute.type.starts_with("Binary")) attributes.emplace(name, attribute.value);
    }
    if (!attributes.empty()) entry.emplace("attributes", std::move(attributes));
    return {.stream = std::string(kStream), .at = mail.at, .ingested_at = now, .message = json::serialize(entry)};
}

/// A mail server's answer repeats whom it is about, and a log is read by more people than subscriptions are.
std::string without_address(std::string text, const std::string& address) {
    constexpr std::string_view kInstead = "the recipient";
    for (auto at = address.empty() ? std::string::npos : text.find(address); at != std::string::npos;
         at = text.find(address, at + kInstead.size()))
        text.replace(at, address.size(), kInstead);
    return text;
}

/// Nobody else tells why somebody was not told.
void log_not_taken(const mail::Mail& mail, const topics::Delivery& delivery, const mail::Sent& sent) {
    log::write(log::Level::warn, sent.retryable ? "a mail was not taken" : "a mail was refused and is given up",
               {{"subscription", delivery.topic_arn + ":" + delivery.subscription_id},
                {"message_id", delivery.message_id},
                {"tries", std::to_string(delivery.failures + 1)},
                {"why", without_address(sent.why, mail.to)}});
}

mail::SmtpServer smtp_server(const Options& options) {
    return {.endpoint = mail::parse_smtp_url(options.smtp_url).value(),
            .user = options.smtp_user,
            .password = options.smtp_password};
}

}  // namespace

engine::SendMail make_mailing(const Options& options, store::LogStore& logs, TimePoint now,
                              std::shared_ptr<net::Cutoff> cutoff) {
    if (!options.smtp_url.empty()) {
        const mail::SmtpLimits limits{.cutoff = std::move(cutoff)};
        return [server = smtp_server(options), limits](const mail::Mail& mail, const topics::Delivery& delivery) {
            auto sent = mail::send(server, mail, limits);
            if (!sent.accepted) log_not_taken(mail, delivery, sent);
            return sent;
        };
    }
    make_outbox(logs, now);
    return [&logs](const mail::Mail& mail, const topics::Delivery& delivery) {
        const KeptMail kept{.to = mail.to,
                            .subject = mail.subject,
                            .text = mail.text,
                            .at = mail.at,
                            .topic_arn = delivery.topic_arn,
                            .attributes = delivery.attributes};
        logs.append(std::string(kOutboxGroup), std::string(kStream), {event_of(kept, mail.at)});
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
        for (const auto& mail : taken.answer) {
            const KeptMail kept{
                .to = mail.to, .subject = mail.subject, .text = mail.body, .at = mail.at, .topic_arn = mail.topic_arn};
            events.push_back(event_of(kept, now));
        }
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
