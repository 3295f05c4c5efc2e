#include "sdk/place.hpp"

#include <fmt/format.h>

#include <utility>

#include "sdk/context_core.hpp"

namespace durable::detail {

namespace {
thread_local Frame* innermost = nullptr;
}  // namespace

Frame::Frame(const ContextCore* core, const std::string* name, const Aside* aside)
    : core_(core), name_(name), aside_(aside), outer_(std::exchange(innermost, this)) {}

Frame::~Frame() {
    innermost = outer_;
}

std::string Frame::problem(const ContextCore& core) {
    if (core.is_over()) {
        return "on a context whose body is over; a context is for the body that was given it, so keep no reference to "
               "it";
    }
    if (innermost != nullptr && innermost->aside_ == nullptr && innermost->core_ != &core) {
        return "on a context that the running body was not given; a child, branch or item uses the Context& that it is "
               "called with, because operations are numbered for each context";
    }
    return problem_in_any_body(core);
}

std::string Frame::problem_in_any_body(const ContextCore& core) {
    if (innermost == nullptr) {
        return "on a thread of its own, or after the handler had ended; durable operations belong to the thread that "
               "the body was called on, where their order is the same each time it runs. To do several things at once, "
               "use the operations that end in _async, map or parallel";
    }
    if (const Aside* aside = innermost->aside_) {
        return fmt::format("in {} '{}'; {}", aside->what, *innermost->name_, aside->why);
    }
    if (&innermost->core_->state != &core.state) {
        return "in another invocation than the one that made it; what outlives an invocation is recorded, so make "
               "futures and callbacks again, each time the handler runs";
    }
    if (std::uncaught_exceptions() > innermost->uncaught_) {
        return "in a destructor while an exception was on its way (perhaps a suspension); destructors run at every "
               "suspension, so call it from the body or from a catch block instead";
    }
    return {};
}

}  // namespace durable::detail
