// env, deploy, delete: a server on this machine and what is deployed on it.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <thread>

#include "base/encoding.hpp"
#include "cli/aws_version.hpp"
#include "cli/commands.hpp"
#include "cli/server_file.hpp"
#include "cli/session.hpp"

namespace holdpoint::cli {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kLookEvery{50};

struct Target {
    std::string data = default_data_folder();
    std::string stack = "app-sam";
};

void add_target(CLI::App* command, const std::shared_ptr<Target>& target) {
    command->add_option("--data", target->data, "data folder of the server")
        ->capture_default_str()
        ->required(target->data.empty());
}

ServerFile server_of(const Target& target) {
    auto file = read_server_file(target.data);
    if (!file) throw CommandError(file.error().message);
    return *file;
}

/// Answered when indexes of large tables are filled, or their items gone.
constexpr std::chrono::minutes kWorkTakes{15};

json::value call_server(const ServerFile& server, const std::string& path, const json::object& body) {
    aws::Configuration configuration;
    configuration.credentials = {
        .access_key_id = server.access_key_id, .secret_access_key = server.secret_access_key, .session_token = {}};
    configuration.region = server.region;
    configuration.endpoint_url = server.url;
    Session session(std::move(configuration));
    aws::RestRequest request;
    request.method = "POST";
    request.path = path;
    request.body = json::serialize(body);
    request.read_timeout = kWorkTakes;
    return json::parse(require(session.client().rest("holdpoint", request)).body);
}

/// Why it cannot be spoken with; empty when it answers.
std::string lack_of_answer(const ServerFile& server) {
    const auto endpoint = net::parse_endpoint(server.url);
    if (!endpoint) return "this is no address";
    const net::Request request{.method = "GET", .target = "/health", .headers = {}, .body = {}};
    const auto response = net::make_transport()->send(*endpoint, request, {});
    if (!response) return response.error().message;
    return response->status == 200 ? "" : fmt::format("/health answers {}", response->status);
}

/// The server's file, waiting up to `patience` until the server answers: an earlier one may have left the file behind.
ServerFile await_server(const Target& target, std::chrono::seconds patience) {
    const SystemClock clock;
    const Milliseconds end = clock.monotonic() + patience;
    while (clock.monotonic() < end) {
        if (const auto file = read_server_file(target.data); file && lack_of_answer(*file).empty()) return *file;
        std::this_thread::sleep_for(kLookEvery);
    }
    ServerFile server = server_of(target);
    if (const std::string lack = lack_of_answer(server); !lack.empty()) {
        throw CommandError(
            fmt::format("nothing answers at {} after {} s ({}): start the server with `holdpoint up "
                        "--data {}`; `holdpoint doctor` says what keeps it from starting",
                        server.url, patience.count(), lack, target.data));
    }
    return server;
}

/// The server's file as it is; warns when nothing answers there.
ServerFile look_for_server(const Target& target) {
    ServerFile server = server_of(target);
    if (const std::string lack = lack_of_answer(server); !lack.empty()) {
        fmt::print(stderr,
                   "holdpoint: warning: nothing answers at {} ({}): the server was killed or has not started yet. "
                   "`holdpoint up --data {}` starts it, and --wait 10 waits until it answers.\n",
                   server.url, lack, target.data);
    }
    return server;
}

void env(const Target& target, std::chrono::seconds patience) {
    const ServerFile server =
        patience > std::chrono::seconds(0) ? await_server(target, patience) : look_for_server(target);
    print(
        fmt::format("export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\n"
                    "export AWS_DEFAULT_REGION={}\nexport AWS_REGION={}\nunset AWS_SESSION_TOKEN AWS_PROFILE\n",
                    server.url, server.access_key_id, server.secret_access_key, server.region, server.region));
    const auto text = installed_aws_version();
    const auto version = text ? parse_aws_version(*text) : std::nullopt;
    if (version && !honours_endpoint_url(*version)) {
        fmt::print(stderr,
                   "holdpoint: warning: the aws on PATH is {}.{}, which ignores AWS_ENDPOINT_URL and would talk to the "
                   "real AWS. Use 1.29 or later, or 2.13 or later, or add --endpoint-url {} to each call.\n",
                   version->major, version->minor, server.url);
    }
}

/// One Name=value pair.
void add_override(json::object& parameters, const std::string& one) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw UsageError(fmt::format("--parameter-overrides '{}': expected Name=value, or file://PATH", one));
    }
    if (!is_utf8(one)) throw UsageError("--parameter-overrides: expected UTF-8 text, found other bytes");
    parameters[one.substr(0, equals)] = one.substr(equals + 1);
}

/// A secret in a file is in nobody's list of processes.
void add_overrides_of_file(json::object& parameters, const std::string& path) {
    boost::system::error_code problem;
    const json::value list = json::parse(read_text_file(path), problem);
    // What is there instead may be a secret, so it is not said.
    const auto is_pair = [](const json::value& each) {
        const auto equals = each.is_string() ? each.get_string().find('=') : json::string::npos;
        return equals != json::string::npos && equals > 0;
    };
    if (problem || !list.is_array() || !std::ranges::all_of(list.get_array(), is_pair)) {
        throw CommandError(path + ": expected a JSON list of texts, [\"Name=value\"], found something else");
    }
    for (const json::value& one : list.get_array()) add_override(parameters, std::string(one.get_string()));
}

/// As `sam deploy` and `aws cloudformation deploy` take them.
json::object read_overrides(const std::vector<std::string>& overrides) {
    constexpr std::string_view kFile = "file://";
    json::object parameters;
    for (const std::string& one : overrides) {
        if (one.starts_with(kFile)) {
            add_overrides_of_file(parameters, one.substr(kFile.size()));
        } else {
            add_override(parameters, one);
        }
    }
    return parameters;
}

/// Every executable in the folder, by name: the server takes the ones that the template names.
json::object executables_in(const std::string& folder) {
    json::object code;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        const bool executable = entry.is_regular_file(problem) && ::access(entry.path().c_str(), X_OK) == 0;
        if (executable) code[entry.path().filename().string()] = fs::absolute(entry.path()).string();
    }
    if (problem) throw CommandError(fmt::format("--bin {}: {}", folder, problem.message()));
    return code;
}

/// Empty where there is no /proc.
std::string own_folder() {
    std::error_code problem;
    return fs::read_symlink("/proc/self/exe", problem).parent_path();
}

json::value deploy_request(const ServerFile& server, const std::string& path, const json::object& request) {
    try {
        return call_server(server, "/holdpoint/deploy", request);
    } catch (const CommandError& refusal) {
        throw CommandError(path + ": " + refusal.what());
    }
}

std::string read_template(const std::string& path) {
    std::string text = read_text_file(path);
    if (is_utf8(text)) return text;
    std::istringstream lines(text);
    std::size_t number = 1;
    for (std::string line; std::getline(lines, line) && is_utf8(line);) ++number;
    throw CommandError(fmt::format("{}: line {}: expected UTF-8 text, found other bytes", path, number));
}

void deploy(const Target& target, const std::string& path, const std::vector<std::string>& overrides,
            const std::string& folder, bool as_json) {
    const json::object request{{"template", read_template(path)},
                               {"folder", fs::absolute(path).parent_path().string()},
                               {"stack_name", target.stack},
                               {"parameters", read_overrides(overrides)},
                               {"code", executables_in(folder)}};
    const json::value answer = deploy_request(server_of(target), path, request);
    if (as_json) return print_json(answer);
    for (const json::value& change : answer.at("changes").as_array()) {
        print(fmt::format("  {:<24} {}\n", text_of(change, "resource"), text_of(change, "change")));
    }
    const json::array& aws_only = answer.at("aws_only").as_array();
    if (!aws_only.empty()) {
        print("AWS only (accepted, without effect here):");
        for (const json::value& property : aws_only) print(" " + std::string(property.as_string()));
        print("\n");
    }
    print(fmt::format("Stack {} is deployed.\n", target.stack));
    if (const auto waiting = answer.at("waiting").to_number<std::int64_t>(); waiting > 0) {
        print(fmt::format(
            "warning: {} execution(s) of functions that were deleted still wait; each fails when it goes on.\n",
            waiting));
    }
    for (const auto& [key, value] : answer.at("outputs").as_object()) {
        print(fmt::format("  {:<24} {}\n", std::string_view(key), std::string_view(value.as_string())));
    }
}

void remove(const Target& target, bool yes, bool with_audit) {
    const ServerFile server = server_of(target);
    const json::object request{{"stack_name", target.stack}, {"force", yes}, {"with_audit", with_audit}};
    const json::value answer = call_server(server, "/holdpoint/delete", request);
    if (!answer.at("deleted").as_bool()) {
        throw CommandError(fmt::format(
            "{} execution(s) of stack {} still wait, and would never end properly. Nothing was deleted; --yes deletes "
            "all the same.",
            answer.at("waiting").to_number<std::int64_t>(), target.stack));
    }
    print(fmt::format("Stack {} is deleted; {} execution(s) were still waiting.\n", target.stack,
                      answer.at("waiting").to_number<std::int64_t>()));
    for (const json::value& kept : answer.at("kept").as_array()) {
        print(fmt::format("Kept: {} (--with-audit deletes it too)\n", std::string_view(kept.as_string())));
    }
}

}  // namespace

void add_stack_commands(CLI::App& app, int& status) {
    const auto target = std::make_shared<Target>();
    CLI::App* env_command = app.add_subcommand("env", "print export lines for aws, boto3 and this program");
    add_target(env_command, target);
    const auto patience = std::make_shared<int>(0);
    env_command->add_option("--wait", *patience, "seconds to wait for a server that is starting")
        ->check(CLI::Range(0, 600));
    env_command->callback(
        [=, &status] { run_command(status, [&] { env(*target, std::chrono::seconds(*patience)); }); });

    struct DeployArguments {
        std::string path;
        std::vector<std::string> overrides;
        std::string folder = own_folder();
        bool json = false;
    };
    const auto arguments = std::make_shared<DeployArguments>();
    CLI::App* deploy_command = app.add_subcommand("deploy", "deploy a template.yaml on the server of a data folder");
    deploy_command->add_option("template", arguments->path, "the SAM template")->required();
    deploy_command->add_option("--stack-name", target->stack, "name of the stack")->capture_default_str();
    deploy_command->add_option("--parameter-overrides", arguments->overrides,
                               "Name=value …, or file://PATH: a JSON list of such texts");
    deploy_command->add_option("--bin", arguments->folder, "folder of the functions' executables")
        ->capture_default_str()
        ->required(arguments->folder.empty());
    deploy_command->add_flag("--json", arguments->json, "print JSON");
    add_target(deploy_command, target);
    deploy_command->callback([=, &status] {
        run_command(status, [&] {
            deploy(*target, arguments->path, arguments->overrides, arguments->folder, arguments->json);
        });
    });

    const auto yes = std::make_shared<bool>(false);
    const auto with_audit = std::make_shared<bool>(false);
    CLI::App* delete_command =
        app.add_subcommand("delete", "delete a stack; says first how many executions still wait");
    delete_command->add_option("--stack-name", target->stack, "name of the stack")->capture_default_str();
    delete_command->add_flag("--yes", *yes, "delete although executions wait");
    delete_command->add_flag("--with-audit", *with_audit, "delete retained tables (the audit trail) too");
    add_target(delete_command, target);
    delete_command->callback([=, &status] { run_command(status, [&] { remove(*target, *yes, *with_audit); }); });
}

void add_commands(CLI::App& app, int& status) {
    add_stack_commands(app, status);
    add_approval_commands(app, status);
    add_audit_commands(app, status);
    add_execution_commands(app, status);
    add_log_command(app, status);
}

}  // namespace holdpoint::cli
