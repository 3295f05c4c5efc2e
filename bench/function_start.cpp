// function_start: from exec to the first request for work, and the memory of the process then; and, when there is an
// event, how long its first invocation takes and the memory afterwards. Prints one JSON document.
//
// The service is a stub (stub_service.hpp). What an environment must hold for the executable to start is set here.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

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

struct Memory {
    double peak_kib = 0;
    double resident_kib = 0;
};

struct Start {
    double to_next_ms = 0;
    Memory idle;
    double invocation_ms = 0;
    Memory invoked;
};

double status_kib(pid_t pid, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
    }
    throw std::runtime_error("the process has no " + name + ": it ended");
}

Memory memory(pid_t pid) {
    return {.peak_kib = status_kib(pid, "VmHWM"), .resident_kib = status_kib(pid, "VmRSS")};
}

std::vector<std::string> environment(const StubService& service, const Settings& settings) {
    std::vector<std::string> variables = settings.environment;
    for (const std::string& variable : std::vector<std::string>{
             "AWS_LAMBDA_RUNTIME_API=" + service.address(), "AWS_ENDPOINT_URL=http://" + service.address(),
             "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
             "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
             "AWS_LAMBDA_FUNCTION_NAME=bench-Workflow", "APPROVALS_TABLE_NAME=bench-ApprovalRequests",
             "AUDIT_TABLE_NAME=bench-ApprovalEvents",
             "SNS_TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:bench-ApprovalNotifications",
             "APPROVAL_TIMEOUT_SECONDS=300", "EXECUTION_TIMEOUT_SECONDS=90000", "APPROVAL_WAIT_MODE=callback",
             "POLL_INTERVAL_SECONDS=5", "LOG_LEVEL=ERROR"}) {
        const std::string name = variable.substr(0, variable.find('=') + 1);
        const bool given =
            std::ranges::any_of(variables, [&](const std::string& other) { return other.starts_with(name); });
        if (!given) variables.push_back(variable);
    }
    return variables;
}

pid_t spawn(const std::string& executable, std::vector<std::string> variables) {
    std::string name = executable;
    char* arguments[] = {name.data(), nullptr};
    std::vector<char*> pointers;
    for (std::string& variable : variables) pointers.push_back(variable.data());
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int code = ::posix_spawn(&pid, executable.c_str(), nullptr, nullptr, arguments, pointers.data());
    if (code != 0) throw std::runtime_error(executable + ": " + std::strerror(code));
    return pid;
}

/// The process that is measured; it ends with this object.
class Function {
public:
    Function(const std::string& executable, std::vector<std::string> variables)
        : pid_(spawn(executable, std::move(variables))) {}
    ~Function() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_;
};

Start start_once(const std::string& executable, StubService& service, const Settings& settings) {
    service.reset();
    std::vector<std::string> variables = environment(service, settings);
    auto begin = Stopwatch::now();
    const Function function(executable, std::move(variables));
    Start start;
    start.to_next_ms = milliseconds(service.wait_for_next() - begin);
    start.idle = memory(function.pid());
    if (settings.event.empty()) return start;
    begin = Stopwatch::now();
    service.invoke(settings.event);
    start.invocation_ms = milliseconds(service.wait_for_next() - begin);
    start.invoked = memory(function.pid());
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
