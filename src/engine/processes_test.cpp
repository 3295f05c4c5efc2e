#include "engine/processes.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>

#include "base/test_few_files.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::engine {
namespace {

using namespace test;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProcessesTest : public ::testing::Test {
protected:
    ProcessesTest() {
        processes_ = std::make_unique<Processes>(
            clock_, logs_, [this](ProcessId, const ProcessEnd& end) { ended_.put(end); }, [this] { ++ticks_; }, 20ms);
    }

    [[nodiscard]] ProcessSpec running(const std::string& script, std::int64_t memory_mb = 0) const {
        return {.executable = folder_.script("script", script),
                .argument0 = "the-name",
                .environment = {"PATH=/usr/bin:/bin", "GREETING=hello",
                                "AWS_LAMBDA_LOG_STREAM_NAME=stream-" + folder_.path()},
                .working_directory = folder_.path(),
                .log_group = "group",
                .log_stream = "stream-" + folder_.path(),
                .memory_mb = memory_mb};
    }
    ProcessId start(const std::string& script, std::int64_t memory_mb = 0) {
        return processes_->start(running(script, memory_mb));
    }

    /// Once a script wrote its number there.
    [[nodiscard]] pid_t number_in(const std::string& file) const {
        if (!eventually([&] { return folder_.read(file).ends_with('\n'); })) return 0;
        return std::stoi(folder_.read(file));
    }
    [[nodiscard]] static bool is_gone(pid_t pid) {
        // What nobody waits for yet is still there, as a zombie.
        std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
        std::string text;
        std::getline(stat, text);
        return text.empty() || text.find(") Z ") != std::string::npos;
    }

    TestFolder folder_;
    SharedClock clock_;
    MemoryLogs logs_;
    Box<ProcessEnd> ended_;
    std::atomic<int> ticks_ = 0;
    std::unique_ptr<Processes> processes_;
};

TEST_F(ProcessesTest, LinesOfBothOutputsAreLoggedInOrder) {
    (void)start("echo one; echo two >&2; echo; printf 'no newline'");
    const auto end = ended_.take();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->text(), "exit status 0");
    EXPECT_THAT(logs_.lines(), ElementsAre("one", "two", "no newline"));
}

TEST_F(ProcessesTest, ALineLongerThanAnEventIsDivided) {
    (void)start("head -c 600000 /dev/zero | tr '\\0' x");
    ASSERT_TRUE(ended_.take());
    std::string all;
    for (const std::string& line : logs_.lines()) {
        EXPECT_LE(line.size(), 262118U);
        all += line;
    }
    EXPECT_EQ(all, std::string(600000, 'x'));
}

TEST_F(ProcessesTest, TheEnvironmentIsWhatWasGivenAndTheFolderIsTheWorkingOne) {
    (void)start("echo $GREETING; echo $HOME; pwd");
    ASSERT_TRUE(ended_.take());
    EXPECT_THAT(logs_.lines(), ElementsAre("hello", folder_.path()));
}

TEST_F(ProcessesTest, StartsWithNothingOfTheServersAndNoWayToMoreRights) {
    ::setenv("OF_THE_SERVER", "secret", 1);
    const int open_here = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as a library may do it
    (void)start(
        "env | grep -c OF_THE_SERVER; ls /proc/self/fd | tr '\\n' ' '; echo; grep NoNewPrivs /proc/self/status; "
        "ulimit -c; [ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo group");
    ASSERT_TRUE(ended_.take());
    ::close(open_here);
    ::unsetenv("OF_THE_SERVER");
    EXPECT_THAT(logs_.lines(), ElementsAre("0", "0 1 2 3 ", "NoNewPrivs:\t1", "0", "group"))
        << "3 is the listing's own";
}

TEST_F(ProcessesTest, WhatMadeASessionOfItsOwnEndsWithItsProcessAll) {
    (void)start(
        "setsid sh -c 'echo $$ > child; sleep 300 & echo $! > grandchild; wait' & while [ ! -s grandchild ]; do sleep "
        "0.01; done");
    ASSERT_TRUE(ended_.take());
    const pid_t child = number_in("child");
    const pid_t grandchild = number_in("grandchild");
    ASSERT_TRUE(child > 0 && grandchild > 0);
    EXPECT_TRUE(eventually([&] { return is_gone(child) && is_gone(grandchild); }));
    if (!is_gone(child)) ::kill(-child, SIGKILL);
}

TEST_F(ProcessesTest, SaysHowAProcessEnded) {
    (void)start("exit 7");
    EXPECT_EQ(ended_.take()->text(), "exit status 7");
    (void)start("kill -KILL $$");
    EXPECT_EQ(ended_.take()->text(), "signal: Killed");
}

TEST_F(ProcessesTest, WhoUsesMoreThanItsMemoryIsKilledAndTheLogSaysWhy) {
    constexpr auto kTakes48Mb = "x=$(head -c 48000000 /dev/zero | tr '\\0' x); while true; do sleep 1; done";
    (void)start(kTakes48Mb, 32);
    ASSERT_TRUE(eventually([&] {
        clock_.advance(20ms);
        return ended_.size() > 0;
    }));
    EXPECT_EQ(ended_.take()->text(), "signal: Killed");
    EXPECT_THAT(logs_.lines(), Contains(HasSubstr("and has 32 MB.")));
}

TEST_F(ProcessesTest, WhoUsesLessThanItsMemoryStays) {
    (void)start("echo there; while [ ! -e done ]; do sleep 0.01; done", 128);
    const int before = ticks_;
    ASSERT_TRUE(eventually([&] {
        clock_.advance(20ms);
        return ticks_ > before + 3;
    }));
    EXPECT_EQ(ended_.size(), 0U);
    folder_.write("done", "");
    EXPECT_EQ(ended_.take()->text(), "exit status 0");
}

// A map of AWS's SDK for Python has a thread for each of its items, and each thread reserves its stack.
TEST_F(ProcessesTest, TheStacksOfAThousandThreadsHaveRoom) {
    (void)start("ulimit -d", 128);
    EXPECT_EQ(ended_.take()->text(), "exit status 0");
    constexpr std::int64_t kStackKib = 8192;
    EXPECT_THAT(logs_.lines(), ElementsAre(std::to_string((128 + 1024) * 1024 + 1024 * kStackKib)));
}

// Where a machine has no memory left, somebody is ended by the kernel.
TEST_F(ProcessesTest, IsEndedBeforeAnybodyElseWhereMemoryRunsOut) {
    (void)start("cat /proc/self/oom_score_adj");
    EXPECT_EQ(ended_.take()->text(), "exit status 0");
    EXPECT_THAT(logs_.lines(), ElementsAre("1000"));
}

TEST_F(ProcessesTest, DoesNotInterruptWhoWakesIt) {
    (void)start("set -- $(cat /proc/self/stat); shift 40; echo $1");  // Linux, proc_pid_stat(5): policy
    EXPECT_EQ(ended_.take()->text(), "exit status 0");
    EXPECT_THAT(logs_.lines(), ElementsAre(std::to_string(SCHED_BATCH)));
}

TEST_F(ProcessesTest, WhatTheServerUsesIsNotCountedForWhoseProgramDidNotBegin) {
    const std::string of_the_server(std::size_t{200} * 1024 * 1024, 'x');
    for (int i = 0; i < 20; ++i) {
        clock_.advance(20ms);  // so that the limit is looked at right after the fork
        (void)start("exit 0", 128);
        EXPECT_EQ(ended_.take()->text(), "exit status 0");
    }
    EXPECT_THAT(logs_.lines(), ElementsAre());
    EXPECT_EQ(of_the_server.back(), 'x');
}

TEST_F(ProcessesTest, WhatCannotBeStartedEndsAtOnceAndSaysWhy) {
    const auto said = [&](const std::string& executable, const std::string& directory) {
        (void)processes_->start({.executable = executable,
                                 .argument0 = "bootstrap",
                                 .environment = {},
                                 .working_directory = directory,
                                 .log_group = "group",
                                 .log_stream = "stream",
                                 .memory_mb = 0});
        const std::string end = ended_.take()->text();  // once its lines are there
        return end + ": " + logs_.lines().back();
    };
    const std::string missing = folder_.file("nothing");
    EXPECT_EQ(said(missing, folder_.path()),
              "exit status 127: " + missing + " could not be started: No such file or directory");
    const std::string script = folder_.file("script");
    std::ofstream(script) << "#!/no/such/interpreter\n";
    EXPECT_EQ(said(script, folder_.path()), "exit status 127: " + script + " could not be started: Permission denied");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    EXPECT_EQ(said(script, folder_.path()),
              "exit status 127: " + script +
                  " could not be started: No such file or directory, which is true not of it but of its interpreter");
    EXPECT_EQ(said("/bin/true", missing),
              "exit status 126: its working directory " + missing + " could not be entered: No such file or directory");
}

/// Of which the last descriptors went to its pipe, so that nothing else of it could be opened.
class BarelyStartedTest : public ProcessesTest {
protected:
    void SetUp() override {
        if (!holdpoint::test::kCanBeginWithFewFiles) GTEST_SKIP() << "the sanitizer itself has to open files";
    }
    /// The script has to make a file `started`.
    void start_barely(const std::string& script, std::int64_t memory_mb = 0) {
        ProcessSpec spec = running(script, memory_mb);
        const holdpoint::test::FewFiles few(2);
        (void)processes_->start(std::move(spec));
        ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder_.file("started")); }));
    }
    [[nodiscard]] std::optional<ProcessEnd> end() {
        const bool is_over = eventually([&] {
            clock_.advance(20ms);
            return ended_.size() > 0;
        });
        return is_over ? ended_.take() : std::nullopt;
    }
};

TEST_F(BarelyStartedTest, ItsEndIsNoticedAndItReadsNothingOfTheServers) {
    const int standard_input = ::dup(STDIN_FILENO);
    std::array<int, 2> of_the_server{};
    ASSERT_EQ(::pipe(of_the_server.data()), 0);
    ::dup2(of_the_server[0], STDIN_FILENO);
    start_barely("readlink /proc/$$/fd/0; touch started; exit 3");
    ::dup2(standard_input, STDIN_FILENO);
    for (const int one : {standard_input, of_the_server[0], of_the_server[1]}) ::close(one);
    const auto ended = end();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->exit_status, 3);
    EXPECT_THAT(logs_.lines(), ElementsAre("/dev/null"));
}

TEST_F(BarelyStartedTest, ItsMemoryIsLimitedAsSoonAsThereAreSome) {
    start_barely("x=$(head -c 60000000 /dev/zero | tr '\\0' x); touch started; sleep 60", 30);
    const auto ended = end();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->signal, SIGKILL);
    EXPECT_THAT(logs_.lines(), Contains(HasSubstr("Out of memory")));
}

TEST(ProcessesDeathTest, WhatNobodyExpectedEndsTheServerAndSaysWhy) {
    ::testing::FLAGS_gtest_death_test_style = "threadsafe";
    const auto fail = [] {
        const SystemClock clock;
        MemoryLogs logs;
        const Processes processes(
            clock, logs, [](ProcessId, const ProcessEnd&) {}, [] { throw std::runtime_error("no memory"); }, 1ms);
        std::promise<void>().get_future().wait();
    };
    EXPECT_EXIT(fail(), ::testing::ExitedWithCode(70), "what was acknowledged is safe.*no memory");
}

TEST_F(ProcessesTest, ASignalReachesItsProcess) {
    const ProcessId id = start("echo $$ > pid; exec sleep 60");
    ASSERT_GT(number_in("pid"), 0);
    processes_->signal(id, SIGTERM);
    EXPECT_EQ(ended_.take()->signal, SIGTERM);
    processes_->signal(id, SIGTERM);  // it is not there any more
}

TEST_F(ProcessesTest, AllEndWithTheServer) {
    (void)start("trap '' TERM; echo $$ > pid; while true; do sleep 1; done");
    const pid_t pid = number_in("pid");
    ASSERT_GT(pid, 0);
    processes_.reset();
    EXPECT_TRUE(is_gone(pid));
}

TEST_F(ProcessesTest, WhatAProcessStartedEndsWithIt) {
    (void)start("sleep 60 & echo $! > pid; exit 0");
    const pid_t child = number_in("pid");
    ASSERT_TRUE(ended_.take());
    EXPECT_TRUE(eventually([&] { return is_gone(child); }));
}

// A server ignores SIGPIPE, and ignoring is inherited: `yes | head` would say "Broken pipe" in a function.
TEST_F(ProcessesTest, NoSignalIsIgnoredFromTheStart) {
    const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
    const auto quit_before = ::signal(SIGQUIT, SIG_IGN);
    (void)start("grep -E 'SigIgn|SigBlk' /proc/self/status");
    ASSERT_TRUE(ended_.take());
    ::signal(SIGPIPE, pipe_before);
    ::signal(SIGQUIT, quit_before);
    // Signal 32 is the C library's own, and may be inherited ignored.
    EXPECT_THAT(logs_.lines(), ElementsAre("SigBlk:\t0000000000000000",
                                           AnyOf("SigIgn:\t0000000000000000", "SigIgn:\t0000000080000000")));
}

// It wrote faster than the supervisor reads, which then never looked at anything else.
TEST_F(ProcessesTest, WhoWritesWithoutEndIsStillWatched) {
    const ProcessId id = start("echo $$ > pid; exec yes a line like those that functions write");
    ASSERT_GT(number_in("pid"), 0);
    ASSERT_TRUE(eventually([&] { return logs_.flushes > 2; })) << "memory has an end";
    processes_->signal(id, SIGKILL);
    const auto end = ended_.take();
    ASSERT_TRUE(end);
    EXPECT_EQ(end->signal, SIGKILL);
}

TEST_F(ProcessesTest, TicksFollowTheClock) {
    for (int i = 1; i <= 3; ++i) {
        clock_.advance(20ms);
        EXPECT_TRUE(eventually([&] { return ticks_ >= i; }));
    }
    EXPECT_EQ(ticks_, 3);
}

TEST_F(ProcessesTest, DrainBringsWhatWasWrittenBefore) {
    const ProcessId id = start("echo first; printf partial; echo $$ > pid; exec sleep 60");
    ASSERT_GT(number_in("pid"), 0);
    Box<std::string> tail;
    processes_->drain(id, [&](long peak_kib, const std::string& text) { tail.put(std::to_string(peak_kib) + text); });
    EXPECT_THAT(*tail.take(), HasSubstr("first\npartial\n"));
    EXPECT_THAT(logs_.lines(), ElementsAre("first", "partial"));
    processes_->signal(id, SIGKILL);
    ASSERT_TRUE(ended_.take());
    processes_->drain(id, [&](long peak_kib, const std::string& text) { tail.put(std::to_string(peak_kib) + text); });
    EXPECT_EQ(tail.take(), "0") << "answered also when it is gone";
}

}  // namespace
}  // namespace holdpoint::engine
