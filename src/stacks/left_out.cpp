#include <algorithm>

#include "stacks/plan.hpp"

namespace holdpoint::stacks {

void reset_left_out(Plan& plan, const Plan& before) {
    const auto find = [](const auto& resources, const std::string& name) {
        const auto found = std::ranges::find(resources, name, [](const auto& each) { return each.name; });
        return found == resources.end() ? nullptr : &*found;
    };
    for (TopicPlan& topic : plan.topics) {
        const TopicPlan* known = find(before.topics, topic.name);
        if (known == nullptr) continue;
        for (const auto& [name, value] : known->attributes) topic.attributes.try_emplace(name);
    }
    for (TablePlan& table : plan.tables) {
        const TablePlan* known = find(before.tables, table.name);
        if (known != nullptr && known->deletion_protection && !table.deletion_protection)
            table.deletion_protection = false;
    }
    for (LogGroupPlan& group : plan.log_groups) {
        const LogGroupPlan* known = find(before.log_groups, group.name);
        group.retention_differs = known != nullptr && known->retention_days != group.retention_days;
    }
    for (FunctionPlan& function : plan.functions) {
        const FunctionPlan* known = find(before.functions, function.name);
        if (known == nullptr) continue;
        function.frees_concurrency = known->reserved_concurrency && !function.reserved_concurrency;
        if (known->event_invoke && (!function.event_invoke || known->alias != function.alias))
            function.leaves_event_invoke = known->alias;
    }
}

}  // namespace holdpoint::stacks
