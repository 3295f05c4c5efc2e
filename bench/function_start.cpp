// function_start: from exec to the first request for work, and the memory of the process then; and, when there is an
// event, how long its first invocation takes and the memory afterwards. Prints one JSON document.
//
// The service is a stub (stub_service.hpp). What an environment must hold for the executable to start is set here.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "bench/function_process.hpp"
#include "bench/measurements.hpp"
#include "bench/stub_service.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Settings {
    std::string event;                     // JSON text; empty: nothing is invoked
    std::vector<std::string> environment;  // NAME=VALUE, instead of what is set here
    int starts = 50;
};

struct Start {
    double to_next_ms = 0;
    Memory idle;
    double invocation_ms = 0;
    Memory invoked;
};

Start start_once(const std::string& executable, StubService& service, const Settings& settings) {
    service.reset();
    std::vector<std::string> variables = function_environment(service.address(), settings.environment);
    auto begin = Stopwatch::now();
    const FunctionProcess function(executable, std::move(variables));
    Start start;
    start.to_next_ms = milliseconds(service.wait_for_next() - begin);
    start.idle = function.memory();
    if (settings.event.empty()) return start;
    begin = Stopwatch::now();
    service.invoke(settings.event);
    start.invocation_ms = milliseconds(service.wait_for_next() - begin);
    start.invoked = function.memory();
    return start;
}

template <class Of>
std::vector<double> each(const std::vector<Start>& starts, Of of) {
    std::vector<double> values;
    for (const Start& start : starts) values.push_back(of(start));
    return values;
}

double mib_p50(std::vector<double> kib) {
    return rounded(percentile(kib, 0.5) / 1024.0);
}

json::object measure(const std::string& executable, StubService& service, const Settings& settings) {
    (void)start_once(executable, service, settings);  // brings the file into the page cache
    std::vector<Start> starts;
    for (int i = 0; i < settings.starts; ++i) starts.push_back(start_once(executable, service, settings));
    json::object report{
        {"executable", std::filesystem::path(executable).filename().string()},
        {"starts", settings.starts},
        {"file_mb", rounded(static_cast<double>(std::filesystem::file_size(executable)) / 1e6)},
        {"to_next_ms", summary(each(starts, [](const Start& start) { return start.to_next_ms; }))},
        {"peak_mib_p50", mib_p50(each(starts, [](const Start& start) { return start.idle.peak_kib; }))},
        {"resident_mib_p50", mib_p50(each(starts, [](const Start& start) { return start.idle.resident_kib; }))}};
    if (!settings.event.empty()) {
        report["first_invocation"] = json::object{
            {"ms", summary(each(starts, [](const Start& start) { return start.invocation_ms; }))},
            {"peak_mib_p50", mib_p50(each(starts, [](const Start& start) { return start.invoked.peak_kib; }))},
            {"resident_mib_p50", mib_p50(each(starts, [](const Start& start) { return start.invoked.resident_kib; }))}};
    }
    return report;
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    std::vector<std::string> executables;
    holdpoint::bench::Settings settings;
    std::uint16_t port = 0;
    CLI::App app("Start-up time and memory of function executables.");
    app.add_option("--starts", settings.starts, "starts of each")->capture_default_str();
    app.add_option("--event", settings.event, "JSON: also measure one invocation with this event");
    app.add_option("--port", port, "of the stub; any free one when not given");
    app.add_option("--env", settings.environment, "NAME=VALUE for the executables")->expected(1)->take_all();
    app.add_option("executables", executables, "function executables")->required();
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::StubService service(port);
        boost::json::array report;
        for (const std::string& executable : executables) {
            report.push_back(holdpoint::bench::measure(executable, service, settings));
        }
        std::printf("%s\n", boost::json::serialize(report).c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "function_start: %s\n", error.what());
        return 1;
    }
    return 0;
}
