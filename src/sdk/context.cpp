#include "durable/context.hpp"

#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"

namespace durable {

Context::Context(std::shared_ptr<detail::ContextCore> core) : core_(std::move(core)) {}
Context::~Context() = default;

const Logger& Context::logger() const {
    return core_->logger;
}

const std::string& Context::execution_arn() const {
    return core_->state.execution_arn();
}

const std::string& Context::tenant_id() const {
    return core_->state.tenant_id;
}

std::chrono::system_clock::time_point Context::execution_started_at() const {
    return core_->state.started_at();
}

bool Context::is_replaying() const {
    return core_->is_replaying();
}

detail::Recorded Context::now(detail::Work work) {
    const detail::Taking taking(*core_, work.operation_id);
    return work.known ? std::move(*work.known) : work.run();
}

detail::BatchOutcome Context::now(const BatchWork& work) {
    const detail::Taking taking(*core_, work.operation_id);
    return work.run();
}

SerdesContext Context::payload_context() const {
    return {.execution_arn = core_->state.execution_arn(), .operation_id = {}};
}

}  // namespace durable
