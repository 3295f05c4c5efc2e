// Deploy: the server's own endpoint for `holdpoint deploy` and `holdpoint delete`; the account's own key alone may call
// it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/service.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api {

struct DeployOptions {
    std::string code_folder;
    /// Called after a commit that changed or removed a function.
    std::function<void(const std::string& function_name)> on_function_changed;
};

/// POST /holdpoint/deploy: {template, stack_name, parameters, code: {executable: path}} answers {outputs, changes,
/// aws_only}. Executables are copied by content, so that a rebuilt file changes nothing that was deployed.
/// POST /holdpoint/delete: {stack_name, force, with_audit} answers {deleted, waiting, kept}; without `force` it only
/// counts when executions still wait.
[[nodiscard]] std::unique_ptr<Service> make_deploy_service(const Context& context, store::LogStore& logs,
                                                           DeployOptions options);

/// Removes copies that no function and no version refers to any more. Call once, before requests are served: a deploy
/// stores its copies a moment before it refers to them.
void remove_unused_code(const std::string& code_folder, const RowReader& rows);

}  // namespace holdpoint::api
