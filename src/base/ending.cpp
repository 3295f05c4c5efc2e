#include "base/ending.hpp"

#include <cstdlib>
#include <exception>

#include "base/log.hpp"

namespace holdpoint {

namespace {

constexpr int kFailed = 70;  // whoever started the server may start it again (sysexits.h, EX_SOFTWARE)

}  // namespace

void end_now(std::string_view event, std::string_view thread, std::string_view why) {
    log::write(log::Level::error, event, {{"thread", thread}, {"why", why}});
    std::_Exit(kFailed);
}

void do_or_end(std::string_view thread, const std::function<void()>& work) {
    try {
        work();
    } catch (const std::exception& error) {
        end_now("a thread failed, ending now; what was acknowledged is safe", thread, error.what());
    }
}

}  // namespace holdpoint
