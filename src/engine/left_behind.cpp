#include "engine/left_behind.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"

namespace holdpoint::engine {

namespace {

namespace fs = std::filesystem;

/// What one looked at may have started meanwhile.
constexpr int kRounds = 3;

bool has_mark(const fs::path& process, const std::set<std::string>& marks) {
    std::ifstream environment(process / "environ", std::ios::binary);
    std::string line;
    while (std::getline(environment, line, '\0')) {
        if (marks.contains(line)) return true;
    }
    return false;
}

bool is_own(const fs::path& process) {
    struct stat status{};
    return ::stat(process.c_str(), &status) == 0 && status.st_uid == ::geteuid();
}

}  // namespace

void kill_left_behind(const std::set<std::string>& marks, const std::set<pid_t>& spared) {
    bool any = true;
    for (int round = 0; round < kRounds && any; ++round) {
        any = false;
        std::error_code problem;
        for (auto each = fs::directory_iterator("/proc", problem); !problem && each != fs::directory_iterator();
             each.increment(problem)) {
            const auto pid = read_number<pid_t>(each->path().filename().string());
            if (!pid || spared.contains(*pid) || !is_own(each->path()) || !has_mark(each->path(), marks)) continue;
            any = ::kill(*pid, SIGKILL) == 0 || any;
        }
    }
}

}  // namespace holdpoint::engine
