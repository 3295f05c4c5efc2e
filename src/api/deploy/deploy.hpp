// Deploy: `holdpoint deploy` and `holdpoint delete` over HTTP. JSON in and out; for the account's own key alone.
#pragma once

// POST /holdpoint/deploy
//   {"stack_name", "template": <text>, "parameters": {name: text}, "code": {executable's name: {"path": <absolute>}}}
//   A parameter that is not given keeps the value that the stack has, as with `aws cloudformation deploy`.
//   Answer: {"stack_name", "stack_id", "status": "CREATE_COMPLETE" | "UPDATE_COMPLETE",
//            "outputs": [{"key", "value", "description"}],
//            "changes": [{"logical_id", "type", "physical_id",
//                         "change": "created" | "updated" | "replaced" | "adopted" | "unchanged" | "deleted" |
//                         "retained"}],
//            "aws_only": ["Resource.Property"], "warnings": [text]}
//   A template that is refused: ValidationError with "problems": [{"path", "line", "message"}].
//
// POST /holdpoint/delete
//   {"stack_name", "force": bool, "with_audit": bool}
//   Answer: {"stack_name", "stack_id", "deleted": bool, "open_executions": [{"function", "count"}],
//            "changes", "warnings"}
//   Without `force` a stack whose functions have open executions is left as it is, and `deleted` is false.
//   `with_audit` deletes also what the template retains.
//
// Errors: JSON 1.1 as in AWS's services, {"__type", "message"}.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/deploy/stack_changes.hpp"
#include "api/service.hpp"
#include "store/log_store.hpp"

namespace holdpoint::api {

/// What deploying and deleting need besides the context. References outlive the services.
struct DeployOptions {
    std::string code_folder;  // <data>/code; there already
    store::LogStore& logs;
    /// After a commit: these functions have other code or configuration now, or are gone. Must not block.
    std::function<void(const std::vector<std::string>& names)> on_functions_changed;
    /// After a commit that may have added deliveries. Must not block.
    std::function<void()> deliveries_added;
    /// How many executions of a function are not closed; called on an I/O thread.
    std::function<std::size_t(const std::string& function)> count_open_executions;
};

[[nodiscard]] std::unique_ptr<Service> make_deploy_service(const Context& context, DeployOptions options);

/// Deletes a stack in one writer command and does what follows; `answer` comes after the commit, or with the refusal.
void submit_delete(const Context& context, const DeployOptions& options, const std::string& name_or_id,
                   bool with_retained, std::function<void(const Result<StackChange>&)> answer);

/// Counts in the store; for DeployOptions::count_open_executions.
[[nodiscard]] std::size_t count_open_executions(store::Store& store, const std::string& function);

}  // namespace holdpoint::api
