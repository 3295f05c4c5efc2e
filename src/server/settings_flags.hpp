// Settings as flags of a command: --config, one flag for each setting, --limit; read together with environment and
// file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/settings.hpp"

namespace CLI {
class App;
}

namespace holdpoint::server {

/// The exit status when the configuration is wrong (EX_CONFIG of sysexits.h): starting again does not help.
inline constexpr int kBadConfiguration = 78;

class SettingsFlags {
public:
    /// Adds the flags to the command, which outlives this.
    explicit SettingsFlags(CLI::App& command);

    /// After the command line was parsed. Fails (InvalidConfiguration) with where what was wrong, and what was
    /// expected.
    [[nodiscard]] Result<Configuration> read() const;

private:
    CLI::App& command_;
    std::string config_;
    std::map<std::string, std::string> flags_;  // by setting
    std::vector<std::string> limits_;           // NAME=NUMBER
};

}  // namespace holdpoint::server
