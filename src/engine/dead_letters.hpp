// Dead letters of durable executions: the event of one that nobody waited for and that did not succeed goes to the
// topic of its function's dead letter config. (Lambda developer guide, "Best practices for Lambda durable functions")
#pragma once

#include <string>
#include <string_view>

#include "core/execution.hpp"
#include "engine/may_send.hpp"
#include "store/store.hpp"

namespace holdpoint::engine {

/// Once for each execution, in the transaction that ends it. What was invoked by another execution, or by somebody who
/// waits for it, has told of its end itself. What cannot be sent, or may not, is lost, as on AWS; the server's log says
/// why. `nonce` must never repeat.
void send_dead_letter(store::Transaction& rows, const core::Execution& ended, const MaySend& may_send,
                      std::string_view region, std::string_view account, TimePoint now, std::string_view nonce);

}  // namespace holdpoint::engine
