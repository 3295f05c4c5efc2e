// Ending: what becomes of the server when one of its threads cannot go on.
#pragma once

#include <functional>
#include <string_view>

namespace holdpoint {

/// Ends the process now, with status 70, after a line that says why: recovery, which reads what is really on disk, is
/// the one path that must work anyway. `event` ends with "what was acknowledged is safe".
[[noreturn]] void end_now(std::string_view event, std::string_view thread, std::string_view why);

/// Does a thread's work; what that throws ends the process. Without this the C++ runtime would abort it, and nobody
/// would hear why.
void do_or_end(std::string_view thread, const std::function<void()>& work);

}  // namespace holdpoint
