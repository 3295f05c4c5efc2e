// What a process does between fork and exec to become a function's.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace holdpoint::engine {

/// Only what is safe there is called. Never returns: when the program cannot be started, the log (`output`) gets a line
/// that says which and why, and the status is 127, as a shell's is; 126 for a working directory that cannot be entered.
/// `memory_mb`: its limit, 0 for none. `parent`: the server, with which it ends.
[[noreturn]] void become(const char* executable, char* const* arguments, char* const* environment,
                         const char* directory, int output, std::int64_t memory_mb, pid_t parent);

}  // namespace holdpoint::engine
