#include "server/up_command.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "server/data_folder.hpp"
#include "server/server.hpp"
#include "server/service_manager.hpp"
#include "server/settings_flags.hpp"
#include "store/store.hpp"

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

/// What is wrong with new files is said, and the server goes on with the certificate that it has.
void reload_tls(Server& server, const Options& options, std::string_view doing) {
    try {
        const std::string warning = server.reload_tls();
        say(options, fmt::format("Holdpoint {} the certificate of its files.", doing), "certificate",
            {{"file", options.tls_certificate}});
        if (!warning.empty()) log::write(log::Level::warn, "the certificate needs its operator", {{"why", warning}});
    } catch (const std::exception& error) {
        log::write(log::Level::error, "the certificate stays as it is", {{"why", error.what()}});
    }
}

/// Each connection is one and each function process some, and the usual limit of 1024 is for programs that use select.
void allow_more_files() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

void serve(const Options& options) {
    allow_more_files();
    // Functions run as the same user: without this they could read the server's environment and memory, keys included.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const bool has_tls = options.has_tls();
    // Blocked before any thread starts, so that every thread inherits it and sigwait below gets them.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    if (has_tls) sigaddset(&ending, SIGHUP);
    // There is nothing to read again, and a service has no terminal whose end this could mean.
    if (!has_tls && std::getenv("NOTIFY_SOCKET") != nullptr) signal(SIGHUP, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // a file at its size limit is a write that failed, as on a full disk
    Server server(options);
    if (has_tls) reload_tls(server, options, "uses");
    if (options.insecure_plain_http && !has_tls) {
        log::write(log::Level::warn, "without TLS, whoever is on the way can read and change all of it");
    }
    say(options, fmt::format("Holdpoint listens on {} (data in {}). Ctrl-C ends it.", server.url(), options.data),
        "ready", {{"url", server.url()}, {"data", options.data}, {"version", HOLDPOINT_VERSION}});
    (void)notify_service_manager("READY=1\nSTATUS=listens on " + server.url());
    int received = 0;
    while (sigwait(&ending, &received) == 0 && received == SIGHUP) reload_tls(server, options, "now uses");
    // The next one ends at once: nothing that was acknowledged needs what is done below.
    sigdelset(&ending, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
    // More than systemd's own patience when drain-seconds are many; all else takes seconds.
    constexpr std::chrono::microseconds kForTheRest = std::chrono::seconds(25);
    const std::chrono::microseconds needed = kForTheRest + std::chrono::seconds(options.drain_seconds);
    (void)notify_service_manager(
        fmt::format("STOPPING=1\nSTATUS=waits for invocations under way\nEXTEND_TIMEOUT_USEC={}", needed.count()));
    say(options, "Holdpoint ends: what waits goes on after the next start.", "ending",
        {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

int refuse(std::string_view why) {
    fmt::print(stderr, "holdpoint: {}\n", why);
    return kBadConfiguration;
}

int run(const Arguments& arguments) {
    auto configuration = arguments.settings.read();
    if (!configuration) return refuse(configuration.error().message);
    if (arguments.print) {
        fmt::print("{}", print_config(*configuration));
        return 0;
    }
    log::set_up(configuration->options.log_level, configuration->options.log_format);
    for (const std::string& name : unknown_variables(environ)) {
        log::write(log::Level::warn, "a variable of the environment is no setting and is ignored", {{"name", name}});
    }
    if (!configuration->warning.empty()) {
        log::write(log::Level::warn, "the configuration needs its operator", {{"why", configuration->warning}});
    }
    Options& options = configuration->options;
    try {
        options.master_key = read_master_key(options);
        serve(options);
    } catch (const BadConfiguration& problem) {
        return refuse(problem.what());
    } catch (const store::UnusableDatabase& problem) {
        return refuse(problem.what());
    } catch (const SealError& problem) {
        return refuse(problem.what());
    } catch (const std::system_error& problem) {
        if (problem.code() != std::errc::resource_unavailable_try_again) throw;
        throw std::runtime_error(
            "no thread can be started: the server's user may have no more processes and threads (ulimit -u, TasksMax "
            "in the unit), or the machine has no memory for one");
    }
    return 0;
}

}  // namespace

void add_up_command(CLI::App& app, int& status) {
    CLI::App* const command = app.add_subcommand("up", "start the server over a data folder");
    const auto arguments = std::make_shared<Arguments>(*command);
    command->callback([arguments, &status] { status = run(*arguments); });
}

}  // namespace holdpoint::server
