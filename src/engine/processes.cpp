#include "engine/processes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>

#include "base/encoding.hpp"
#include "base/ending.hpp"
#include "base/log.hpp"
#include "engine/become.hpp"
#include "engine/left_behind.hpp"

namespace holdpoint::engine {

namespace {

/// CloudWatch's limit of one event. (CloudWatch Logs, Quotas)
constexpr std::size_t kLineBytesMax = (std::size_t{256} * 1024) - 26;
/// What `--log-type Tail` shows. (AWS API, Invoke)
constexpr std::size_t kTailBytes = 4096;
/// What is read of one process before the others have their turn: who writes without end must not keep the supervisor.
/// At least what a pipe holds.
constexpr std::size_t kReadAtOnce = std::size_t{1024} * 1024;
/// Lines that are handed to the log store before its queue is waited for.
constexpr std::size_t kLinesQueuedMax = 20000;

class Descriptor {
public:
    explicit Descriptor(int value = -1) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    [[nodiscard]] int get() const { return value_; }

private:
    int value_;
};

struct Process {
    pid_t pid = 0;
    Descriptor exited;  // a pidfd: readable once the process has ended; without one, the next tick finds that
    Descriptor output;  // the read end of its stdout and stderr
    Descriptor status;  // /proc/<pid>/status, once it was asked for
    Descriptor statm;   // /proc/<pid>/statm, once its memory was looked at
    std::int64_t memory_mb = 0;
    bool executed = false;  // its own program runs, no longer the server's copy
    long peak_kib = 0;
    Milliseconds peak_at{0};  // when that was read
    std::string log_group;
    std::string log_stream;
    std::string partial_line;
    std::string tail;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

/// How old the memory peak in a REPORT line may be: reading it costs as much as a checkpoint.
constexpr Milliseconds kPeakAge{100};

long peak_kib(Process& process, Milliseconds now) {
    if (process.peak_kib > 0 && now - process.peak_at < kPeakAge) return process.peak_kib;
    if (process.status.get() < 0) {
        process.status = Descriptor(::open(fmt::format("/proc/{}/status", process.pid).c_str(), O_RDONLY | O_CLOEXEC));
    }
    std::array<char, 4096> text{};
    const ssize_t size = ::pread(process.status.get(), text.data(), text.size() - 1, 0);
    const char* line = size > 0 ? std::strstr(text.data(), "VmHWM:") : nullptr;
    if (line == nullptr || std::sscanf(line, "VmHWM: %ld", &process.peak_kib) != 1) return process.peak_kib;
    process.peak_at = now;
    return process.peak_kib;
}

/// What no other process shares with it, in whole MB; 0 when that is not known. (Linux, proc_pid_statm(5): pages)
std::int64_t private_mb(Process& process) {
    if (process.statm.get() < 0) {
        process.statm = Descriptor(::open(fmt::format("/proc/{}/statm", process.pid).c_str(), O_RDONLY | O_CLOEXEC));
    }
    std::array<char, 128> text{};
    long resident = 0;
    long shared = 0;
    if (::pread(process.statm.get(), text.data(), text.size() - 1, 0) <= 0) return 0;
    if (std::sscanf(text.data(), "%*d %ld %ld", &resident, &shared) != 2) return 0;
    return (resident - shared) * ::sysconf(_SC_PAGESIZE) / (1024L * 1024);
}

/// Whether its own program runs: before that, its memory is the server's. (Linux, proc_pid_stat(5): the 9th field, of
/// which 0x40 is PF_FORKNOEXEC in the kernel's include/linux/sched.h)
bool has_executed(pid_t pid) {
    constexpr unsigned kForkedButNotExecuted = 0x40;
    const Descriptor stat(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 1024> text{};
    if (::read(stat.get(), text.data(), text.size() - 1) <= 0) return false;
    const char* name_end = std::strrchr(text.data(), ')');  // a name may have spaces and brackets
    unsigned flags = 0;
    if (name_end == nullptr || std::sscanf(name_end, ") %*c %*d %*d %*d %*d %*d %u", &flags) != 1) return false;
    return (flags & kForkedButNotExecuted) == 0;
}

}  // namespace

std::string ProcessEnd::text() const {
    if (!problem.empty()) return problem;
    if (signal != 0) return fmt::format("signal: {}", ::strsignal(signal));
    return fmt::format("exit status {}", exit_status);
}

class Processes::Impl {
public:
    Impl(const Clock& clock, store::LogStore& logs, OnEnd on_end, OnTick on_tick, std::chrono::milliseconds tick)
        : clock_(clock),
          logs_(logs),
          on_end_(std::move(on_end)),
          on_tick_(std::move(on_tick)),
          tick_(tick),
          last_tick_(clock.monotonic()),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          poll_(::epoll_create1(EPOLL_CLOEXEC)) {
        if (wake_.get() < 0 || poll_.get() < 0) {
            throw std::system_error(errno, std::generic_category(), "who watches the functions cannot start");
        }
        watch(wake_, 0);
        thread_ = std::thread([this] { do_or_end("functions", [this] { run(); }); });
    }

    ~Impl() {
        post([this] { stopping_ = true; });
        thread_.join();
    }

    ProcessId start(ProcessSpec spec) {
        const ProcessId id = ++last_id_;
        post([this, id, spec = std::move(spec)]() mutable { spawn(id, std::move(spec)); });
        return id;
    }

    void signal(ProcessId id, int signal) {
        post([this, id, signal] {
            const auto found = processes_.find(id);
            if (found == processes_.end()) return;
            if (signal == SIGKILL) (void)peak_kib(found->second, clock_.monotonic());
            send(found->second, signal);
        });
    }

    void measure(ProcessId id) {
        post([this, id] {
            const auto found = processes_.find(id);
            if (found != processes_.end()) (void)peak_kib(found->second, clock_.monotonic());
        });
    }

    void drain(ProcessId id, std::function<void(long, std::string)> then) {
        post([this, id, then = std::move(then)] {
            const auto found = processes_.find(id);
            if (found == processes_.end()) return then(0, {});
            read_output(found->second);
            flush_partial(found->second);
            then(peak_kib(found->second, clock_.monotonic()), std::exchange(found->second.tail, {}));
        });
    }

private:
    void post(std::function<void()> action) {
        {
            const std::lock_guard lock(mutex_);
            actions_.push_back(std::move(action));
        }
        const std::uint64_t one = 1;
        (void)!::write(wake_.get(), &one, sizeof one);
    }

    /// Only to what was not waited for yet, so the number cannot belong to another process.
    static void send(const Process& process, int signal) {
        ::kill(process.pid, signal);
        // And what it started. What made a group or session of its own (setsid) is killed when it has ended.
        if (signal == SIGKILL) ::kill(-process.pid, signal);
    }

    void run() {
        while (!stopping_) {
            wait();
            std::vector<std::function<void()>> actions;
            {
                const std::lock_guard lock(mutex_);
                actions.swap(actions_);
            }
            for (auto& action : actions) action();
            const bool ticks = clock_.monotonic() - last_tick_ >= tick_;
            if (ticks) {
                for (auto& [id, process] : processes_) {
                    ready_.insert(id);  // in case it could not be watched
                    limit_memory(process);
                }
            }
            read_and_reap();
            if (ticks) {
                last_tick_ = clock_.monotonic();
                on_tick_();
            }
        }
        std::vector<ProcessId> ended;
        for (auto& [id, process] : processes_) send(process, SIGKILL);
        for (auto& [id, process] : processes_) {
            ::waitpid(process.pid, nullptr, 0);
            ended.push_back(id);
        }
        kill_left_behind_by(ended);
    }

    /// `id` 0 is the supervisor's own.
    void watch(const Descriptor& descriptor, ProcessId id) const {
        epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
        ::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor.get(), &event);
    }

    void wait() {
        std::array<epoll_event, 64> events{};
        const int count =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(tick_.count()));
        for (int i = 0; i < count; ++i) {
            if (const ProcessId id = events.at(static_cast<std::size_t>(i)).data.u64; id != 0) ready_.insert(id);
        }
        std::uint64_t woken = 0;
        (void)!::read(wake_.get(), &woken, sizeof woken);
    }

    void read_and_reap() {
        std::vector<ProcessId> ended;
        for (const ProcessId id : std::exchange(ready_, {})) {
            const auto found = processes_.find(id);
            if (found == processes_.end()) continue;
            Process& process = found->second;
            read_output(process);
            siginfo_t info{};
            if (::waitid(P_PID, static_cast<id_t>(process.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) continue;
            if (info.si_pid != process.pid) continue;
            send(process, SIGKILL);  // nothing of its group stays behind
            int status = 0;
            ::waitpid(process.pid, &status, 0);
            read_output(process);
            flush_partial(process);
            ends_.emplace_back(id, ProcessEnd{.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                                              .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                                              .problem = {},
                                              .peak_kib = process.peak_kib,
                                              .tail = std::move(process.tail)});
            ended.push_back(id);
        }
        kill_left_behind_by(ended);
        for (const ProcessId id : ended) processes_.erase(id);
        for (auto& [id, end] : std::exchange(ends_, {})) on_end_(id, end);
    }

    /// They know it by the name of its log's stream, which no other process has.
    void kill_left_behind_by(const std::vector<ProcessId>& ended) const {
        if (ended.empty()) return;
        std::set<std::string> marks;
        std::set<pid_t> spared{::getpid()};
        for (const ProcessId id : ended)
            marks.insert(fmt::format("{}={}", kStreamVariable, processes_.at(id).log_stream));
        for (const auto& [id, process] : processes_) spared.insert(process.pid);
        kill_left_behind(marks, spared);
    }

    /// As Lambda does: a function that uses more than its MemorySize is killed, and its log says why.
    void limit_memory(Process& process) {
        if (process.memory_mb == 0) return;
        process.executed = process.executed || has_executed(process.pid);
        const std::int64_t used = process.executed ? private_mb(process) : 0;
        if (used <= process.memory_mb) return;
        std::vector<store::LogEvent> lines;
        take_line(process, fmt::format("Out of memory: it used {} MB, and has {} MB.", used, process.memory_mb), lines);
        append(process, std::move(lines));
        process.memory_mb = 0;  // said once
        (void)peak_kib(process, clock_.monotonic());
        send(process, SIGKILL);
    }

    void spawn(ProcessId id, ProcessSpec spec) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            return fail_start(id, fmt::format("no pipe for its output: {}", std::strerror(errno)));
        }
        Descriptor read_end(ends[0]);
        const Descriptor write_end(ends[1]);
        ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
        std::vector<std::string> arguments = {spec.argument0};
        std::vector<char*> argument_pointers = pointers(arguments);
        std::vector<char*> environment_pointers = pointers(spec.environment);
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) return fail_start(id, fmt::format("the process could not be forked: {}", std::strerror(errno)));
        if (pid == 0) {
            become(spec.executable.c_str(), argument_pointers.data(), environment_pointers.data(),
                   spec.working_directory.c_str(), write_end.get(), spec.memory_mb, parent);
        }
        ::setpgid(pid, pid);  // here too, so that the group is there whoever runs first
        Process process;
        process.pid = pid;
        process.exited = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
        process.output = std::move(read_end);
        process.memory_mb = spec.memory_mb;
        process.log_group = std::move(spec.log_group);
        process.log_stream = std::move(spec.log_stream);
        watch(process.exited, id);
        watch(process.output, id);
        processes_.emplace(id, std::move(process));
    }

    void fail_start(ProcessId id, std::string problem) {
        ends_.emplace_back(
            id, ProcessEnd{.exit_status = 0, .signal = 0, .problem = std::move(problem), .peak_kib = 0, .tail = {}});
    }

    void read_output(Process& process) {
        std::vector<store::LogEvent> lines;
        char buffer[16384];
        for (std::size_t left = kReadAtOnce; left > 0 && process.output.get() >= 0;) {
            const ssize_t count = ::read(process.output.get(), buffer, sizeof buffer);
            if (count < 0 && errno == EINTR) continue;
            if (count == 0) {
                // A process that is being forked may hold it still, so closing alone would not end the watch.
                ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, process.output.get(), nullptr);
                process.output = Descriptor();
            }
            if (count <= 0) break;
            left -= std::min(left, static_cast<std::size_t>(count));
            process.partial_line.append(buffer, static_cast<std::size_t>(count));
            take_lines(process, lines);
        }
        append(process, std::move(lines));
    }

    void take_lines(Process& process, std::vector<store::LogEvent>& lines) {
        std::size_t begin = 0;
        for (std::size_t end = process.partial_line.find('\n'); end != std::string::npos;
             end = process.partial_line.find('\n', begin)) {
            take_line(process, process.partial_line.substr(begin, end - begin), lines);
            begin = end + 1;
        }
        process.partial_line.erase(0, begin);
        while (process.partial_line.size() > kLineBytesMax) {
            take_line(process, process.partial_line.substr(0, kLineBytesMax), lines);
            process.partial_line.erase(0, kLineBytesMax);
        }
    }

    void flush_partial(Process& process) {
        std::vector<store::LogEvent> lines;
        take_line(process, std::exchange(process.partial_line, {}), lines);
        append(process, std::move(lines));
    }

    void take_line(Process& process, std::string line, std::vector<store::LogEvent>& lines) const {
        if (line.empty()) return;
        line = as_utf8(line);
        process.tail += line + "\n";
        if (process.tail.size() > kTailBytes) process.tail.erase(0, process.tail.size() - kTailBytes);
        const TimePoint now = clock_.now();
        lines.push_back(
            {.id = 0, .stream = process.log_stream, .at = now, .ingested_at = now, .message = std::move(line)});
    }

    void append(const Process& process, std::vector<store::LogEvent> lines) {
        if (lines.empty()) return;
        lines_queued_ += lines.size();
        logs_.append(process.log_group, process.log_stream, std::move(lines));
        if (lines_queued_ < kLinesQueuedMax) return;
        lines_queued_ = 0;
        try {
            logs_.flush();  // memory has an end: a flood of lines waits for the disk
        } catch (const std::exception& error) {
            log::write(log::Level::error, "log lines could not be written", {{"why", error.what()}});
        }
    }

    const Clock& clock_;
    store::LogStore& logs_;
    OnEnd on_end_;
    OnTick on_tick_;
    std::chrono::milliseconds tick_;
    Milliseconds last_tick_;
    Descriptor wake_;
    Descriptor poll_;
    std::atomic<ProcessId> last_id_ = 0;
    std::mutex mutex_;
    std::vector<std::function<void()>> actions_;
    // The supervisor thread's own from here on.
    std::map<ProcessId, Process> processes_;
    std::set<ProcessId> ready_;  // something was written, or the process ended
    std::vector<std::pair<ProcessId, ProcessEnd>> ends_;
    std::size_t lines_queued_ = 0;
    bool stopping_ = false;
    std::thread thread_;
};

Processes::Processes(const Clock& clock, store::LogStore& logs, OnEnd on_end, OnTick on_tick,
                     std::chrono::milliseconds tick)
    : impl_(std::make_unique<Impl>(clock, logs, std::move(on_end), std::move(on_tick), tick)) {}
Processes::~Processes() = default;
ProcessId Processes::start(ProcessSpec spec) {
    return impl_->start(std::move(spec));
}
void Processes::signal(ProcessId id, int signal) {
    impl_->signal(id, signal);
}
void Processes::measure(ProcessId id) {
    impl_->measure(id);
}
void Processes::drain(ProcessId id, std::function<void(long peak_kib, std::string tail)> then) {
    impl_->drain(id, std::move(then));
}

}  // namespace holdpoint::engine
