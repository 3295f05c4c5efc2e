// What the files of the Lambda service share.
#pragma once

#include <boost/json.hpp>

#include "api/lambda/histories.hpp"
#include "api/lambda/lambda.hpp"
#include "wire/durable.hpp"

namespace holdpoint::api {

/// `{errorMessage, errorType, stackTrace}`: a failed function's payload as callers of Invoke see it.
[[nodiscard]] boost::json::object function_error(const wire::ErrorObject& error);

/// Invoke; `function_name` is decoded.
void handle_invoke(const Context& context, const LambdaEngine& engine, Call call, const std::string& function_name);

/// The operations under /2025-12-01/. False: the path is none of theirs.
[[nodiscard]] bool handle_durable(const Context& context, const LambdaEngine& engine, Histories& histories, Call& call);

/// A member of the request's query; empty when it is not there.
[[nodiscard]] std::string query_value(const net::Request& request, std::string_view name);
/// The query's MaxItems. SerializationException when it is no number, ValidationException when it is outside [min,
/// max].
[[nodiscard]] Result<std::size_t> query_max_items(const net::Request& request, std::size_t fallback, std::int64_t min,
                                                  std::int64_t max);
/// The key in the query's Marker, empty when there is none. InvalidParameterValueException when it is no marker of this
/// list.
[[nodiscard]] Result<std::string> query_marker(const net::Request& request, std::string_view list);
[[nodiscard]] std::unexpected<Error> invalid_marker();
/// "true" or "false"; SerializationException otherwise.
[[nodiscard]] Result<bool> query_flag(const net::Request& request, std::string_view name, bool fallback);

void respond_error(const Call& call, const Error& error);

}  // namespace holdpoint::api
