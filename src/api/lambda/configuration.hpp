// Configuration of functions: the members that requests may have, and FunctionConfiguration as answers show it.
#pragma once

#include <boost/json.hpp>
#include <span>
#include <string_view>

#include "api/service.hpp"
#include "functions/function.hpp"

namespace holdpoint::api {

/// FunctionConfiguration; a `qualifier` (version or alias) goes into the ARN.
[[nodiscard]] boost::json::object function_configuration(const Context& context, const functions::Function& function,
                                                         std::string_view qualifier);

/// Writes the members of a request (Timeout, Environment, …) into `function`, but those in `others`, which the caller
/// reads. SerializationException for a wrong type, InvalidParameterValueException for what AWS or this server refuses;
/// a member that is not supported is named.
[[nodiscard]] Result<void> apply_configuration(const boost::json::object& members, std::string_view operation,
                                               std::span<const std::string_view> others, functions::Function& function);

/// CodeSha256 in AWS's form: base64 of an archive's digest, hex of an image's.
[[nodiscard]] std::string code_sha256_text(const functions::Function& function);

/// "x86_64" or "arm64": what this machine is, in AWS's words.
[[nodiscard]] std::string_view architecture();
/// Refuses other architectures than this machine's.
[[nodiscard]] Result<void> check_architectures(const boost::json::value& value);

}  // namespace holdpoint::api
