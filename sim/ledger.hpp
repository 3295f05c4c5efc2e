// Ledger: what the world outside of the server saw: which bodies ran, and what the server acknowledged. The laws are
// judged by it; the server knows nothing of it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/durable.hpp"

namespace holdpoint::sim {

/// An execution and one of its operations.
using OperationKey = std::pair<std::string, std::string>;

/// One run of a step's body.
struct Attempt {
    OperationKey operation;
    std::string name;
    int number = 1;
    bool at_most_once = false;
    /// The invocation goes on as far as the service knows. One that outlived its time cannot know what came after it.
    bool is_current = true;
};

/// What somebody answered to a callback: "success <value>" or "failure".
using CallbackOutcome = std::string;

class Ledger {
public:
    struct Acknowledged {
        bool is_closed = false;  // its success or failure was acknowledged
        wire::OperationAction action = wire::OperationAction::start;
        std::optional<std::string> payload;
        int retries = 0;
    };

    void attempt_ran(const Attempt& attempt);
    /// The service answered 200, whether or not the answer arrives.
    void checkpoint_acknowledged(const std::string& arn, const wire::CheckpointRequest& request);
    void start_acknowledged(const std::string& name, const std::string& arn);
    void callback_sent(const std::string& id, CallbackOutcome outcome) {
        callbacks_sent_[id].insert(std::move(outcome));
    }
    void callback_acknowledged(const std::string& id, const CallbackOutcome& outcome);
    /// An asynchronous invocation of the plain function: acknowledged, begun, and done to its end.
    void event_acknowledged(const std::string& payload) { events_acknowledged_.insert(payload); }
    void plain_began(const std::string& payload) { ++plain_tries_[payload]; }
    void plain_done(const std::string& payload) { plain_done_.insert(payload); }
    /// A process got this code to run as this version of a function.
    void code_ran(const std::string& version, const std::string& code);
    void stop_sent(const std::string& arn) { stops_sent_.insert(arn); }
    /// A law was broken while the world went on.
    void broken(std::string law) { broken_.push_back(std::move(law)); }

    [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
    [[nodiscard]] const std::map<OperationKey, Acknowledged>& operations() const { return operations_; }
    [[nodiscard]] const std::map<std::string, std::string>& starts() const { return starts_; }
    [[nodiscard]] std::optional<CallbackOutcome> acknowledged_outcome(const std::string& callback_id) const;
    [[nodiscard]] bool was_sent(const std::string& callback_id, const CallbackOutcome& outcome) const;
    /// Those that were neither done nor tried three times.
    [[nodiscard]] std::vector<std::string> lost_events() const;
    [[nodiscard]] bool was_stop_sent(const std::string& arn) const { return stops_sent_.contains(arn); }

private:
    std::map<OperationKey, Acknowledged> operations_;
    std::map<OperationKey, std::set<int>> once_;  // attempts of at-most-once steps that ran
    std::set<std::string> client_tokens_;
    std::map<std::string, std::string> starts_;  // name, ARN
    std::map<std::string, CallbackOutcome> callbacks_acknowledged_;
    std::map<std::string, std::set<CallbackOutcome>> callbacks_sent_;
    std::set<std::string> stops_sent_;
    std::set<std::string> events_acknowledged_;
    std::map<std::string, int> plain_tries_;
    std::set<std::string> plain_done_;
    std::map<std::string, std::string> code_;  // version of a function, code
    std::vector<std::string> broken_;
};

}  // namespace holdpoint::sim
