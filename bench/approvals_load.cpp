// approvals_load: approvals in a closed loop against a running server; prints one JSON document.
//
// Each client submits a request, waits for its notification, approves it, waits for the result, and begins again.
// Server and credentials come from AWS's environment variables (`holdpoint env`); the stack must be deployed.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <thread>

#include "bench/approval_client.hpp"
#include "bench/measurements.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Options {
    std::size_t clients = 1;
    double seconds = 10;
    double warm_up_seconds = 2;
    std::string mode = "callback";
    std::string stack;
};

/// What all clients measured; an approval counts when it ended between the warm-up and the end.
struct Results {
    std::mutex mutex;  // guards the two below: clients add to them
    std::vector<Lifecycle> lifecycles;
    std::string problem;
    std::atomic<bool> failed = false;
};

void keep_approving(ApprovalClient client, const std::string& prefix, Stopwatch::time_point from,
                    Stopwatch::time_point to, Results& results) {
    try {
        for (int number = 0; Stopwatch::now() < to && !results.failed; ++number) {
            const Lifecycle took = client.run(prefix + "-" + std::to_string(number));
            const auto end = Stopwatch::now();
            const std::lock_guard lock(results.mutex);
            if (end >= from && end < to) results.lifecycles.push_back(took);
        }
    } catch (const std::exception& error) {
        const std::lock_guard lock(results.mutex);
        results.problem = error.what();
        results.failed = true;
    }
}

json::object stage(const std::vector<Lifecycle>& all, double Lifecycle::* member) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const Lifecycle& one : all) values.push_back(one.*member);
    return summary(std::move(values));
}

json::object report(const Options& options, const std::vector<Lifecycle>& all) {
    return {{"mode", options.mode},
            {"clients", options.clients},
            {"seconds", options.seconds},
            {"approvals", all.size()},
            {"approvals_per_second", rounded(static_cast<double>(all.size()) / options.seconds)},
            {"milliseconds",
             {{"whole", stage(all, &Lifecycle::whole)},
              {"submit", stage(all, &Lifecycle::submit)},
              {"notify", stage(all, &Lifecycle::notify)},
              {"decide", stage(all, &Lifecycle::decide)},
              {"decide_to_seen", stage(all, &Lifecycle::decide_to_seen)},
              {"decision_to_done", stage(all, &Lifecycle::decision_to_done)}}}};
}

void run(const Options& options) {
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    aws::Client client(require(aws::configuration_from_environment()), *transport, clock, random);
    const Stack stack = find_stack(client, options.stack.empty() ? "bench-" + options.mode : options.stack);
    NotificationSink sink;
    const Subscription subscription(client, stack, sink);

    const std::string load = random.uuid().substr(0, 8);
    const auto duration = [](double seconds) {
        return std::chrono::duration_cast<Stopwatch::duration>(std::chrono::duration<double>(seconds));
    };
    const auto from = Stopwatch::now() + duration(options.warm_up_seconds);
    const auto to = from + duration(options.seconds);
    Results results;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < options.clients; ++i) {
        threads.emplace_back([&, i] {
            keep_approving(ApprovalClient(client, stack, sink), load + "-" + std::to_string(i), from, to, results);
        });
    }
    threads.clear();
    if (results.failed) throw std::runtime_error(results.problem);
    std::printf("%s\n", json::serialize(report(options, results.lifecycles)).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app("Approvals in a closed loop against a running server.");
    app.add_option("--clients", options.clients, "approvals under way at a time")->capture_default_str();
    app.add_option("--seconds", options.seconds, "how long is measured")->capture_default_str();
    app.add_option("--warm-up", options.warm_up_seconds, "seconds before that")->capture_default_str();
    app.add_option("--mode", options.mode, "the wait mode that the stack was deployed with")
        ->check(CLI::IsMember({"callback", "polling"}))
        ->capture_default_str();
    app.add_option("--stack-name", options.stack, "default: bench-MODE");
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "approvals_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
