#include "engine/become.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>

namespace holdpoint::engine {

namespace {

/// What a process may reserve beyond its memory limit: the stacks of as many threads as a function has on AWS (Lambda
/// quotas, "Execution processes/threads"), and 1 GiB besides. What it really uses is looked at every tick; this keeps
/// one that grows faster from taking all of the machine's meanwhile.
constexpr std::int64_t kThreadsMax = 1024;
constexpr std::int64_t kStackMb = 8;
constexpr std::int64_t kReservedMb = 1024 + kThreadsMax * kStackMb;
/// As many as a function has on AWS (Lambda quotas, "File descriptors"): the server allows itself more.
constexpr rlim_t kFilesMax = 1024;

void say(std::initializer_list<const char*> texts) {
    for (const char* text : texts) (void)!::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

void become(const char* executable, char* const* arguments, char* const* environment, const char* directory, int output,
            std::int64_t memory_mb, pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The server may have ended before the line above took effect.
    if (::getppid() != parent) ::_exit(127);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // What the server ignores, a function should not: ignoring outlives exec.
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    // A group of its own: what it starts there ends with it, and a terminal's Ctrl-C is for the server alone.
    ::setpgid(0, 0);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    // First of all: the server may have none left, and who reads must not get what is the server's.
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    ::close(STDIN_FILENO);
    (void)::open("/dev/null", O_RDONLY);  // the lowest number that is free
    // No file with a copy of its memory, in which its credentials are; no more rights by a set-user-id program.
    const rlimit none_at_all{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none_at_all);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min(files.rlim_max, kFilesMax);
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (memory_mb > 0) {
        const auto bytes = static_cast<rlim_t>((memory_mb + kReservedMb) * 1024 * 1024);
        const rlimit data{.rlim_cur = bytes, .rlim_max = bytes};
        ::setrlimit(RLIMIT_DATA, &data);
    }
    // Where memory runs out before that is looked at, the kernel ends a function, and neither the server nor others.
    const int first_to_go = ::open("/proc/self/oom_score_adj", O_WRONLY);
    (void)!::write(first_to_go, "1000", 4);
    ::close(first_to_go);
    // One that is woken waits until whoever runs has done so: what the server answers together stays together, and
    // nobody is interrupted for a function that could not go on without the server anyway. (Linux, sched(7))
    const sched_param usual{};
    ::sched_setscheduler(0, SCHED_BATCH, &usual);
    if (::chdir(directory) != 0) {
        say({"its working directory ", directory, " could not be entered: ", ::strerrordesc_np(errno), "\n"});
        ::_exit(126);
    }
    ::execve(executable, arguments, environment);
    // The kernel answers the same for a script whose interpreter is missing as for one that is missing itself.
    const int problem = errno;
    const bool there = ::access(executable, F_OK) == 0;
    say({executable, " could not be started: ", ::strerrordesc_np(problem),
         problem == ENOENT && there ? ", which is true not of it but of its interpreter" : "", "\n"});
    ::_exit(127);
}

}  // namespace holdpoint::engine
