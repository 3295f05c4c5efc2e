// Settings of `holdpoint up`. One table says each one's name, form, range, default and meaning; flags, environment,
// file, --help, --print-config and the table in docs/server.md all come from it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "server/options.hpp"

namespace holdpoint::server {

/// Names the configuration file, like the flag --config.
inline constexpr std::string_view kConfigVariable = "HOLDPOINT_CONFIG";
/// Holds the master key itself: no setting, because a setting is shown.
inline constexpr std::string_view kMasterKeyVariable = "HOLDPOINT_MASTER_KEY";

struct Setting {
    std::string name;      // `listen`: flag --listen, environment HOLDPOINT_LISTEN, `listen = …` in a file
    std::string form;      // what the help calls its value, such as HOST:PORT
    std::string expected;  // what a refusal says was expected
    std::string meaning;
    /// False: the text is not what was expected.
    std::function<bool(Options& options, const std::string& text)> read;
    std::function<std::string(const Options& options)> show;
    /// Nothing that others may see: no flag, which stands in the list of processes, and not printed.
    bool is_secret = false;

    /// On or off: a flag without a value turns it on.
    [[nodiscard]] bool is_switch() const;
    /// --listen; a limit's is `--limit operations=`. A secret has none.
    [[nodiscard]] std::string flag() const;
    /// HOLDPOINT_LISTEN
    [[nodiscard]] std::string variable() const;
};

[[nodiscard]] std::vector<Setting> settings();

/// HOST:PORT; false: it is none.
[[nodiscard]] bool read_address(const std::string& text, std::string& host, std::uint16_t& port);

/// What one source says of a setting.
struct Assignment {
    std::string name;
    std::string text;
    std::string origin;  // "flag --listen", "environment HOLDPOINT_LISTEN", "/etc/holdpoint.conf:3"
};

/// `name = value` lines; `#` starts a comment, and a value may stand in double quotes. Fails (InvalidConfiguration)
/// with path, line and what was expected: also for a name that is no setting's, or stands there twice.
[[nodiscard]] Result<std::vector<Assignment>> read_config(const std::string& path, std::string_view text);

/// `look_up` is getenv; a variable that is empty counts as not set.
[[nodiscard]] std::vector<Assignment> read_environment(const std::function<const char*(const char*)>& look_up);

/// Variables that look like settings and are none: misspelt, most likely. `environment` is environ.
[[nodiscard]] std::vector<std::string> unknown_variables(const char* const* environment);

struct Configuration {
    Options options;
    std::map<std::string, std::string> origins = {};  // of what is not the default, by name
    std::string warning = {};                         // empty, or what an operator should do soon
};

/// Later assignments win: give them as file, environment, flags. Fails (InvalidConfiguration) with the origin and what
/// was expected, or when settings do not go together.
[[nodiscard]] Result<Configuration> configure(Options defaults, const std::vector<Assignment>& assignments);

/// Every setting with its value and where that came from, in the form of a configuration file.
[[nodiscard]] std::string print_config(const Configuration& configuration);

/// The table of docs/server.md.
[[nodiscard]] std::string settings_markdown();

}  // namespace holdpoint::server
