#include "server/keys_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/seal.hpp"
#include "cli/server_file.hpp"
#include "server/data_folder.hpp"

namespace holdpoint::server {

namespace {

struct Rotation {
    std::string data = cli::default_data_folder();
    std::string current;
    std::string next;
};

void rotate(const Rotation& rotation) {
    const auto current = rotation.current.empty() ? SealKey::from_environment() : SealKey::read(rotation.current);
    const auto next = SealKey::read(rotation.next);
    require_server_data(rotation.data);  // before a folder is made
    const DataFolder folder(rotation.data);
    const auto names = reseal(folder, current ? &*current : nullptr, next);
    fmt::print("Sealed under the new master key: {}\n", fmt::join(names, ", "));
}

}  // namespace

void add_keys_command(CLI::App& app) {
    const auto rotation = std::make_shared<Rotation>();
    CLI::App* const keys = app.add_subcommand("keys", "the keys in a data folder whose server does not run");
    keys->require_subcommand(1);
    // Only the key files are sealed anew, so that it takes no time however much is kept.
    CLI::App* const command = keys->add_subcommand("rotate", "seal them under a new master key");
    command->add_option("--data", rotation->data, "the server's data folder")
        ->capture_default_str()
        ->required(rotation->data.empty());
    command->add_option("--master-key-file", rotation->current,
                        "the master key until now; else that of the environment; else they are not sealed yet");
    command->add_option("--new-master-key-file", rotation->next, "the master key from now on")->required();
    command->callback([rotation] { rotate(*rotation); });
}

}  // namespace holdpoint::server
