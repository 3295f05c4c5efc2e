// sync_probe: what one flush to the disk costs in a folder, without any database; prints one JSON document.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "bench/measurements.hpp"

namespace {

using namespace holdpoint::bench;

constexpr int kWrites = 500;
constexpr std::size_t kBytes = 4096;  // a page of the database

int fail(const char* what) {
    std::perror(what);
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::string path = std::string(argc > 1 ? argv[1] : ".") + "/sync_probe.XXXXXX";
    const int file = ::mkstemp(path.data());
    if (file < 0) return fail(path.c_str());
    ::unlink(path.c_str());
    const std::string page(kBytes, 'x');
    std::vector<double> appended;
    std::vector<double> overwritten;
    for (int i = 0; i < 2 * kWrites; ++i) {
        const bool append = i < kWrites;
        const auto begin = Stopwatch::now();
        const auto offset = static_cast<off_t>(kBytes) * (append ? i : i - kWrites);
        if (::pwrite(file, page.data(), page.size(), offset) < 0) return fail("pwrite");
        if (::fdatasync(file) != 0) return fail("fdatasync");
        (append ? appended : overwritten).push_back(milliseconds(Stopwatch::now() - begin));
    }
    ::close(file);
    const boost::json::object report{{"bytes", kBytes},
                                     {"append_ms", summary(std::move(appended))},
                                     {"overwrite_ms", summary(std::move(overwritten))}};
    std::printf("%s\n", boost::json::serialize(report).c_str());
    return 0;
}
