// holdpoint: the server and its commands.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.hpp"
#include "cli/server_file.hpp"
#include "server/server.hpp"

namespace {

/// `host:port`; throws what CLI11 shows as the option's error.
void read_listen(const std::string& text, holdpoint::server::Options& options) {
    const auto colon = text.rfind(':');
    const std::string port = colon == std::string::npos ? "" : text.substr(colon + 1);
    if (port.empty() || port.find_first_not_of("0123456789") != std::string::npos || port.size() > 5 ||
        std::stoul(port) > 65535) {
        throw CLI::ValidationError("--listen", "expected HOST:PORT, such as 127.0.0.1:4566, got '" + text + "'");
    }
    options.host = text.substr(0, colon);
    options.port = static_cast<std::uint16_t>(std::stoul(port));
}

void read_limits(const std::vector<std::string>& assignments, holdpoint::server::Options& options) {
    for (const std::string& assignment : assignments) {
        const auto set = holdpoint::core::set_limit(options.limits, assignment);
        if (!set) throw CLI::ValidationError("--limit", set.error().message);
    }
}

int serve(const holdpoint::server::Options& options) {
    // Blocked before any thread starts, so that every thread inherits it and sigwait below gets them.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is a write that failed, as on a full disk
    const holdpoint::server::Server server(options);
    fmt::print("Holdpoint listens on {} (data in {}). Ctrl-C ends it.\n", server.url(), options.data);
    std::fflush(stdout);
    int received = 0;
    sigwait(&ending, &received);
    // The next one ends at once: nothing that was acknowledged needs what is done below.
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    fmt::print("Holdpoint ends: what waits goes on after the next start.\n");
    std::fflush(stdout);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Holdpoint: durable execution and approvals by people, self-hosted.");
    app.require_subcommand(1);
    holdpoint::server::Options options;
    options.data = holdpoint::cli::default_data_folder();
    std::string listen = "127.0.0.1:4566";
    CLI::App* up = app.add_subcommand("up", "start the server over a data folder");
    up->add_option("--data", options.data, "folder for everything that is kept")->capture_default_str();
    up->add_option("--listen", listen, "HOST:PORT; port 0 takes any free one")->capture_default_str();
    std::vector<std::string> limits;
    up->add_option("--limit", limits,
                   fmt::format("NAME=NUMBER, instead of AWS's limit for durable executions; may be repeated. Names: {}",
                               fmt::join(holdpoint::core::limit_names(), ", ")))
        ->allow_extra_args(false);
    int status = 0;
    holdpoint::cli::add_commands(app, status);
    try {
        app.parse(argc, argv);
        if (!up->parsed()) return status;
        read_listen(listen, options);
        read_limits(limits, options);
        return serve(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        fmt::print(stderr, "holdpoint: {}\n", error.what());
        return 1;
    }
}
