// Deploy: the server's own endpoint for `holdpoint deploy` and `holdpoint delete`; the account's own key alone may call
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/code/code_store.hpp"
#include "api/service.hpp"
#include "engine/concurrency.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api {

struct DeployOptions {
    std::string url;  // of the server, where HTTP APIs are reached
    engine::Concurrency* concurrency;
    /// Called after a commit that changed or removed a function.
    std::function<void(const std::string& function_name)> on_function_changed;
};

/// POST /holdpoint/deploy: {template, folder, stack_name, parameters, code: {executable: path}} answers {outputs,
/// changes, aws_only, waiting}; `folder` is the template's, where a relative CodeUri starts; `waiting` counts the
/// executions of functions that are gone from the stack. Code is copied by content, so that a rebuilt file changes
/// nothing that was deployed. POST /holdpoint/delete: {stack_name, force, with_audit} answers
/// {deleted, waiting, kept}; without `force` it only counts when executions still wait.
[[nodiscard]] std::unique_ptr<Service> make_deploy_service(const Context& context, store::LogStore& logs,
                                                           CodeStore& code, DeployOptions options);

}  // namespace holdpoint::api
