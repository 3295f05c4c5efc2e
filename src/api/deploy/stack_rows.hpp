// Stack rows: what is kept of each deployed stack, in Space::stacks.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/overlay_rows.hpp"
#include "base/result.hpp"
#include "base/rows.hpp"
#include "stacks/plan.hpp"

namespace holdpoint::api {

/// What AutoPublishAlias makes.
constexpr std::string_view kAliasType = "AWS::Lambda::Alias";

/// What an event of the type Schedule makes.
constexpr std::string_view kRuleType = "AWS::Events::Rule";

struct StackResource {
    std::string logical_id;
    std::string type;         // AWS::SNS::Topic
    std::string physical_id;  // what Ref gives: a name, or a topic's ARN
    bool retain = false;
    friend bool operator==(const StackResource&, const StackResource&) = default;
};

/// One that the template named, as against those that people made.
struct StackSubscription {
    std::string topic_arn;
    std::string protocol;
    std::string endpoint;
    friend bool operator==(const StackSubscription&, const StackSubscription&) = default;
};

struct Stack {
    std::string name;
    std::string id;  // ARN
    std::string description;
    std::string template_text;
    std::map<std::string, std::string> parameters;
    std::set<std::string> hidden;  // parameters whose values nobody is shown
    std::vector<stacks::Output> outputs;
    std::vector<StackResource> resources;
    std::vector<StackSubscription> subscriptions = {};
    TimePoint created_at;
    std::optional<TimePoint> updated_at;
};

[[nodiscard]] RowWrite put_stack(const Stack& stack);
/// By name or ARN.
[[nodiscard]] std::optional<Stack> find_stack(const RowReader& rows, std::string_view name_or_id);
[[nodiscard]] std::vector<Stack> list_stacks(const RowReader& rows);

/// What removes a stack: its resources but the retained ones (those too with `with_retained`), and its row. A refusal
/// where one of them cannot be deleted: a protected table.
struct Removal {
    std::vector<RowWrite> writes;
    std::vector<std::string> log_groups;
    std::vector<std::string> functions;
    std::vector<std::string> kept;  // physical ids of what was retained
};
[[nodiscard]] Result<Removal> remove_stack(const RowReader& rows, const Stack& stack, bool with_retained);
/// The same for one resource, written into `rows`, so that what goes next sees what is gone.
[[nodiscard]] Result<void> remove_resource(OverlayRows& rows, const StackResource& resource, Removal& removal);

}  // namespace holdpoint::api
