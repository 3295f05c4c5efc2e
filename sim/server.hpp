// Server: the engine over the simulated disk, without threads. It can end at any moment, and begins again from what is
// on the disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/service.hpp"
#include "engine/deliveries.hpp"
#include "engine/event_queue.hpp"
#include "engine/executions.hpp"
#include "sim/disk.hpp"
#include "sim/nature.hpp"

namespace holdpoint::sim {

inline constexpr const char* kRegion = "us-east-1";
inline constexpr const char* kAccount = "000000000000";

class Server {
public:
    /// `on_crash` is called when its process has ended; the function processes lose their server.
    /// Deliveries go out through `subscribers`.
    Server(Nature& nature, Random& ids, Disk& disk, engine::Workforce& workforce, net::Transport& subscribers,
           std::function<void()> on_crash)
        : nature_(nature),
          ids_(ids),
          disk_(disk),
          workforce_(workforce),
          subscribers_(subscribers),
          on_crash_(std::move(on_crash)) {}

    void start();
    /// As after `kill -9`: nothing of its memory is left. It starts again a little later.
    void crash();
    [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
    /// How often it was started; what belongs to an earlier start is void.
    [[nodiscard]] std::uint64_t boot() const { return boot_; }
    [[nodiscard]] engine::Executions& executions() { return engine_->executions; }
    [[nodiscard]] engine::EventQueue& events() { return engine_->events; }
    /// DynamoDB.
    [[nodiscard]] api::Service& tables() { return *engine_->tables; }
    /// SNS.
    [[nodiscard]] api::Service& topics() { return *engine_->topics; }
    /// Decides something that no caller asked for.
    void submit(engine::Command command) { engine_->writer.submit(std::move(command)); }
    [[nodiscard]] Disk& disk() { return disk_; }

    /// When the timers want to look again (monotonic).
    [[nodiscard]] std::optional<Milliseconds> timers_at() const;
    void fire_due();
    /// Plans the writer's next batch, when something is queued: a little later, so that commands come together.
    void plan_writer();

private:
    struct Engine {
        Engine(Nature& nature, Random& ids, Disk& disk, engine::Workforce& workforce, net::Transport& subscribers);
        engine::Writer writer;
        engine::Timers timers;
        engine::Executions executions;
        engine::EventQueue events;
        engine::Deliveries deliveries;
        std::unique_ptr<api::Service> tables;
        std::unique_ptr<api::Service> topics;
    };
    void run_writer();
    /// What the server does about once a second, where there is something to do.
    void each_second(std::uint64_t boot);

    Nature& nature_;
    Random& ids_;
    Disk& disk_;
    engine::Workforce& workforce_;
    net::Transport& subscribers_;
    std::function<void()> on_crash_;
    std::unique_ptr<Engine> engine_;
    std::uint64_t boot_ = 0;
    bool writer_planned_ = false;
};

/// A request of somebody who may do everything.
[[nodiscard]] api::Call as_user(net::Request request, net::Respond respond);

}  // namespace holdpoint::sim
