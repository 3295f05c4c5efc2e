// HOLDPOINT_ASSERT: for our own bugs, never for input; stays on in release. Server code only.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the process when `condition` is false: recovery from disk is safer than running on with a broken assumption.
#define HOLDPOINT_ASSERT(condition, meaning)                                                                     \
    do {                                                                                                         \
        if (!(condition)) [[unlikely]] {                                                                         \
            std::fprintf(stderr, "%s:%d: assertion failed: %s (%s)\n", __FILE__, __LINE__, meaning, #condition); \
            std::abort();                                                                                        \
        }                                                                                                        \
    } while (false)
