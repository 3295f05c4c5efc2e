#include "server/care_commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "cli/server_file.hpp"
#include "server/backup.hpp"
#include "server/doctor.hpp"
#include "server/settings_flags.hpp"

namespace holdpoint::server {

namespace {

namespace json = boost::json;

std::string_view word_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warning:
            return "warning";
        case Verdict::problem:
            return "problem";
    }
    std::unreachable();
}

void print_findings(const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) {
        fmt::print("{:<8} {:<12} {}\n", word_of(finding.verdict), finding.check, finding.found);
        if (!finding.advice.empty()) fmt::print("{:<21} → {}\n", "", finding.advice);
    }
}

void print_json(const std::vector<Finding>& findings, bool healthy) {
    json::array list;
    for (const Finding& finding : findings) {
        list.push_back({{"check", finding.check},
                        {"verdict", word_of(finding.verdict)},
                        {"found", finding.found},
                        {"advice", finding.advice}});
    }
    fmt::print("{}\n", json::serialize(json::object{{"healthy", healthy}, {"findings", std::move(list)}}));
}

void add_doctor(CLI::App& app, int& status) {
    CLI::App* const command = app.add_subcommand(
        "doctor", "looks at everything that a server needs, and says what to do; give it the flags of `up`");
    const auto flags = std::make_shared<SettingsFlags>(*command);
    const auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "one JSON object");
    command->callback([=, &status] {
        const auto configuration = flags->read();
        if (!configuration) {
            fmt::print(stderr, "holdpoint: {}\n", configuration.error().message);
            status = kBadConfiguration;
            return;
        }
        auto findings = examine(configuration->options, SystemClock());
        if (!configuration->warning.empty()) {
            findings.insert(findings.begin(), {.check = "settings",
                                               .verdict = Verdict::warning,
                                               .found = configuration->warning,
                                               .advice = "and change what others may have read"});
        }
        const bool healthy =
            std::ranges::none_of(findings, [](const Finding& finding) { return finding.verdict == Verdict::problem; });
        *as_json ? print_json(findings, healthy) : print_findings(findings);
        status = healthy ? 0 : 1;
    });
}

struct Folders {
    std::string data = cli::default_data_folder();
    std::string backup;
};

std::string summary_of(const BackupSummary& summary) {
    return fmt::format("made {}, schema version {}, {} files, {} bytes", to_iso8601(summary.made_at), summary.schema,
                       summary.files, summary.bytes);
}

void add_backup(CLI::App& app) {
    CLI::App* const command = app.add_subcommand("backup", "copies a data folder, also while a server uses it");
    const auto folders = std::make_shared<Folders>();
    command->add_option("folder", folders->backup, "where to; must not be there yet")->required();
    command->add_option("--data", folders->data, "data folder of the server")
        ->capture_default_str()
        ->required(folders->data.empty());
    command->callback([=] {
        const BackupSummary summary = make_backup(folders->data, folders->backup, SystemClock());
        fmt::print(
            "{}: {}\nIt holds the state, the logs, the functions' code, and the server's keys: keep it as safe as "
            "those.\n",
            folders->backup, summary_of(summary));
    });
}

void add_restore(CLI::App& app) {
    CLI::App* const command = app.add_subcommand("restore", "makes a data folder of a backup");
    const auto folders = std::make_shared<Folders>();
    const auto only_check = std::make_shared<bool>(false);
    command->add_option("folder", folders->backup, "the backup")->required();
    command->add_option("--data", folders->data, "empty folder, or one that is not there yet")
        ->capture_default_str()
        ->required(folders->data.empty());
    command->add_flag("--check", *only_check, "checks the backup and restores nothing");
    command->callback([=] {
        const BackupSummary summary =
            *only_check ? check_backup(folders->backup) : restore_backup(folders->backup, folders->data);
        fmt::print("{}: {}\n", folders->backup, summary_of(summary));
        if (*only_check) return fmt::print("It is whole.\n");
        fmt::print("Restored to {}. Start it with `holdpoint up --data {}`.\n", folders->data, folders->data);
    });
}

}  // namespace

void add_care_commands(CLI::App& app, int& status) {
    add_doctor(app, status);
    add_backup(app);
    add_restore(app);
}

}  // namespace holdpoint::server
