// Server: the engine over the simulated disk, without threads. It can end at any moment, and begins again from what is
// on the disk.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/service.hpp"
#include "engine/executions.hpp"
#include "sim/disk.hpp"
#include "sim/nature.hpp"

namespace holdpoint::sim {

inline constexpr const char* kRegion = "us-east-1";
inline constexpr const char* kAccount = "000000000000";

class Server {
public:
    /// `on_crash` is called when its process has ended; the function processes lose their server.
    Server(Nature& nature, Random& ids, Disk& disk, engine::Workforce& workforce, std::function<void()> on_crash)
        : nature_(nature), ids_(ids), disk_(disk), workforce_(workforce), on_crash_(std::move(on_crash)) {}

    void start();
    /// As after `kill -9`: nothing of its memory is left. It starts again a little later.
    void crash();
    [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
    /// How often it was started; what belongs to an earlier start is void.
    [[nodiscard]] std::uint64_t boot() const { return boot_; }
    [[nodiscard]] engine::Executions& executions() { return engine_->executions; }
    /// DynamoDB.
    [[nodiscard]] api::Service& tables() { return *engine_->tables; }
    [[nodiscard]] Disk& disk() { return disk_; }

    /// When the timers want to look again (monotonic).
    [[nodiscard]] std::optional<Milliseconds> timers_at() const;
    void fire_due();
    /// Plans the writer's next batch, when something is queued: a little later, so that commands come together.
    void plan_writer();

private:
    struct Engine {
        Engine(Nature& nature, Random& ids, Disk& disk, engine::Workforce& workforce);
        engine::Writer writer;
        engine::Timers timers;
        engine::Executions executions;
        std::unique_ptr<api::Service> tables;
    };
    void run_writer();

    Nature& nature_;
    Random& ids_;
    Disk& disk_;
    engine::Workforce& workforce_;
    std::function<void()> on_crash_;
    std::unique_ptr<Engine> engine_;
    std::uint64_t boot_ = 0;
    bool writer_planned_ = false;
};

}  // namespace holdpoint::sim
