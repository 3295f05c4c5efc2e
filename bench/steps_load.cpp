// steps_load: synchronous invocations of a workflow of sequential steps, in a closed loop against a running server;
// prints one JSON document. Server and credentials come from AWS's environment variables (`holdpoint env`).
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "bench/measurements.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Options {
    std::string function = "bench-cpp";
    std::size_t clients = 1;
    std::int64_t steps = 10;
    double seconds = 10;
    double warm_up_seconds = 2;
};

/// What all clients measured; an execution counts when it ended between the warm-up and the end.
struct Results {
    std::mutex mutex;  // guards the two below: clients add to them
    std::vector<double> milliseconds;
    std::string problem;
    std::atomic<bool> failed = false;
};

aws::RestRequest invocation(const Options& options) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(options.function) + "/invocations";
    request.query = {{"Qualifier", "$LATEST"}};
    request.body = json::serialize(json::object{{"workflow", "steps"}, {"count", options.steps}});
    request.idempotent = false;
    return request;
}

/// Has connections of its own, as a program of its own would.
void keep_invoking(const Options& options, Stopwatch::time_point from, Stopwatch::time_point to, Results& results) {
    const auto transport = net::make_transport();
    const SystemClock clock;
    SystemRandom random;
    try {
        auto configuration = aws::configuration_from_environment();
        if (!configuration) throw std::runtime_error(configuration.error().message);
        aws::Client client(*configuration, *transport, clock, random);
        const aws::RestRequest request = invocation(options);
        const std::string expected = std::to_string(options.steps);
        while (Stopwatch::now() < to && !results.failed) {
            const auto begin = Stopwatch::now();
            const auto answer = client.rest("lambda", request);
            const auto end = Stopwatch::now();
            if (!answer) throw std::runtime_error(answer.error().name + ": " + answer.error().message);
            if (answer->body != expected) throw std::runtime_error("the wrong result: " + answer->body);
            const std::lock_guard lock(results.mutex);
            if (end >= from && end < to) results.milliseconds.push_back(milliseconds(end - begin));
        }
    } catch (const std::exception& error) {
        const std::lock_guard lock(results.mutex);
        results.problem = error.what();
        results.failed = true;
    }
}

void run(const Options& options) {
    const auto duration = [](double seconds) {
        return std::chrono::duration_cast<Stopwatch::duration>(std::chrono::duration<double>(seconds));
    };
    const auto from = Stopwatch::now() + duration(options.warm_up_seconds);
    const auto to = from + duration(options.seconds);
    Results results;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < options.clients; ++i) {
        threads.emplace_back([&] { keep_invoking(options, from, to, results); });
    }
    threads.clear();
    if (results.failed) throw std::runtime_error(results.problem);
    const double executions = static_cast<double>(results.milliseconds.size());
    const json::object report{
        {"function", options.function},
        {"clients", options.clients},
        {"steps_each", options.steps},
        {"seconds", options.seconds},
        {"executions", results.milliseconds.size()},
        {"steps_per_second", rounded(executions * static_cast<double>(options.steps) / options.seconds)},
        {"execution_ms", summary(results.milliseconds)}};
    std::printf("%s\n", json::serialize(report).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app(
        "Synchronous invocations of a workflow of sequential steps, in a closed loop against a running server.");
    app.add_option("--function", options.function, "a function of bench/template.yaml")->capture_default_str();
    app.add_option("--clients", options.clients, "executions under way at a time")->capture_default_str();
    app.add_option("--steps", options.steps, "of each execution")->capture_default_str();
    app.add_option("--seconds", options.seconds, "how long is measured")->capture_default_str();
    app.add_option("--warm-up", options.warm_up_seconds, "seconds before that")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "steps_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
