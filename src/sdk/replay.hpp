// Replay: how far the handler has come in what earlier invocations did, so that what it said then is not said again.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "wire/durable.hpp"

namespace durable::detail {

/// The previous invocation came as far as the last operation that has a record, and from there to whatever it had to
/// wait for. So the handler repeats itself until it has come to every record and has taken one of the outcomes that
/// are new; or until it runs something that was never finished.
class Replay {
public:
    /// `updated`: the operations that the service changed since the previous invocation began.
    void begin(const std::unordered_map<std::string, holdpoint::wire::Operation>& operations,
               const std::vector<std::string>& updated);

    /// The handler came to this operation; `record` is nullptr when it has none.
    void came_to(const std::string& id, const holdpoint::wire::Operation* record);
    /// The handler took the outcome of this operation.
    void took(const std::string& id);

    /// The body of a child context whose result is recorded runs again, to build that result.
    void enter_closed() {
        ++closed_;
        refresh();
    }
    void leave_closed() {
        --closed_;
        refresh();
    }
    [[nodiscard]] bool is_in_closed() const { return closed_ > 0; }

    [[nodiscard]] bool is_replaying() const { return *replaying_; }
    /// The same as a flag that loggers share.
    [[nodiscard]] std::shared_ptr<const bool> flag() const { return replaying_; }

private:
    void refresh();

    std::unordered_set<std::string> ahead_;  // records that the handler has not come to
    std::unordered_set<std::string> news_;   // outcomes that the previous invocation may not have known
    bool live_ = false;
    int closed_ = 0;
    std::shared_ptr<bool> replaying_ = std::make_shared<bool>(false);
};

}  // namespace durable::detail
