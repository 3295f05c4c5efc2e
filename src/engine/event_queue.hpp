// Event queue: asynchronous invocations of plain functions, kept until they are done, tried again when they fail.
// (Lambda developer guide, "Asynchronous invocation")
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "engine/may_send.hpp"
#include "engine/work.hpp"
#include "engine/writer.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

/// What an asynchronous invocation may bring. (AWS Lambda, Quotas)
inline constexpr std::size_t kEventBytesMax = 1024UL * 1024;

/// Where a function's log gets a line of the server's.
using FunctionLog = std::function<void(const functions::Function& function, std::string line)>;

/// An asynchronous invocation.
struct Event {
    functions::Reference function;
    std::string tenant_id = {};  // of a function with tenant isolation
    std::string payload = {};
};

/// Three tries in all unless configured otherwise; a minute after the first, two after the second. How it ended goes to
/// the destinations that are configured. From any thread.
class EventQueue {
public:
    EventQueue(Random& random, Writer& writer, Workforce& workforce, FunctionLog log, MaySend may_send,
               std::string region, std::string account);
    ~EventQueue();
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    /// The row that queues an event, for who writes it with other rows; run_due() runs it.
    [[nodiscard]] static RowWrite queued(Event event, std::string request_id, TimePoint at);
    /// `queued` is called with the request id once the event is on disk; the invocation follows by itself.
    void submit(Event event, std::function<void(std::string)> queued);
    /// Runs what is due and not under way; called about once a second, and at the start.
    void run_due();

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace holdpoint::engine
