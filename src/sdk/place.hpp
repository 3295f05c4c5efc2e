// Place: what the current thread is doing for the author: which body runs on it, so that durable operations are refused
// where they cannot work.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace durable::detail {

class ContextCore;

/// Code of the author's that durable operations do not belong into, and why not.
struct Aside {
    const char* what;
    const char* why;
};
inline constexpr Aside kStepBody{
    .what = "the body of the step",
    .why =
        "a step is recorded as a whole, so put durable operations beside it, or group them with "
        "run_in_child_context"};
inline constexpr const char* kAskedOnce =
    "what it answers is recorded, and it is not called again on replay, so put durable operations beside it";
inline constexpr Aside kShouldComplete{.what = "should_complete of", .why = kAskedOnce};
inline constexpr Aside kSerialize{.what = "serialize of", .why = kAskedOnce};
inline constexpr Aside kSummaryOf{.what = "summary of", .why = kAskedOnce};
inline constexpr Aside kMapErrorOf{
    .what = "map_error of",
    .why =
        "it is called again on replay, where a future may learn of its error at another place, so put durable "
        "operations beside it"};

/// A body of the author's on this thread, as long as it lives. Frames nest: a body may run inside another one's wait.
class Frame {
public:
    /// The body of a context.
    explicit Frame(const ContextCore& core) : Frame(&core, nullptr, nullptr) {}
    /// The body of a step, or what else is of the operation with this name.
    explicit Frame(const std::string& name, const Aside& aside = kStepBody) : Frame(nullptr, &name, &aside) {}
    ~Frame();
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    /// Why a durable operation of this context cannot be called here and now; empty when it can.
    [[nodiscard]] static std::string problem(const ContextCore& core);
    /// The same for what any body may do that runs in the same invocation as the context's.
    [[nodiscard]] static std::string problem_in_any_body(const ContextCore& core);

private:
    Frame(const ContextCore* core, const std::string* name, const Aside* aside);

    const ContextCore* core_;
    const std::string* name_;
    const Aside* aside_;  // none: the body of a context
    int uncaught_ = std::uncaught_exceptions();
    Frame* outer_;
};

}  // namespace durable::detail
