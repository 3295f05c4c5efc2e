#include "cli/unknown_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/edit_distance.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace {

/// Longer words are no misspellings.
constexpr std::size_t kWordMax = 32;

std::vector<std::string> names_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!command->get_name().empty()) names.push_back(command->get_name());
    }
    return names;
}

/// The name that is nearest to the word, or begins with it; empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& names) {
    if (word.size() > kWordMax) return {};
    const auto begins = std::ranges::find_if(names, [&](const std::string& name) { return name.starts_with(word); });
    if (begins != names.end()) return *begins;
    const auto distance_to = [&](const std::string& name) { return edit_distance(word, name); };
    const auto found = std::ranges::min_element(names, {}, distance_to);
    const std::size_t max = word.size() <= 4 ? 1 : 2;
    return found != names.end() && distance_to(*found) <= max ? *found : std::string();
}

/// The innermost command that was named, and how it is typed by whoever has it on their PATH.
std::pair<const CLI::App*, std::string> named_command(const CLI::App& app) {
    const CLI::App* deepest = &app;
    std::string path = "holdpoint";
    for (auto named = app.get_subcommands(); !named.empty(); named = deepest->get_subcommands()) {
        deepest = named.front();
        path += " " + deepest->get_name();
    }
    return {deepest, path};
}

/// What was named instead of a command, and all that there are.
std::string explain_missing_command(const CLI::App& app) {
    const auto [command, path] = named_command(app);
    const std::vector<std::string> names = names_of(*command);
    const std::vector<std::string> rest = command->remaining();
    std::string said = "expected a command";
    if (!rest.empty()) {
        const std::string& word = rest.front();
        said = fmt::format("'{}' is no command", printable(word));
        if (const std::string meant = nearest(word, names); !meant.empty())
            said += fmt::format("; did you mean {}?", meant);
    }
    return fmt::format("{}: {}\nThere are: {}. Each takes --help.\n", path, said, fmt::join(names, ", "));
}

/// Which option or word is not known, and what was perhaps meant.
std::string explain_unexpected_arguments(const CLI::App& app) {
    const auto [command, path] = named_command(app);
    const std::vector<std::string> rest = command->remaining();
    const auto is_option = [](const std::string& word) { return word.size() > 1 && word.starts_with('-'); };
    const auto option = std::ranges::find_if(rest, is_option);
    std::string said;
    if (option == rest.end()) {
        said = fmt::format("'{}' is more than it takes", rest.empty() ? "" : printable(rest.front()));
    } else {
        const std::string word = option->substr(0, option->find('='));
        std::vector<std::string> names;
        for (const CLI::Option* known : command->get_options()) {
            for (const std::string& name : known->get_lnames()) names.push_back("--" + name);
        }
        said = fmt::format("there is no option {}", printable(word));
        if (const std::string meant = nearest(word, names); !meant.empty())
            said += fmt::format("; did you mean {}", meant);
    }
    return fmt::format("{}: {}; `{} --help` says what there is\n", path, said, path);
}

}  // namespace

std::string explain_wrong_use(const CLI::App& app, const CLI::ParseError& error) {
    const std::string said = error.what();
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return explain_unexpected_arguments(app);
    // Of all that can be required, only a command is missed where what was given instead is more telling.
    const bool is_required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
    if (is_required && said.starts_with("A subcommand")) return explain_missing_command(app);
    const std::string path = named_command(app).second;
    return fmt::format("{}: {}; `{} --help` says what there is\n", path, printable(said), path);
}

}  // namespace holdpoint::cli
