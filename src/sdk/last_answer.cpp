#include "sdk/last_answer.hpp"

#include <unistd.h>

namespace durable::detail {

namespace {
std::function<void(const ExecutionState&)>& hook() {
    static std::function<void(const ExecutionState&)> instance;
    return instance;
}
}  // namespace

void end_process_with_answer(const ExecutionState& state) {
    if (!hook()) ::_exit(1);
    hook()(state);
    ::_exit(0);
}

void set_last_answer_hook(std::function<void(const ExecutionState&)> value) {
    hook() = std::move(value);
}

}  // namespace durable::detail
