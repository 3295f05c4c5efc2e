// ApprovalClient: takes one approval through its whole life and measures the stages.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>

#include "aws/client.hpp"
#include "bench/measurements.hpp"
#include "bench/notification_sink.hpp"

namespace holdpoint::bench {

/// The value, or an exception with the error's name and message: a benchmark that meets an error has no figures.
template <class T>
[[nodiscard]] T require(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().name + ": " + result.error().message);
    return std::move(*result);
}

/// What the stack's outputs say, and which version is invoked.
struct Stack {
    std::string workflow;
    std::string version;
    std::string api_function;
    std::string topic_arn;
    std::string table;
};

/// Reads the outputs of a deployed approvals stack, and publishes its workflow's version.
[[nodiscard]] Stack find_stack(aws::Client& client, const std::string& name);
/// Subscribes the sink to the stack's topic, and confirms it with the token that arrives there. Ends the subscription
/// when it goes, or the server would try for an hour to reach a subscriber that is not there any more.
class Subscription {
public:
    Subscription(aws::Client& client, const Stack& stack, NotificationSink& sink);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

private:
    aws::Client& client_;
    std::string arn_;
};

/// Milliseconds.
struct Lifecycle {
    double submit = 0;            // Invoke (Event) until it is accepted
    double notify = 0;            // from there until the subscriber has the notification
    double read = 0;              // the record, from the approvals table
    double decide = 0;            // the call of the approval API function
    double decision_to_done = 0;  // from the record's decided_at to the execution's end, by the server's clock
    double decide_to_seen = 0;    // from sending the decision to seeing the execution SUCCEEDED
    double whole = 0;             // from sending the submission to seeing the execution SUCCEEDED
};

class ApprovalClient {
public:
    ApprovalClient(aws::Client& client, const Stack& stack, NotificationSink& sink)
        : client_(client), stack_(stack), sink_(sink) {}

    /// Submits, waits for the notification, reads the record, approves, waits for the result, and checks it.
    [[nodiscard]] Lifecycle run(const std::string& document_id);

private:
    [[nodiscard]] std::string submit(const std::string& document_id);
    void read_back(const std::string& approval_id, const std::string& document_id);
    void approve(const std::string& approval_id);
    [[nodiscard]] boost::json::value wait_until_done(const std::string& execution_arn);

    aws::Client& client_;
    const Stack& stack_;
    NotificationSink& sink_;
    Stopwatch::duration last_took_{};  // the wait for the end of the approval before
};

}  // namespace holdpoint::bench
