// Levels: the service levels of the stack, read from its table at most every 30 seconds, whoever asks and however
// often.
#pragma once

#include <optional>
#include <vector>

#include "approvals/domain/service_levels.hpp"
#include "approvals/repository/repository.hpp"
#include "base/clock.hpp"

namespace holdpoint::approvals {

class Levels {
public:
    Levels(Repository& repository, const Clock& clock) : repository_(repository), clock_(clock) {}

    struct Found {
        std::vector<GroupLevel> groups;
        bool is_complete = true;  // all requests were looked at
    };
    /// Of the oldest 10,000 requests that wait, and of the newest 5,000 of each outcome that were made in the last 30
    /// days.
    [[nodiscard]] Result<Found> current();

private:
    [[nodiscard]] Result<Found> read();

    Repository& repository_;
    const Clock& clock_;
    std::optional<Found> found_;
    Milliseconds read_at_{0};
};

}  // namespace holdpoint::approvals
