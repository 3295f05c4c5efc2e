// Runtime API: how function processes fetch invocations and answer them. (Lambda developer guide, "Using the Lambda
// runtime API for custom runtimes", version 2018-06-01)
#pragma once

#include <memory>

#include "engine/invoker.hpp"
#include "net/http.hpp"

namespace holdpoint::api {

/// Requests come under /runtime/<secret of the process>/2018-06-01/runtime/…; they are not signed, the secret is what
/// proves the process.
void handle_runtime(engine::Invoker& invoker, const net::Request& request, const net::Respond& respond);

/// The same as AWS's runtimes know it: under /2018-06-01/runtime/…, at an address that the process alone was given. For
/// a listener that nobody but the server's own user reaches, since an address is no secret.
void handle_runtime_at_address(engine::Invoker& invoker, const net::Request& request, const net::Respond& respond);

}  // namespace holdpoint::api
