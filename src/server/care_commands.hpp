// `holdpoint doctor`, `backup` and `restore`: the care of a data folder.
#pragma once

namespace CLI {
class App;
}

namespace holdpoint::server {

/// The exit status is left in `status`: 0 all well, 1 something is wrong, 78 when the configuration is.
void add_care_commands(CLI::App& app, int& status);

}  // namespace holdpoint::server
