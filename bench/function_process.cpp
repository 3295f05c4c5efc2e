#include "bench/function_process.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace holdpoint::bench {

namespace {

double status_kib(pid_t pid, const std::string& name) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
    }
    throw std::runtime_error("the process has no " + name + ": it ended");
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

}  // namespace

std::vector<std::string> function_environment(const std::string& address, std::vector<std::string> given) {
    std::vector<std::string> variables = std::move(given);
    for (const std::string& variable : std::vector<std::string>{
             "AWS_LAMBDA_RUNTIME_API=" + address, "AWS_ENDPOINT_URL=http://" + address, "AWS_REGION=us-east-1",
             "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
             "AWS_LAMBDA_FUNCTION_NAME=bench-Workflow", "APPROVALS_TABLE_NAME=bench-ApprovalRequests",
             "AUDIT_TABLE_NAME=bench-ApprovalEvents",
             "SNS_TOPIC_ARN=arn:aws:sns:us-east-1:000000000000:bench-ApprovalNotifications",
             "APPROVAL_TIMEOUT_SECONDS=300", "EXECUTION_TIMEOUT_SECONDS=90000", "APPROVAL_WAIT_MODE=callback",
             "POLL_INTERVAL_SECONDS=5", "LOG_LEVEL=ERROR"}) {
        const std::string name = variable.substr(0, variable.find('=') + 1);
        const bool known =
            std::ranges::any_of(variables, [&](const std::string& other) { return other.starts_with(name); });
        if (!known) variables.push_back(variable);
    }
    return variables;
}

FunctionProcess::FunctionProcess(const std::string& executable, std::vector<std::string> variables)
    : pid_(spawn(executable, std::move(variables))) {}

FunctionProcess::~FunctionProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

Memory FunctionProcess::memory() const {
    return {.peak_kib = status_kib(pid_, "VmHWM"), .resident_kib = status_kib(pid_, "VmRSS")};
}

double FunctionProcess::cpu_ms() const {
    clockid_t clock{};
    timespec used{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) {
        throw std::runtime_error("the process has no clock: it ended");
    }
    return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

}  // namespace holdpoint::bench
