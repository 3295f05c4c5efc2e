// function_start: from exec to the first request for work, and the memory of the process then; prints one JSON
// document.
//
// The Runtime API is a stub that never has work. What an environment must hold for the executable to start is set here.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>

#include "bench/measurements.hpp"
#include "net/server.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

/// The Runtime API of a service that is idle: keeps every request for work open.
class IdleRuntime {
public:
    IdleRuntime()
        : server_(net::ServerOptions{}, [this](const net::Request& request, net::Respond respond) {
              const auto now = Stopwatch::now();
              const std::lock_guard lock(mutex_);
              if (request.path().ends_with("/invocation/next")) asked_at_ = now;
              kept_.push_back(std::move(respond));
              asked_.notify_all();
          }) {}

    ~IdleRuntime() {
        server_.stop(std::chrono::milliseconds(0));
        kept_.clear();  // while the server that they answer through is still there
    }
    IdleRuntime(const IdleRuntime&) = delete;
    IdleRuntime& operator=(const IdleRuntime&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(server_.port()); }
    [[nodiscard]] std::optional<Stopwatch::time_point> wait_for_next() {
        std::unique_lock lock(mutex_);
        asked_.wait_for(lock, std::chrono::seconds(10), [this] { return asked_at_.has_value(); });
        return std::exchange(asked_at_, std::nullopt);
    }

private:
    std::mutex mutex_;  // guards the members below: the server's threads write them
    std::condition_variable asked_;
    std::optional<Stopwatch::time_point> asked_at_;
    std::vector<net::Respond> kept_;
    net::Server server_;
};

struct Start {
    double to_next_ms = 0;
    double peak_kib = 0;
    double resident_kib = 0;
};

double status_kib(pid_t pid, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
    }
    throw std::runtime_error("the process has no " + name + ": it ended");
}

std::vector<std::string> environment(const IdleRuntime& runtime) {
    return {"AWS_LAMBDA_RUNTIME_API=" + runtime.address(),
            "AWS_ENDPOINT_URL=http://" + runtime.address(),
            "AWS_REGION=us-east-1",
            "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "AWS_LAMBDA_FUNCTION_NAME=bench-Workflow",
            "APPROVALS_TABLE_NAME=bench-ApprovalRequests",
            "AUDIT_TABLE_NAME=bench-ApprovalEvents",
            "SNS_TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:bench-ApprovalNotifications",
            "APPROVAL_TIMEOUT_SECONDS=300",
            "EXECUTION_TIMEOUT_SECONDS=90000",
            "APPROVAL_WAIT_MODE=callback",
            "POLL_INTERVAL_SECONDS=5",
            "LOG_LEVEL=INFO"};
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

Start start_once(const std::string& executable, IdleRuntime& runtime) {
    const std::vector<std::string> variables = environment(runtime);
    const auto begin = Stopwatch::now();
    const pid_t pid = spawn(executable, variables);
    const auto asked = runtime.wait_for_next();
    Start start;
    if (asked) {
        start = {.to_next_ms = milliseconds(*asked - begin),
                 .peak_kib = status_kib(pid, "VmHWM"),
                 .resident_kib = status_kib(pid, "VmRSS")};
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    if (!asked) throw std::runtime_error(executable + " never asked for work");
    return start;
}

json::object measure(const std::string& executable, int starts) {
    IdleRuntime runtime;
    (void)start_once(executable, runtime);  // brings the file into the page cache
    std::vector<double> to_next;
    std::vector<double> peak;
    std::vector<double> resident;
    for (int i = 0; i < starts; ++i) {
        const Start start = start_once(executable, runtime);
        to_next.push_back(start.to_next_ms);
        peak.push_back(start.peak_kib);
        resident.push_back(start.resident_kib);
    }
    return {{"executable", std::filesystem::path(executable).filename().string()},
            {"starts", starts},
            {"file_mib", rounded(static_cast<double>(std::filesystem::file_size(executable)) / (1024.0 * 1024.0))},
            {"to_next_ms", summary(std::move(to_next))},
            {"peak_mib_p50", rounded(percentile(peak, 0.5) / 1024.0)},
            {"resident_mib_p50", rounded(percentile(resident, 0.5) / 1024.0)}};
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    std::vector<std::string> executables;
    int starts = 50;
    CLI::App app("Start-up time and memory of function executables.");
    app.add_option("--starts", starts, "starts of each")->capture_default_str();
    app.add_option("executables", executables, "function executables")->required();
    CLI11_PARSE(app, argc, argv);
    try {
        boost::json::array report;
        for (const std::string& executable : executables) {
            report.push_back(holdpoint::bench::measure(executable, starts));
        }
        std::printf("%s\n", boost::json::serialize(report).c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "function_start: %s\n", error.what());
        return 1;
    }
    return 0;
}
