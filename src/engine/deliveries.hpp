// Deliveries worker: sends what topics has due, after it was committed, and records what became of it.
#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/meters.hpp"
#include "engine/writer.hpp"
#include "mail/mail.hpp"
#include "net/transport.hpp"
#include "store/store.hpp"
#include "topics/envelope.hpp"

namespace holdpoint::engine {

/// Queues an asynchronous invocation of the function with this ARN; the error says why it could not. Called on a
/// worker's thread.
using InvokeLater =
    std::function<std::expected<void, std::string>(const std::string& function_arn, const std::string& event_json)>;

/// Gives a mail to whoever takes it on, with the message that it was made of. Blocking; called on the thread of the
/// mail alone.
using SendMail = std::function<mail::Sent(const mail::Mail& mail, const topics::Delivery& delivery)>;

struct DeliveryOptions {
    std::size_t threads = 4;  // besides the one of the mail. 0: none at all; whoever calls send_due() (the simulation)
    net::Timeouts timeouts{.connect = std::chrono::milliseconds{5000},
                           .read = std::chrono::milliseconds{15000},
                           .whole = std::chrono::milliseconds{15000}};  // as on AWS
    std::size_t answer_bytes_kept = 200;  // of an endpoint's error page, for the dead letter
    std::string mail_from = "holdpoint@localhost";
    std::chrono::milliseconds drain{2000};  // at the end, for what is under way
    std::function<void()> abort = [] {};    // ends what is under way still then; from another thread
};

struct DeliveryMeters {
    Counter delivered;
    Counter failed;                      // tries that the endpoint did not take; the message may be tried again
    Counter dead;                        // messages that were given up
    std::atomic<std::size_t> silent{0};  // subscriptions whose endpoint did not answer the last time
};

/// A subscription whose endpoint is slow holds half of the threads at most, and where threads are few those come first
/// that have the fewest under way. All those together that did not answer the last time hold half of them at most, and
/// with those that were never sent to all but one.
///
/// At least once: a crash between an endpoint's answer and its commit sends the message again with the same MessageId.
class Deliveries {
public:
    Deliveries(const Clock& clock, store::Store& store, Writer& writer, net::Transport& transport,
               topics::Sender sender, InvokeLater invoke_later, SendMail send_mail, DeliveryOptions options = {});
    ~Deliveries();
    Deliveries(const Deliveries&) = delete;
    Deliveries& operator=(const Deliveries&) = delete;

    /// Something may have become due: call it after a commit that added deliveries. Cheap; from any thread.
    void wake();
    /// Sends nothing more, waits for what is under way (at most `drain`, then it is aborted, and due again at the next
    /// start), joins the threads. Stop it before the writer.
    void stop();
    [[nodiscard]] const DeliveryMeters& meters() const;

    /// Without threads: sends what is due now.
    void send_due();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
