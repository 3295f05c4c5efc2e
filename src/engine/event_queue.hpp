// Event queue: asynchronous invocations of plain functions, kept until they are done, tried again when they fail.
// (Lambda developer guide, "Asynchronous invocation")
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "engine/work.hpp"
#include "engine/writer.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

/// Three tries in all; a minute after the first, two after the second. From any thread.
class EventQueue {
public:
    EventQueue(Random& random, Writer& writer, Workforce& workforce, std::string region, std::string account);
    ~EventQueue();
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    /// `queued` is called with the request id once the event is on disk; the invocation follows by itself.
    void submit(functions::Reference function, std::string payload, std::function<void(std::string)> queued);
    /// Runs what is due and not under way; called about once a second, and at the start.
    void run_due();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
