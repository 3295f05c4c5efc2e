// Rehearsal: an invocation over records that are finished, to see whether the code fits them. No step is run.
#pragma once

#include <string>

namespace durable::detail {

class Rehearsal {
public:
    virtual ~Rehearsal() = default;
    /// The code came to the operation of this id; called from any of the invocation's threads.
    virtual void came_to(const std::string& operation_id) = 0;
};

}  // namespace durable::detail
