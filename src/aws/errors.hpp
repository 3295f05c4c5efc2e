// Errors of AWS's protocols, read from a response.
#pragma once

#include "base/result.hpp"
#include "net/http.hpp"

namespace holdpoint::aws {

/// The name from x-amzn-ErrorType, `__type`, `code` or `<Code>`, without namespace; the message in either case; the
/// whole JSON body as details.
[[nodiscard]] Error read_error(const net::Response& response);

/// Too much at once, and nothing wrong otherwise; AWS's protocols say so with status 400, too.
[[nodiscard]] bool is_throttling(const Error& error);

}  // namespace holdpoint::aws
