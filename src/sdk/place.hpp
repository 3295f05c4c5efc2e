// Place: what the current thread is doing for the author: which body runs on it, so that durable operations are refused
// where they cannot work.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace durable::detail {

class ContextCore;

/// A body of the author's on this thread, as long as it lives. Frames nest: a body may run inside another one's wait.
class Frame {
public:
    /// The body of a context.
    explicit Frame(const ContextCore& core) : Frame(&core, nullptr) {}
    /// The body of a step.
    explicit Frame(const std::string& step_name) : Frame(nullptr, &step_name) {}
    ~Frame();
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

    /// Why a durable operation of this context cannot be called here and now; empty when it can.
    [[nodiscard]] static std::string problem(const ContextCore& core);
    /// The same for what any body may do that runs in the same invocation as the context's.
    [[nodiscard]] static std::string problem_in_any_body(const ContextCore& core);

private:
    Frame(const ContextCore* core, const std::string* step);

    const ContextCore* core_;
    const std::string* step_;
    int uncaught_ = std::uncaught_exceptions();
    Frame* outer_;
};

}  // namespace durable::detail
