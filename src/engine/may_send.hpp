// May send: whether the role of what was invoked lets its outcome go somewhere, asked whenever one goes.
#pragma once

#include <functional>
#include <string>

#include "base/rows.hpp"
#include "functions/function.hpp"

namespace holdpoint::engine {

/// The error says why the version that ran may not send to that topic or function, or why nobody can. Called on the
/// writer's thread, in the transaction that sends.
using MaySend =
    std::function<Result<void>(const RowReader& rows, const functions::Function& invoked, const std::string& target)>;

}  // namespace holdpoint::engine
