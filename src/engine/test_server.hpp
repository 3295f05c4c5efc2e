// Test server: the part of one server that executions need, without threads. The test plays the processes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

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

}  // namespace holdpoint::engine::test
