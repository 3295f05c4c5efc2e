// CloudWatch Logs: the JSON 1.1 surface over the log store. (AWS API, CloudWatch Logs 2014-03-28)
#pragma once

#include <memory>

#include "api/service.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api {

/// InvalidParameterException unless it is one of the numbers of days that log groups may be kept for. (CloudWatch Logs
/// API, PutRetentionPolicy)
[[nodiscard]] Result<void> check_retention(std::int64_t days);

[[nodiscard]] std::unique_ptr<Service> make_logs_service(const Context& context, store::LogStore& logs);

}  // namespace holdpoint::api
