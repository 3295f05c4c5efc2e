// Command group: commands that share their arguments, such as all that `holdpoint executions` has.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
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

/// UsageError for a value that is an empty text. It would count as not given, so that a variable that a script did
/// not set would turn off what the option asks for. Of these two it means something: no link, no comments.
inline void refuse_empty_values(const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
        if (option->check_lname("link") || option->check_lname("comments")) continue;
        if (std::ranges::find(option->results(), "") == option->results().end()) continue;
        throw UsageError(fmt::format("{}: expected a value, found an empty text", option->get_name()));
    }
}

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
        command->callback([run = std::move(run), given = arguments, command, &status = status_] {
            run_command(status, [&] {
                refuse_empty_values(*command);
                run(*given);
            });
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
