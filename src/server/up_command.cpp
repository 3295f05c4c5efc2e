#include "server/up_command.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "server/server.hpp"
#include "server/service_manager.hpp"
#include "server/settings_flags.hpp"

namespace holdpoint::server {

namespace {

struct Arguments {
    explicit Arguments(CLI::App& command) : settings(command) {
        command.add_flag("--print-config", print, "shows every setting and where it came from, and starts nothing");
    }
    SettingsFlags settings;
    bool print = false;
};

/// To people a sentence on standard output, to programs a line of the log.
void say(const Options& options, const std::string& sentence, std::string_view event, log::Fields fields) {
    if (options.log_format == log::Format::json) return log::write(log::Level::info, event, fields);
    fmt::print("{}\n", sentence);
    std::fflush(stdout);
}

void serve(const Options& options) {
    // Blocked before any thread starts, so that every thread inherits it and sigwait below gets them.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    signal(SIGPIPE, SIG_IGN);
    const Server server(options);
    say(options, fmt::format("Holdpoint listens on {} (data in {}). Ctrl-C ends it.", server.url(), options.data),
        "ready", {{"url", server.url()}, {"data", options.data}, {"version", HOLDPOINT_VERSION}});
    (void)notify_service_manager("READY=1\nSTATUS=listens on " + server.url());
    int received = 0;
    sigwait(&ending, &received);
    (void)notify_service_manager("STOPPING=1\nSTATUS=waits for invocations under way");
    say(options, "Holdpoint ends: what waits goes on after the next start.", "ending",
        {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

int run(const Arguments& arguments) {
    const auto configuration = arguments.settings.read();
    if (!configuration) {
        fmt::print(stderr, "holdpoint: {}\n", configuration.error().message);
        return kBadConfiguration;
    }
    if (arguments.print) {
        fmt::print("{}", print_config(*configuration));
        return 0;
    }
    log::set_up(configuration->options.log_level, configuration->options.log_format);
    for (const std::string& name : unknown_variables(environ)) {
        log::write(log::Level::warn, "a variable of the environment is no setting and is ignored", {{"name", name}});
    }
    serve(configuration->options);
    return 0;
}

}  // namespace

void add_up_command(CLI::App& app, int& status) {
    CLI::App* const command = app.add_subcommand("up", "start the server over a data folder");
    const auto arguments = std::make_shared<Arguments>(*command);
    command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace holdpoint::server
