// Left behind: what processes started that are gone, and took out of their group (setsid).
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace holdpoint::engine {

/// Kills each process of this user's, but the spared ones, that has one of these lines (NAME=value) in its environment.
/// What gave itself another environment is not found: only a control group holds that.
void kill_left_behind(const std::set<std::string>& marks, const std::set<pid_t>& spared);

}  // namespace holdpoint::engine
