// Schedules: makes each one that is due an asynchronous invocation, in the same commit in which it becomes due again
// later. So none is lost, and none runs twice, whenever the server ends.
#pragma once

#include <string>

#include "base/random.hpp"
#include "engine/event_queue.hpp"
#include "engine/writer.hpp"

namespace holdpoint::engine {

class Schedules {
public:
    Schedules(Random& random, Writer& writer, EventQueue& events, std::string region, std::string account)
        : random_(random), writer_(writer), events_(events), region_(std::move(region)), account_(std::move(account)) {}

    /// Called about once a second, and at the start.
    void run_due();

private:
    Random& random_;
    Writer& writer_;
    EventQueue& events_;
    std::string region_;
    std::string account_;
};

}  // namespace holdpoint::engine
