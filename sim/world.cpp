#include "sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "api/dynamodb/dynamodb.hpp"
#include "core/rows.hpp"
#include "engine/execution_cache.hpp"
#include "functions/registry.hpp"
#include "sim/approvals.hpp"
#include "sim/callers.hpp"
#include "sim/laws.hpp"
#include "sim/notices.hpp"
#include "sim/workflows.hpp"
#include "topics/deliveries.hpp"

namespace holdpoint::sim {

using namespace std::chrono_literals;

namespace {

/// Faults end then, and what is under way must come to its end.
constexpr Milliseconds kHealAt{110'000};
/// Nothing takes longer after that.
constexpr Milliseconds kStuckAt{4'000'000};
/// What is late comes within this, and a process that should have ended has.
constexpr Milliseconds kEpilogue{60'000};
/// How far from its end of retention an execution is looked for.
constexpr Milliseconds kRetentionMargin{2000};
/// How long what is over its retention may take to vanish.
constexpr Milliseconds kVanishing{30'000};
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
          server_(nature_, ids_, disk_, processes_, subscribers_, [this] { processes_.lose_server(); }),
          network_(nature_, server_),
          callers_(nature_, network_, ledger_),
          notices_(nature_, network_),
          approvals_(nature_, ids_, processes_),
          workflows_(nature_, processes_, ledger_, approvals_,
                     [this](const std::string& id) { callers_.take_callback(id); }) {}
    ~World() { processes_.stop(); }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Report run() {
        deploy();
        server_.start();
        plan_work(7 + nature_.chance.below(4));
        plan_side_work();
        plan_disturbances();
        nature_.schedule.after(kHealAt, [this] {
            nature_.trace.event("the world heals");
            nature_.chance.heal();
            disk_.heal();
            look_for_end();
        });
        while (!is_over_) step();
        report_.lines = nature_.trace.lines();
        report_.faults = nature_.trace.faults();
        report_.digest = nature_.trace.digest();
        return report_;
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
        writer.submit([](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            Notices::deploy(rows, now);
            return {};
        });
        writer.run_queued();
        const auto tables = api::make_dynamodb_service(
            {.clock = nature_.clock, .random = ids_, .store = disk_.rows(), .writer = writer});
        for (net::Request& request : Approvals::table_requests()) {
            tables->handle(as_user(std::move(request), [](const net::Response&) {}));
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
            callers_.start(
                function, names_.back(),
                is_approval(function) ? Approvals::event(names_.back(), size % 2 == 0) : boost::json::serialize(order));
        }
    }

    /// New code for a function whose executions may be waiting: a next version, and what is pinned stays what it was.
    void redeploy() {
        const auto all = Workflows::functions();
        functions::Function function = all[nature_.chance.below(all.size())];
        function.code_sha256 = fmt::format("deployed {}", ++deployments_);
        nature_.trace.event(fmt::format("new code for {}", function.name));
        if (!server_.is_up()) return;
        server_.submit([function, id = ids_.uuid()](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            const std::string name = function.name;
            rows.apply(functions::update_function(rows, function, now, id)->writes);
            rows.apply(functions::publish_version(rows, name, "", now, id + "2")->writes);
            return {};
        });
    }

    void plan_side_work() {
        for (std::uint64_t i = nature_.chance.below(4); i > 0; --i) {
            const boost::json::object order{{"id", fmt::format("event-{}", i)}, {"size", 1}};
            callers_.send_event(boost::json::serialize(order));
        }
        for (std::uint64_t i = nature_.chance.below(4); i > 0; --i) notices_.publish(fmt::format("notice-{}", i));
        for (std::uint64_t i = nature_.chance.below(3); i > 0; --i) {
            nature_.schedule.after(nature_.chance.between(5s, 100s), [this] { redeploy(); });
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
        const auto rows = disk_.snapshot();
        const bool is_quiet = !callers_.are_busy() && !approvals_.are_busy() && !notices_.are_busy();
        const bool has_ended = is_quiet && running_executions(*rows).empty() &&
                               rows->scan(Space::events, {}, {}, 1).empty() &&
                               !topics::next_delivery_due(*rows, topics::Lane::endpoints);
        if (has_ended && nature_.trace.lines().size() < kEventsLeast) {
            nature_.trace.event("too little has happened");
            plan_work(4);
        } else if (has_ended || nature_.clock.monotonic() > kStuckAt) {
            nature_.trace.event(has_ended ? "all has ended" : "it will not end");
            approvals_.audit();
            return nature_.schedule.after(kEpilogue, [this] { judge(); });
        }
        nature_.schedule.after(5s, [this] { look_for_end(); });
    }

    void judge() {
        const auto rows = disk_.snapshot();
        report_.broken = broken_laws(*rows, ledger_, names_);
        std::ranges::move(approvals_.broken_laws(*rows), std::back_inserter(report_.broken));
        std::ranges::move(notices_.broken_laws(*rows), std::back_inserter(report_.broken));
        if (nature_.trace.lines().size() < kEventsLeast || nature_.trace.faults() < kFaultsLeast) {
            report_.broken.push_back(fmt::format("a world is worth its time: {} events, {} faults",
                                                 nature_.trace.lines().size(), nature_.trace.faults()));
        }
        for (int space = 1; space <= static_cast<int>(Space::plain_invokes); ++space) {
            for (const Row& row : rows->scan(static_cast<Space>(space), {}, {}, SIZE_MAX)) {
                nature_.trace.add_to_digest(row.key);
                nature_.trace.add_to_digest(row.value);
            }
        }
        wait_for_retention(*rows);
    }

    /// Moves the clock to just before the first execution's retention is over, then beyond the last one's.
    void wait_for_retention(const RowReader& rows) {
        std::vector<TimePoint> ends;
        for (const Row& row : rows.scan(Space::executions, {}, {}, SIZE_MAX)) {
            const core::Head head = core::decode_head(row.value);
            if (head.ended_at) ends.push_back(engine::retention_end(head));
        }
        if (ends.empty()) return void(is_over_ = true);
        const auto [first, last] = std::ranges::minmax(ends);
        nature_.trace.event("a day passes, but for a moment");
        nature_.clock.jump(first - 2 * kRetentionMargin - nature_.clock.now());
        nature_.schedule.after(kRetentionMargin, [this, last, count = ends.size()] {
            if (disk_.snapshot()->scan(Space::executions, {}, {}, SIZE_MAX).size() != count) {
                report_.broken.emplace_back("no execution vanishes before its retention is over");
            }
            nature_.clock.jump(last + kRetentionMargin - nature_.clock.now());
            nature_.schedule.after(kVanishing, [this] {
                check_vanished();
                is_over_ = true;
            });
        });
    }

    void check_vanished() {
        const auto rows = disk_.snapshot();
        for (const Space space : {Space::executions, Space::execution_names, Space::executions_by_function,
                                  Space::journal, Space::timers, Space::running, Space::plain_invokes}) {
            const auto left = rows->scan(space, {}, {}, SIZE_MAX).size();
            if (left == 0) continue;
            report_.broken.push_back(fmt::format("an execution vanishes whole after its retention: {} rows of space {}",
                                                 left, static_cast<int>(space)));
        }
    }

    /// The server's way to subscribers.
    class Subscribers final : public net::Transport {
    public:
        explicit Subscribers(World& world) : world_(world) {}
        std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                               const net::Timeouts&) override {
            return world_.notices_.receive(request);
        }

    private:
        World& world_;
    };

    Nature nature_;
    SeededRandom ids_;
    Ledger ledger_;
    Disk disk_;
    Processes processes_;
    Subscribers subscribers_{*this};
    Server server_;
    Network network_;
    Callers callers_;
    Notices notices_;
    Approvals approvals_;
    Workflows workflows_;
    std::vector<std::string> names_;
    Report report_;
    int deployments_ = 0;
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
