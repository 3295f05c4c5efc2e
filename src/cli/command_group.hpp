// Command group: commands that share their arguments, such as all that `holdpoint executions` has.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "cli/session.hpp"

namespace holdpoint::cli {

/// Of commands that ask the approvals stack.
struct StackArguments {
    std::string stack = "app-sam";
    bool json = false;
};

/// Arguments has the members of StackArguments.
template <class Arguments>
class CommandGroup {
public:
    /// Adds to `app`; a command that ran leaves its exit status in `status`.
    CommandGroup(CLI::App& app, int& status) : app_(app), status_(status) {}

    /// A command with --json, whose `run` gets the arguments.
    template <class Run>
    CLI::App* add(const std::string& name, const std::string& what, Run run) const {
        CLI::App* command = app_.add_subcommand(name, what);
        command->add_flag("--json", arguments->json, "print JSON");
        command->callback([run = std::move(run), given = arguments, &status = status_] {
            run_command(status, [&] { run(*given); });
        });
        return command;
    }
    /// And with --stack-name.
    template <class Run>
    CLI::App* add_for_stack(const std::string& name, const std::string& what, Run run) const {
        CLI::App* command = add(name, what, std::move(run));
        command->add_option("--stack-name", arguments->stack, "the approvals stack")->capture_default_str();
        return command;
    }

    const std::shared_ptr<Arguments> arguments = std::make_shared<Arguments>();

private:
    CLI::App& app_;
    int& status_;
};

}  // namespace holdpoint::cli
