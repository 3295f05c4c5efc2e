// Test server: the part of one server that executions need, without threads. The test plays the processes.
#pragma once

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

}  // namespace holdpoint::engine::test
