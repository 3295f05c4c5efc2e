#include "server/settings_flags.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/server_file.hpp"

namespace holdpoint::server {

namespace {

std::string help_of(const Setting& setting, const Options& defaults) {
    const std::string shown = setting.show(defaults);
    return fmt::format("{} ({}; {})", setting.meaning, setting.is_switch() ? "=on, =off" : setting.expected,
                       shown.empty() ? "no default" : "default " + shown);
}

Result<std::vector<Assignment>> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const int reason = errno;
    std::error_code ignored;
    const bool is_folder = std::filesystem::is_directory(path, ignored);  // can be opened, and throws when it is read
    std::string text;
    if (!is_folder) text.assign(std::istreambuf_iterator<char>(file), {});
    if (is_folder || !file.is_open() || file.bad()) {
        const char* const why = is_folder ? "it is a folder" : std::strerror(reason);
        return fail("InvalidConfiguration", 400, fmt::format("cannot read the configuration file {}: {}", path, why));
    }
    return read_config(path, text);
}

/// Of a secret in a file that everybody on this machine may read.
std::string warning_of(const std::string& path, const std::vector<Assignment>& assignments) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IRWXO) == 0) return {};
    for (const Setting& setting : settings()) {
        const auto found = std::ranges::find(assignments, setting.name, &Assignment::name);
        if (!setting.is_secret || found == assignments.end() || found->text.empty()) continue;
        return fmt::format("everybody on this machine may read {}, and {} is in it: chmod o= {}", path, setting.name,
                           path);
    }
    return {};
}

}  // namespace

SettingsFlags::SettingsFlags(CLI::App& command) : command_(command) {
    command.add_option("--config", config_,
                       fmt::format("file with settings, one `name = value` in a line; or {}", kConfigVariable));
    const Options defaults{.data = cli::default_data_folder()};
    for (const Setting& setting : settings()) {
        if (setting.name.starts_with("limit.") || setting.is_secret) continue;
        if (setting.is_switch()) {
            command.add_flag("--" + setting.name, flags_[setting.name], help_of(setting, defaults));
            continue;
        }
        command.add_option("--" + setting.name, flags_[setting.name], help_of(setting, defaults))
            ->type_name(setting.form);
    }
    command
        .add_option("--limit", limits_,
                    fmt::format("instead of AWS's limit for durable executions; may be repeated. Names: {}",
                                fmt::join(core::limit_names(), ", ")))
        ->allow_extra_args(false)
        ->type_name("NAME=NUMBER");
}

Result<Configuration> SettingsFlags::read() const {
    std::vector<Assignment> assignments;
    std::string warning;
    const char* const variable = std::getenv(std::string(kConfigVariable).c_str());
    const std::string config = config_.empty() && variable != nullptr ? variable : config_;
    if (!config.empty()) {
        auto from_file = read_file(config);
        if (!from_file) return std::unexpected(from_file.error());
        assignments = std::move(*from_file);
        warning = warning_of(config, assignments);
    }
    for (Assignment& one : read_environment([](const char* name) { return std::getenv(name); })) {
        assignments.push_back(std::move(one));
    }
    for (const Setting& setting : settings()) {
        const auto given = flags_.find(setting.name);
        if (given == flags_.end() || command_.count("--" + setting.name) == 0) continue;
        // CLI11's word for a switch without a value is "true".
        const bool is_bare = setting.is_switch() && given->second == "true";
        assignments.push_back({setting.name, is_bare ? "on" : given->second, "flag --" + setting.name});
    }
    for (const std::string& limit : limits_) {
        core::Limits checked;
        if (const auto set = core::set_limit(checked, limit); !set) {
            return fail("InvalidConfiguration", 400, "flag --limit: " + set.error().message);
        }
        const auto equals = limit.find('=');
        assignments.push_back({"limit." + limit.substr(0, equals), limit.substr(equals + 1), "flag --limit"});
    }
    auto configuration = configure({.data = cli::default_data_folder()}, assignments);
    if (configuration && configuration->options.data.empty()) {
        return fail("InvalidConfiguration", 400,
                    "--data: expected a folder: this user has no home that one could be in, found nothing");
    }
    if (configuration) configuration->warning = std::move(warning);
    return configuration;
}

}  // namespace holdpoint::server
