#include "sdk/replay.hpp"

#include <optional>

namespace durable::detail {

namespace wire = holdpoint::wire;
using wire::OperationStatus;
using wire::OperationType;

namespace {

using Operations = std::unordered_map<std::string, wire::Operation>;

/// Whether the handler will not come to it, because a context around it is answered from its own record.
bool is_hidden(const Operations& operations, const wire::Operation& operation) {
    for (std::optional<std::string> parent = operation.parent_id; parent;) {
        const auto context = operations.find(*parent);
        if (context == operations.end()) return true;
        const bool finished = context->second.status != OperationStatus::started;
        if (finished && !context->second.replay_children) return true;
        parent = context->second.parent_id;
    }
    return false;
}

}  // namespace

void Replay::begin(const Operations& operations, const std::vector<std::string>& updated) {
    for (const auto& [id, operation] : operations) {
        if (!is_hidden(operations, operation)) ahead_.insert(id);
    }
    for (const std::string& id : updated) {
        if (ahead_.contains(id)) news_.insert(id);
    }
    refresh();
}

void Replay::came_to(const std::string& id, const wire::Operation* record) {
    if (record == nullptr) {
        live_ = true;
    } else {
        ahead_.erase(id);
        const bool runs = record->type == OperationType::step &&
                          (record->status == OperationStatus::started || record->status == OperationStatus::ready);
        if (runs) live_ = true;
        // The outcome of a callback is taken later than the callback is created.
        if (record->type != OperationType::callback) took(id);
    }
    refresh();
}

void Replay::took(const std::string& id) {
    if (news_.erase(id) > 0 && ahead_.empty()) live_ = true;
    refresh();
}

void Replay::refresh() {
    const bool repeats = !live_ && !(ahead_.empty() && news_.empty());
    *replaying_ = repeats || closed_ > 0;
}

}  // namespace durable::detail
