// Unknown command: what to say to somebody who named no command, or a command or an option that there is not.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace holdpoint::cli {

/// For `app` after a parse that missed a subcommand: which one is unknown, what was perhaps meant, and all that there
/// are.
[[nodiscard]] std::string explain_missing_command(const CLI::App& app);

/// For `app` after a parse that had words left over: which option or word is not known, and what was perhaps meant.
[[nodiscard]] std::string explain_unexpected_arguments(const CLI::App& app);

}  // namespace holdpoint::cli
