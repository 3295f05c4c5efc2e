#include "sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "api/dynamodb/dynamodb.hpp"
#include "functions/registry.hpp"
#include "sim/approvals.hpp"
#include "sim/callers.hpp"
#include "sim/laws.hpp"
#include "sim/workflows.hpp"

namespace holdpoint::sim {

using namespace std::chrono_literals;

namespace {

/// Faults end then, and what is under way must come to its end.
constexpr Milliseconds kHealAt{110'000};
/// Nothing takes longer after that.
constexpr Milliseconds kStuckAt{4'000'000};
/// What is late comes within this, and a process that should have ended has.
constexpr Milliseconds kEpilogue{60'000};
/// Less is no test of anything.
constexpr std::size_t kEventsLeast = 200;
constexpr std::size_t kFaultsLeast = 3;

class World {
public:
    World(std::uint64_t seed, bool print)
        : nature_(seed, print),
          ids_(seed + 1),
          disk_(nature_),
          processes_(
              nature_, ids_, network_, server_, ledger_,
              [this](const std::string& function) -> const auto& { return workflows_.find(function); },
              [this](const std::string& payload) { return workflows_.doubled(payload); }),
          server_(nature_, ids_, disk_, processes_, [this] { processes_.lose_server(); }),
          network_(nature_, server_),
          callers_(nature_, network_, ledger_),
          approvals_(nature_, ids_, processes_),
          workflows_(nature_, processes_, ledger_, approvals_,
                     [this](const std::string& id) { callers_.take_callback(id); }) {}
    ~World() { processes_.stop(); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Report run() {
        deploy();
        server_.start();
        plan_work(8 + nature_.chance.below(5));
        plan_disturbances();
        nature_.schedule.after(kHealAt, [this] {
            nature_.trace.event("the world heals");
            nature_.chance.heal();
            look_for_end();
        });
        while (!is_over_) step();
        return report();
    }

private:
    void step() {
        server_.plan_writer();
        const auto next = nature_.schedule.next_at();
        const auto timers = server_.timers_at();
        if (timers && (!next || *timers < *next)) {
            nature_.clock.move_to(*timers);
            server_.fire_due();
        } else {
            nature_.schedule.run_next();
        }
    }

    void deploy() {
        engine::Writer writer(nature_.clock, disk_.rows(), engine::WriterThread::none);
        for (functions::Function& function : Workflows::functions()) {
            writer.submit([&function](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
                const std::string name = function.name;
                rows.apply(functions::create_function(rows, std::move(function), now, "r1")->writes);
                rows.apply(functions::publish_version(rows, name, "", now, "r2")->writes);
                return {};
            });
            writer.run_queued();
        }
        const auto tables = api::make_dynamodb_service(
            {.clock = nature_.clock, .random = ids_, .store = disk_.rows(), .writer = writer});
        for (net::Request& request : Approvals::table_requests()) {
            tables->handle({.request = std::move(request),
                            .caller = {.account = kAccount, .arn = "deployer", .user_id = "deployer", .role_name = {}},
                            .authorize = [](const std::string&, const std::string&) -> Result<void> { return {}; },
                            .request_id = "r",
                            .respond = [](const net::Response&) {}});
            writer.run_queued();
        }
    }

    /// Starts so many executions, each after a while.
    void plan_work(std::uint64_t count) {
        constexpr std::array<const char*, 11> kFunctions = {"order",  "asker",   "approval", "batch",
                                                            "parent", "poll",    "branches", "sleeper",
                                                            kPolling, kCallback, kCallback};
        for (; count > 0; --count) {
            names_.push_back(fmt::format("e{}", names_.size() + 1));
            const int size = 1 + static_cast<int>(nature_.chance.below(4));
            const std::string function = kFunctions[nature_.chance.below(kFunctions.size())];
            const boost::json::object order{{"id", names_.back()}, {"size", size}};
            callers_.start(function, names_.back(),
                           is_approval(function) ? Approvals::event(names_.back()) : boost::json::serialize(order));
        }
    }

    /// A few that every world has, besides those that chance brings.
    void plan_disturbances() {
        for (std::size_t i = 0; i < kFaultsLeast; ++i) {
            nature_.schedule.after(nature_.chance.between(2s, 100s), [this] { disturb(); });
        }
    }

    void disturb() {
        Chance& chance = nature_.chance;
        switch (chance.below(4)) {
            case 0:
                nature_.trace.fault("the server is to end at its next commit");
                return disk_.crash_at_next_commit();
            case 1:
                nature_.trace.fault("crash: the server ends");
                return server_.is_up() ? server_.crash() : void();
            case 2:
                return jump(chance.between(1s, 300s));
            default:
                return jump(-chance.between(1s, 120s));
        }
    }

    void jump(Milliseconds by) {
        nature_.trace.fault(fmt::format("the clock jumps by {} ms", by.count()));
        nature_.clock.jump(by);
    }

    /// Looks every few seconds whether all has ended.
    void look_for_end() {
        const bool has_ended =
            !callers_.are_busy() && !approvals_.are_busy() && running_executions(*disk_.snapshot()).empty();
        if (has_ended && nature_.trace.lines().size() < kEventsLeast) {
            nature_.trace.event("too little has happened");
            plan_work(4);
        } else if (has_ended || nature_.clock.monotonic() > kStuckAt) {
            nature_.trace.event(has_ended ? "all has ended" : "it will not end");
            approvals_.audit();
            return nature_.schedule.after(kEpilogue, [this] { is_over_ = true; });
        }
        nature_.schedule.after(5s, [this] { look_for_end(); });
    }

    Report report() {
        const auto rows = disk_.snapshot();
        Report report{.broken = broken_laws(*rows, ledger_, names_),
                      .lines = nature_.trace.lines(),
                      .faults = nature_.trace.faults(),
                      .digest = 0};
        std::ranges::move(approvals_.broken_laws(*rows), std::back_inserter(report.broken));
        if (report.lines.size() < kEventsLeast || report.faults < kFaultsLeast) {
            report.broken.push_back(
                fmt::format("a world is worth its time: {} events, {} faults", report.lines.size(), report.faults));
        }
        for (int space = 1; space <= static_cast<int>(Space::plain_invokes); ++space) {
            for (const Row& row : rows->scan(static_cast<Space>(space), {}, {}, SIZE_MAX)) {
                nature_.trace.add_to_digest(row.key);
                nature_.trace.add_to_digest(row.value);
            }
        }
        report.digest = nature_.trace.digest();
        return report;
    }

    Nature nature_;
    SeededRandom ids_;
    Ledger ledger_;
    Disk disk_;
    Processes processes_;
    Server server_;
    Network network_;
    Callers callers_;
    Approvals approvals_;
    Workflows workflows_;
    std::vector<std::string> names_;
    bool is_over_ = false;
};

}  // namespace

Report run_world(std::uint64_t seed, bool print) {
    return World(seed, print).run();
}

Report run_seed(std::uint64_t seed, bool print) {
    Report first = run_world(seed, print);
    const Report second = run_world(seed, false);
    if (first.digest == second.digest) return first;
    const auto [a, b] = std::ranges::mismatch(first.lines, second.lines);
    const auto line_of = [](const Report& report, auto at) {
        return at == report.lines.end() ? std::string("(nothing; what is on the disk differs)") : *at;
    };
    first.broken.push_back(fmt::format("two runs of a seed are the same; they part here:\n  {}\n  {}",
                                       line_of(first, a), line_of(second, b)));
    return first;
}

}  // namespace holdpoint::sim
