// Few files, for tests: this process can open only so many more, as when others took the rest.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

namespace holdpoint::test {

/// Clang's UBSan has to open files itself, to look at types: what begins with few files begins so only without it.
#ifdef __clang__
inline constexpr bool kCanBeginWithFewFiles = !__has_feature(undefined_behavior_sanitizer);
#else
inline constexpr bool kCanBeginWithFewFiles = true;
#endif

class FewFiles {
public:
    explicit FewFiles(int more) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        int limit = 0;
        while (more > 0 || ::fcntl(limit, F_GETFD) >= 0) {
            if (::fcntl(limit, F_GETFD) < 0) --more;
            ++limit;
        }
        const rlimit few{.rlim_cur = static_cast<rlim_t>(limit), .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &few);
    }
    ~FewFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    FewFiles(const FewFiles&) = delete;
    FewFiles& operator=(const FewFiles&) = delete;

private:
    rlimit before_{};
};

}  // namespace holdpoint::test
