// CloudFormation: reading stacks, and deleting them. (AWS API, CloudFormation 2010-05-15)
#pragma once

#include <functional>
#include <memory>

#include "api/service.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api {

/// `on_function_changed` is called after a commit that removed a function.
[[nodiscard]] std::unique_ptr<Service> make_cloudformation_service(
    const Context& context, store::LogStore& logs, std::function<void(const std::string&)> on_function_changed);

}  // namespace holdpoint::api
