// Test server: the part of one server that executions need, without threads. The test plays the processes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event_queue.hpp"
#include "engine/executions.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::engine::test {

/// Keeps what is to be invoked.
class Waiting final : public Workforce {
public:
    void invoke(Work work) override { works.push_back(std::move(work)); }
    [[nodiscard]] std::vector<std::string> invoked() const {
        std::vector<std::string> names;
        for (const Work& work : works) names.push_back(work.function.name + ":" + work.function.version);
        return names;
    }

    std::vector<Work> works;
};

/// One server, whose writer runs when the test says so.
struct Server {
    Server(SharedClock& clock, store::Store& store, MaySend may_send = may_send_all)
        : writer(clock, store, WriterThread::none),
          timers(clock, store),
          executions(random, writer, timers, workforce, core::Limits{}, std::move(may_send), "us-east-1",
                     "000000000000") {}

    SystemRandom random;
    Waiting workforce;
    Writer writer;
    Timers timers;
    Executions executions;
};

/// Runs what is queued, and what that queues.
inline void run_all_of(Writer& writer) {
    while (writer.has_queued()) writer.run_queued();
}

/// One command, and what it leads to.
inline void command(Writer& writer, const std::function<void(store::Transaction&)>& change) {
    writer.submit([&](store::Transaction& rows, TimePoint) -> AfterCommit {
        change(rows);
        return {};
    });
    run_all_of(writer);
}

/// A server that can be started again over what it stored.
class ServerTest : public ::testing::Test {
protected:
    void command(const std::function<void(store::Transaction&)>& change) { test::command(server_->writer, change); }
    void run() { run_all_of(server_->writer); }
    void restart() {
        server_.reset();
        server_ = std::make_unique<Server>(clock_, *store_);
        server_->executions.recover();
        run();
    }

    SharedClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<Server> server_ = std::make_unique<Server>(clock_, *store_);
};

/// An event queue whose writer runs when the test says so. The test plays the processes.
class QueueTest : public ::testing::Test {
protected:
    void command(const std::function<void(store::Transaction&)>& change) { test::command(writer_, change); }
    void run() { run_all_of(writer_); }
    void look() {
        queue_.run_due();
        run();
    }
    /// A process takes it; nothing when there is nothing to do any more.
    std::optional<std::string> begin(std::size_t which) {
        std::optional<std::string> payload;
        workforce_.works.at(which).begin("request", [&](const auto& given) { payload = given; });
        run();
        return payload;
    }
    void end(std::size_t which, std::optional<wire::ErrorObject> error = {}) {
        workforce_.works.at(which).done({.body = "1", .error = std::move(error), .log_tail = {}});
        run();
    }
    std::size_t count(Space space) const { return store_->snapshot()->scan(space, {}, {}, SIZE_MAX).size(); }

    SharedClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    SystemRandom random_;
    Waiting workforce_;
    Writer writer_{clock_, *store_, WriterThread::none};
    EventQueue queue_{random_,      writer_,     workforce_,    [](const functions::Function&, const std::string&) {},
                      may_send_all, "us-east-1", "000000000000"};
};

}  // namespace holdpoint::engine::test
