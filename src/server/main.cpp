// holdpoint: the server and its commands.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.hpp"
#include "cli/session.hpp"
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
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // help was asked for
        fmt::print(stderr, "{}", holdpoint::cli::explain_wrong_use(app, error));
        return app.got_subcommand("up") ? holdpoint::server::kBadConfiguration : holdpoint::cli::kWrongUse;
    } catch (const std::exception& error) {
        fmt::print(stderr, "holdpoint: {}\n", error.what());
        return 1;
    }
}
