// sdk_load: what the SDK uses in a function's process, with a service that answers at once: replays of finished steps,
// sequential steps, and a map. Prints one JSON document.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/function_process.hpp"
#include "bench/measurements.hpp"
#include "bench/stub_service.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Options {
    std::string executable;
    int times = 10;  // of each replay
};

struct Run {
    double cpu_ms = 0;
    double wall_ms = 0;
    Memory memory;
};

/// Invokes, and waits until the process asks for more.
Run invoke(const FunctionProcess& function, StubService& service, const json::object& event, std::int64_t finished) {
    const double before = function.cpu_ms();
    const auto begin = Stopwatch::now();
    service.invoke(json::serialize(event), finished);
    const auto end = service.wait_for_next();
    const json::value answer = json::parse(service.last_answer());
    const json::value expected(std::to_string(event.at("count").as_int64()));
    if (answer.at("Status") != "SUCCEEDED" || answer.at("Result") != expected) {
        throw std::runtime_error("the wrong answer: " + json::serialize(answer));
    }
    return {.cpu_ms = function.cpu_ms() - before, .wall_ms = milliseconds(end - begin), .memory = function.memory()};
}

/// A process that has served once, so that what only the first invocation costs is not counted.
json::object replay(const Options& options, std::int64_t steps) {
    StubService service(0);
    const FunctionProcess function(options.executable, function_environment(service.address(), {}));
    const json::object event{{"workflow", "steps"}, {"count", steps}};
    (void)service.wait_for_next();
    (void)invoke(function, service, event, steps);
    std::vector<double> cpu;
    Run last;
    for (int i = 0; i < options.times; ++i) {
        last = invoke(function, service, event, steps);
        cpu.push_back(last.cpu_ms);
    }
    const double p50 = percentile(cpu, 0.5);
    return {{"steps", steps},
            {"cpu_ms", summary(cpu)},
            {"cpu_us_per_step", rounded(p50 * 1000 / static_cast<double>(steps))},
            {"peak_mib", rounded(last.memory.peak_kib / 1024)}};
}

json::object once(const Options& options, const json::object& event) {
    StubService service(0);
    const FunctionProcess function(options.executable, function_environment(service.address(), {}));
    (void)service.wait_for_next();
    const Run run = invoke(function, service, event, 0);
    const double count = static_cast<double>(event.at("count").as_int64());
    json::object report = event;
    report["cpu_us_each"] = rounded(run.cpu_ms * 1000 / count);
    report["wall_us_each"] = rounded(run.wall_ms * 1000 / count);
    report["peak_mib"] = rounded(run.memory.peak_kib / 1024);
    return report;
}

void run(const Options& options) {
    json::array replays;
    for (const std::int64_t steps : {1'000, 10'000, 100'000}) replays.push_back(replay(options, steps));
    const json::object report{{"replays", std::move(replays)},
                              {"steps", once(options, {{"workflow", "steps"}, {"count", 10'000}})},
                              {"map", once(options, {{"workflow", "map"}, {"count", 10'000}, {"concurrency", 100}})}};
    std::printf("%s\n", json::serialize(report).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app("What the SDK uses in a function's process, with a service that answers at once.");
    app.add_option("executable", options.executable, "bench_function")->required();
    app.add_option("--times", options.times, "of each replay")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sdk_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
