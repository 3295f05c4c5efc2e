#include "approvals/repository/settings_item.hpp"

#include <fmt/format.h>

namespace holdpoint::approvals {

std::unexpected<Error> no_settings_table() {
    return fail("NoSettingsTable", 500,
                "This stack has no settings table, which holds policies, signing keys and revocations; deploy it again "
                "with today's template.yaml.");
}

std::unexpected<Error> unreadable_setting(const std::string& name, std::string_view why) {
    return fail("SettingsUnreadable", 500, fmt::format("The item {} of the settings: {}", name, why));
}

std::unexpected<Error> busy_setting(const std::string& name) {
    return fail("SettingsBusy", 503,
                fmt::format("The item {} of the settings is being written by too many at once.", name));
}

}  // namespace holdpoint::approvals
