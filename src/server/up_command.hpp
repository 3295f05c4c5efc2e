// `holdpoint up`: reads the configuration and runs the server until a signal ends it.
#pragma once

namespace CLI {
class App;
}

namespace holdpoint::server {

/// The exit status is left in `status`: 0 ended by a signal, 1 failed, 78 (EX_CONFIG) when the configuration is wrong.
void add_up_command(CLI::App& app, int& status);

}  // namespace holdpoint::server
