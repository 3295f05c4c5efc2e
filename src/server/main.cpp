// holdpoint: the server and its commands.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/unknown_command.hpp"
#include "server/care_commands.hpp"
#include "server/keys_command.hpp"
#include "server/settings_flags.hpp"
#include "server/up_command.hpp"

namespace {

/// Where standard input, output or error is closed, the next file or socket would get its number, and what is printed
/// would go there. Opened for reading alone, so that who prints is told.
void fill_standard_descriptors() {
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= STDERR_FILENO) descriptor = ::open("/dev/null", O_RDONLY);
    if (descriptor > STDERR_FILENO) ::close(descriptor);
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    CLI::App app("Holdpoint: durable execution and approvals by people, self-hosted.");
    app.set_version_flag("--version", "holdpoint " HOLDPOINT_VERSION);
    app.require_subcommand(1);
    int status = 0;
    holdpoint::server::add_up_command(app, status);
    holdpoint::server::add_care_commands(app, status);
    holdpoint::server::add_keys_command(app);
    holdpoint::cli::add_commands(app, status);
    try {
        app.parse(argc, argv);
        return status;
    } catch (const CLI::RequiredError& error) {
        // Of all that can be required, only a command is missed where what was given instead is more telling.
        const bool misses_command = std::string_view(error.what()).starts_with("A subcommand");
        if (!misses_command) return app.exit(error);
        fmt::print(stderr, "{}", holdpoint::cli::explain_missing_command(app));
        return error.get_exit_code();
    } catch (const CLI::ExtrasError& error) {
        fmt::print(stderr, "{}", holdpoint::cli::explain_unexpected_arguments(app));
        return app.got_subcommand("up") ? holdpoint::server::kBadConfiguration : error.get_exit_code();
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);  // 0: help was asked for
        return code != 0 && app.got_subcommand("up") ? holdpoint::server::kBadConfiguration : code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "holdpoint: {}\n", error.what());
        return 1;
    }
}
