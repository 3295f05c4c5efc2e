// holdpoint: the server and its commands.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <memory>

#include "cli/commands.hpp"
#include "cli/server_file.hpp"
#include "server/data_folder.hpp"
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

/// What is wrong with new files is said, and the server goes on with the certificate that it has.
void reload_tls(holdpoint::server::Server& server, std::string_view doing) {
    try {
        const std::string warning = server.reload_tls();
        fmt::print("Holdpoint {} the certificate of its files.\n", doing);
        if (!warning.empty()) fmt::print(stderr, "holdpoint: warning: {}\n", warning);
    } catch (const std::exception& error) {
        fmt::print(stderr, "holdpoint: the certificate stays as it is: {}\n", error.what());
    }
    std::fflush(stdout);
}

int serve(const holdpoint::server::Options& options) {
    // Functions run as the same user: without this they could read the server's environment and memory, keys included.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // Blocked before any thread starts, so that every thread inherits it and sigwait below gets them.
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    if (options.listener.tls) sigaddset(&ending, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ending, nullptr);
    signal(SIGPIPE, SIG_IGN);
    holdpoint::server::Server server(options);
    if (options.listener.tls) reload_tls(server, "uses");
    if (options.insecure_plain_http && !options.listener.tls) {
        fmt::print(stderr, "holdpoint: warning: without TLS, whoever is on the way can read and change all of it\n");
    }
    fmt::print("Holdpoint listens on {} (data in {}). Ctrl-C ends it.\n", server.url(), options.data);
    std::fflush(stdout);
    int received = 0;
    while (sigwait(&ending, &received) == 0 && received == SIGHUP) reload_tls(server, "now uses");
    fmt::print("Holdpoint ends: what waits goes on after the next start.\n");
    std::fflush(stdout);
    return 0;
}

/// What options name; read once all of them are known.
struct Files {
    holdpoint::net::TlsFiles tls;
    std::string master_key;
};

/// `keys rotate`: only the key files are sealed anew, so that it takes no time however much is kept.
void add_keys_command(CLI::App& app) {
    struct Rotation {
        std::string data = holdpoint::cli::default_data_folder();
        std::string current;
        std::string next;
    };
    const auto rotation = std::make_shared<Rotation>();
    CLI::App* keys = app.add_subcommand("keys", "the keys in a data folder whose server does not run");
    keys->require_subcommand(1);
    CLI::App* rotate = keys->add_subcommand("rotate", "seal them under a new master key");
    rotate->add_option("--data", rotation->data, "the server's data folder")->capture_default_str();
    rotate->add_option("--master-key-file", rotation->current,
                       "the master key until now; else that of the environment; else they are not sealed yet");
    rotate->add_option("--new-master-key-file", rotation->next, "the master key from now on")->required();
    rotate->callback([rotation] {
        const auto current = rotation->current.empty() ? holdpoint::SealKey::from_environment()
                                                       : holdpoint::SealKey::read(rotation->current);
        const auto next = holdpoint::SealKey::read(rotation->next);
        const holdpoint::server::DataFolder folder(rotation->data);
        const auto names = holdpoint::server::reseal(folder, current ? &*current : nullptr, next);
        fmt::print("Sealed under the new master key: {}\n", fmt::join(names, ", "));
    });
}

void add_security_options(CLI::App& up, holdpoint::server::Options& options, Files& files) {
    auto& listener = options.listener;
    CLI::Option* certificate =
        up.add_option("--tls-cert", files.tls.certificate, "certificate chain (PEM): https instead of http");
    CLI::Option* key = up.add_option("--tls-key", files.tls.key, "its key (PEM); both are read again at SIGHUP");
    certificate->needs(key);
    key->needs(certificate);
    up.add_flag("--insecure-plain-http", options.insecure_plain_http,
                "listen without TLS where other machines reach it");
    up.add_option(
        "--master-key-file", files.master_key,
        "32 bytes (hexadecimal or base64) under which the folder's keys are sealed; else HOLDPOINT_MASTER_KEY, or "
        "the file that HOLDPOINT_MASTER_KEY_FILE names");
    up.add_flag("--encrypt-payloads", options.encrypt_payloads,
                "keep what passes through encrypted on disk; for good, once it was given");
    up.add_option("--requests-per-second", options.requests_per_second,
                  "what one caller may do before it is throttled as on AWS; 0: no limit")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    up.add_option("--connections-max", listener.connections_max, "open connections; more are told 503")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    up.add_option("--connections-per-address-max", listener.connections_per_address_max,
                  "open connections from one address; more are told 429; 0: as many as in all")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    const auto seconds = [&](const char* name, std::chrono::seconds& value, const char* what) {
        up.add_option_function<long>(
              name, [&value](const long& given) { value = std::chrono::seconds(given); }, what)
            ->check(CLI::Range(1L, 86400L))
            ->default_str(std::to_string(value.count()));
    };
    seconds("--header-timeout", listener.header_timeout, "seconds for a request's headers to arrive; then 408");
    seconds("--body-timeout", listener.body_timeout, "seconds for its body to arrive; then 408");
    seconds("--idle-timeout", listener.idle_timeout, "seconds that a connection may be idle");
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
    Files files;
    add_security_options(*up, options, files);
    add_keys_command(app);
    int status = 0;
    holdpoint::cli::add_commands(app, status);
    try {
        app.parse(argc, argv);
        if (!up->parsed()) return status;
        read_listen(listen, options);
        read_limits(limits, options);
        if (!files.tls.certificate.empty()) options.listener.tls = files.tls;
        options.master_key = files.master_key.empty() ? holdpoint::SealKey::from_environment()
                                                      : holdpoint::SealKey::read(files.master_key);
        return serve(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    } catch (const std::exception& error) {
        fmt::print(stderr, "holdpoint: {}\n", error.what());
        return 1;
    }
}
