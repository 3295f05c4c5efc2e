// approvals_load: approvals in a closed loop against a running server; prints one JSON document.
//
// Each client submits a request, waits for its notification, approves it, waits for the result, and begins again.
// Server and credentials come from AWS's environment variables (`holdpoint env`); the stack must be deployed.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/approval_client.hpp"
#include "bench/closed_loop.hpp"
#include "bench/measurements.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Options {
    LoopOptions loop;
    std::string mode = "callback";
    std::string stack;
};

json::object stage(const std::vector<Lifecycle>& all, double Lifecycle::* member) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const Lifecycle& one : all) values.push_back(one.*member);
    return summary(std::move(values));
}

json::object report(const Options& options, const std::vector<Lifecycle>& all) {
    return {{"mode", options.mode},
            {"clients", options.loop.clients},
            {"seconds", options.loop.seconds},
            {"approvals", all.size()},
            {"approvals_per_second", rounded(static_cast<double>(all.size()) / options.loop.seconds)},
            {"milliseconds",
             {{"whole", stage(all, &Lifecycle::whole)},
              {"submit", stage(all, &Lifecycle::submit)},
              {"notify", stage(all, &Lifecycle::notify)},
              {"read", stage(all, &Lifecycle::read)},
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
    const auto lifecycles = run_closed_loop<Lifecycle>(options.loop, [&](std::size_t number) {
        return [approvals = ApprovalClient(client, stack, sink), prefix = load + "-" + std::to_string(number),
                count = 0]() mutable { return approvals.run(prefix + "-" + std::to_string(count++)); };
    });
    std::printf("%s\n", json::serialize(report(options, lifecycles)).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app("Approvals in a closed loop against a running server.");
    app.add_option("--clients", options.loop.clients, "approvals under way at a time")->capture_default_str();
    app.add_option("--seconds", options.loop.seconds, "how long is measured")->capture_default_str();
    app.add_option("--warm-up", options.loop.warm_up_seconds, "seconds before that")->capture_default_str();
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
