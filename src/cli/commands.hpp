// Commands: everything of `holdpoint` but `up`.
#pragma once

namespace CLI {
class App;
}

namespace holdpoint::cli {

/// Adds env, deploy, delete, approvals, audit, executions and logs. A command that ran leaves the exit status in
/// `status`: 0 done, 1 refused or failed. (unknown_command.hpp: 2)
void add_commands(CLI::App& app, int& status);

// One for each file.
void add_stack_commands(CLI::App& app, int& status);
void add_approval_commands(CLI::App& app, int& status);
/// Into the group `approvals`.
void add_sign_in_commands(CLI::App& approvals, int& status);
void add_policy_commands(CLI::App& approvals, int& status);
void add_mail_commands(CLI::App& approvals, int& status);
void add_audit_commands(CLI::App& app, int& status);
void add_execution_commands(CLI::App& app, int& status);
void add_log_command(CLI::App& app, int& status);

}  // namespace holdpoint::cli
