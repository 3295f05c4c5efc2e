// FunctionProcess: a function's executable as a process of its own, and what it uses.
#pragma once

#include <string>
#include <vector>

#include "bench/measurements.hpp"

namespace holdpoint::bench {

struct Memory {
    double peak_kib = 0;
    double resident_kib = 0;
};

/// What an executable must find to start, with the service at `address`; `given` (NAME=VALUE) goes first.
[[nodiscard]] std::vector<std::string> function_environment(const std::string& address, std::vector<std::string> given);

/// It ends with this object.
class FunctionProcess {
public:
    FunctionProcess(const std::string& executable, std::vector<std::string> variables);
    ~FunctionProcess();
    FunctionProcess(const FunctionProcess&) = delete;
    FunctionProcess& operator=(const FunctionProcess&) = delete;

    [[nodiscard]] Memory memory() const;
    /// Time on a processor since its start, of all its threads.
    [[nodiscard]] double cpu_ms() const;

private:
    int pid_;
};

}  // namespace holdpoint::bench
