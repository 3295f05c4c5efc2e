// DynamoDB: the JSON 1.0 surface over the tables room. (AWS API, DynamoDB 2012-08-10)
#pragma once

#include <memory>

#include "api/service.hpp"

namespace holdpoint::api {

/// Reads answer from a snapshot on the calling thread; what writes goes through the writer. Expiry is not its business:
/// the server calls tables::expired() now and then.
[[nodiscard]] std::unique_ptr<Service> make_dynamodb_service(const Context& context);

}  // namespace holdpoint::api
