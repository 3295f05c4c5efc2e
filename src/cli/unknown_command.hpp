// Unknown command: what to say to somebody whose command line is none that there is.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace holdpoint::cli {

/// For `app` after a parse that threw `error`: what is wrong, what was perhaps meant, and what there is.
[[nodiscard]] std::string explain_wrong_use(const CLI::App& app, const CLI::ParseError& error);

}  // namespace holdpoint::cli
