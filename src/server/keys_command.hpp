// `holdpoint keys`: what an operator does with the keys of a data folder whose server does not run.
#pragma once

namespace CLI {
class App;
}

namespace holdpoint::server {

/// Fails with std::runtime_error, which says what to do.
void add_keys_command(CLI::App& app);

}  // namespace holdpoint::server
