#include "api/deploy/apply.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/deploy/checks.hpp"
#include "api/deploy/table_changes.hpp"
#include "api/http_api/routes.hpp"
#include "api/logs/logs.hpp"
#include "functions/concurrency.hpp"
#include "functions/event_invoke_config.hpp"
#include "functions/registry.hpp"
#include "functions/schedules.hpp"
#include "identity/roles.hpp"
#include "tables/operations.hpp"
#include "tables/table.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::api {

namespace json = boost::json;

namespace {

std::unexpected<Error> at(const std::string& logical_id, const Error& error) {
    Error named = error;
    named.message = fmt::format("{}: {}", logical_id, error.message);
    return std::unexpected(std::move(named));
}

class Applier {
public:
    Applier(OverlayRows& rows, const stacks::Target& target, const std::map<std::string, Code>& code, TimePoint now,
            Random& random, const std::optional<Stack>& before, Applied& applied)
        : rows_(rows), target_(target), code_(code), now_(now), random_(random), before_(before), applied_(applied) {}

    Result<void> run(const stacks::Plan& plan) {
        if (auto ok = apply_all(plan.roles); !ok) return ok;
        if (auto ok = apply_all(plan.tables); !ok) return ok;
        if (auto ok = apply_all(plan.topics); !ok) return ok;
        if (auto ok = apply_all(plan.log_groups); !ok) return ok;
        if (auto ok = apply_all(plan.functions); !ok) return ok;
        if (auto ok = apply_all(plan.subscriptions); !ok) return ok;
        if (auto ok = apply_all(plan.http_apis); !ok) return ok;
        return apply_all(plan.schedules);
    }

private:
    template <class Resource>
    Result<void> apply_all(const std::vector<Resource>& plans) {
        for (const Resource& plan : plans) {
            if (auto ok = apply(plan); !ok) return ok;
        }
        return {};
    }

    void add_resource(const std::string& id, const std::string& type, const std::string& physical_id, bool retain,
                      const std::string& change) {
        applied_.stack.resources.push_back(
            {.logical_id = id, .type = type, .physical_id = physical_id, .retain = retain});
        applied_.changes.emplace_back(id, change);
    }

    Result<void> apply(const stacks::RolePlan& plan) {
        auto write = identity::put_role({.name = plan.name, .policies = plan.policies});
        if (!write) return at(plan.logical_id, write.error());
        const auto known = rows_.get(Space::roles, plan.name);
        const std::string change = !known ? "created" : known == write->value ? "unchanged" : "updated";
        rows_.write({*write});
        add_resource(plan.logical_id, "AWS::IAM::Role", plan.name, false, change);
        return {};
    }

    Result<void> apply(const stacks::TablePlan& plan) {
        std::string change = "unchanged";
        const auto known = tables::load_described_table(rows_, plan.name);
        if (known && known->is_deleting()) {
            return fail("ValidationError", 400,
                        fmt::format("{}: the table {} is still being deleted; deploy again when `aws dynamodb "
                                    "describe-table` no longer finds it.",
                                    plan.logical_id, plan.name));
        }
        const auto wanted = wanted_table(plan, target_, now_, random_);
        if (!wanted) return std::unexpected(wanted.error());
        if (!known) {
            rows_.write({tables::save_table(*wanted)});
            change = "created";
        } else {
            const auto changes = change_table(rows_, plan, *known, *wanted);
            if (!changes) return std::unexpected(changes.error());
            rows_.write(*changes);
            if (!changes->empty()) change = "updated";
        }
        const auto ttl = known ? known->ttl_attribute : std::nullopt;
        const bool ttl_differs = ttl.value_or("") != plan.ttl_attribute;
        if (ttl_differs) {
            const std::string attribute = plan.ttl_attribute.empty() ? *ttl : plan.ttl_attribute;
            auto decided = tables::update_time_to_live(
                rows_, {{"TableName", plan.name},
                        {"TimeToLiveSpecification",
                         {{"AttributeName", attribute}, {"Enabled", !plan.ttl_attribute.empty()}}}});
            if (!decided) return at(plan.logical_id, decided.error());
            rows_.write(decided->writes);
            if (known) change = "updated";
        }
        add_resource(plan.logical_id, "AWS::DynamoDB::Table", plan.name, plan.retain, change);
        return {};
    }

    Result<void> apply(const stacks::TopicPlan& plan) {
        const topics::Home home{.region = target_.region, .account = target_.account};
        const std::string arn = topics::topic_arn(home, plan.name);
        const auto known = topics::topic_attributes(rows_, arn);
        if (!known) {
            topics::CreateTopic request;
            request.name = plan.name;
            auto decided = topics::create_topic(rows_, home, request, now_);
            if (!decided) return at(plan.logical_id, decided.error());
            rows_.write(decided->writes);
        }
        for (const auto& [name, value] : plan.attributes) {
            auto writes = topics::set_topic_attribute(rows_, arn, name, value);
            if (!writes) return at(plan.logical_id, writes.error());
            rows_.write(*writes);
        }
        if (auto ok = subscribe(plan, arn, known.has_value()); !ok) return at(plan.logical_id, ok.error());
        if (auto ok = end_subscriptions(arn); !ok) return at(plan.logical_id, ok.error());
        const bool changed = !known || topics::topic_attributes(rows_, arn).value() != *known;
        add_resource(plan.logical_id, "AWS::SNS::Topic", arn, false,
                     !known    ? "created"
                     : changed ? "updated"
                               : "unchanged");
        return {};
    }

    /// Those that are new in the template: who was asked before is not asked again.
    Result<void> subscribe(const stacks::TopicPlan& plan, const std::string& arn, bool topic_was_there) {
        for (const auto& [protocol, endpoint] : plan.subscriptions) {
            const StackSubscription wanted{.topic_arn = arn, .protocol = protocol, .endpoint = endpoint};
            applied_.stack.subscriptions.push_back(wanted);
            if (topic_was_there && before_ &&
                std::ranges::find(before_->subscriptions, wanted) != before_->subscriptions.end())
                continue;
            topics::Subscribe request;
            request.topic_arn = arn;
            request.protocol = protocol;
            request.endpoint = endpoint;
            auto decided = topics::subscribe(rows_, request, target_.account, now_, random_.bytes(32));
            if (!decided) return std::unexpected(decided.error());
            rows_.write(decided->writes);
        }
        return {};
    }

    /// Of those that the template of before named, and this one does not.
    Result<void> end_subscriptions(const std::string& topic_arn) {
        if (!before_) return {};
        std::vector<std::string> ended;
        std::string next;
        do {
            const auto page = topics::list_subscriptions_by_topic(rows_, topic_arn, next);
            if (!page) return std::unexpected(page.error());
            for (const auto& each : page->subscriptions) {
                const StackSubscription named{
                    .topic_arn = topic_arn, .protocol = each.protocol, .endpoint = each.endpoint};
                const auto has = [&](const Stack& stack) {
                    return std::ranges::find(stack.subscriptions, named) != stack.subscriptions.end();
                };
                if (has(*before_) && !has(applied_.stack)) ended.push_back(each.arn());
            }
            next = page->next_token;
        } while (!next.empty());
        for (const std::string& subscription : ended) {
            auto writes = topics::unsubscribe(rows_, subscription);
            if (!writes) return std::unexpected(writes.error());
            rows_.write(*writes);
        }
        return {};
    }

    /// One that is there keeps its ARN, so that nobody is asked to confirm again.
    Result<void> apply(const stacks::SubscriptionPlan& plan) {
        std::string arn = subscription_of_before(plan);
        std::string change = "created";
        if (arn.empty()) {
            const topics::Subscribe request{.topic_arn = plan.topic_arn,
                                            .protocol = plan.protocol,
                                            .endpoint = plan.endpoint,
                                            .attributes = plan.attributes,
                                            .return_arn = true};
            auto decided = topics::subscribe(rows_, request, target_.account, now_, random_.bytes(32));
            if (!decided) return at(plan.logical_id, decided.error());
            rows_.write(decided->writes);
            arn = decided->answer;
        } else {
            const auto writes = topics::replace_subscription_attributes(rows_, arn, plan.attributes);
            if (!writes) return at(plan.logical_id, writes.error());
            rows_.write(*writes);
            change = writes->empty() ? "unchanged" : "updated";
        }
        add_resource(plan.logical_id, std::string(stacks::kSubscription), arn, false, change);
        return {};
    }

    /// Empty where the stack had none such, or somebody ended it.
    std::string subscription_of_before(const stacks::SubscriptionPlan& plan) const {
        if (!before_) return {};
        for (const StackResource& resource : before_->resources) {
            if (resource.type != stacks::kSubscription || resource.logical_id != plan.logical_id) continue;
            const auto found = topics::subscription_attributes(rows_, resource.physical_id);
            if (found && found->at("TopicArn") == plan.topic_arn && found->at("Protocol") == plan.protocol &&
                found->at("Endpoint") == plan.endpoint)
                return resource.physical_id;
        }
        return {};
    }

    Result<void> apply(const stacks::LogGroupPlan& plan) {
        if (plan.retention_days) {
            if (auto ok = check_retention(*plan.retention_days); !ok) return at(plan.logical_id, ok.error());
        }
        applied_.log_groups_to_create.push_back(plan.name);
        const bool was_there = before_ && has_resource(*before_, "AWS::Logs::LogGroup", plan.name);
        add_resource(plan.logical_id, "AWS::Logs::LogGroup", plan.name, false,
                     !was_there               ? "created"
                     : plan.retention_differs ? "updated"
                                              : "unchanged");
        return {};
    }

    static functions::Function function_of(const stacks::FunctionPlan& plan, const Code& code) {
        functions::Function function;
        function.name = plan.name;
        function.role_arn = plan.role_arn;
        function.description = plan.description;
        function.executable = code.is_zip ? std::string(functions::kBootstrap) : plan.executable;
        function.package_type = code.is_zip ? "Zip" : "Image";
        function.runtime = plan.runtime;
        function.handler = plan.handler;
        function.dead_letter_arn = plan.dead_letter_arn;
        function.code_sha256 = code.sha256;
        function.code_size = code.size;
        function.timeout_seconds = plan.timeout_seconds;
        function.memory_mb = plan.memory_mb;
        function.environment = plan.environment;
        function.log_group = plan.log_group;
        function.tenant_isolation = plan.tenant_isolation;
        if (plan.execution_timeout_seconds) {
            function.durable = functions::DurableConfig{.execution_timeout_seconds = *plan.execution_timeout_seconds,
                                                        .retention_days = plan.retention_days};
        }
        return function;
    }

    Result<void> apply(const stacks::FunctionPlan& plan) {
        const auto code = code_.find(plan.logical_id);
        if (code == code_.end()) {
            return fail("ValidationError", 400,
                        fmt::format("{}: '{}' is no executable file in the folder that --bin names; build it, make it "
                                    "executable (chmod +x), or point --bin at the folder that holds it.",
                                    plan.logical_id, plan.executable));
        }
        if (auto ok = functions::check_destination("DeadLetterQueue.TargetArn", plan.dead_letter_arn, false); !ok) {
            return at(plan.logical_id, ok.error());
        }
        const functions::Function function = function_of(plan, code->second);
        functions::Reference reference;
        reference.name = plan.name;
        const auto known = functions::resolve(rows_, reference, target_.region, target_.account);
        auto decided = known ? functions::update_function(rows_, function, now_, random_.uuid())
                             : functions::create_function(rows_, function, now_, random_.uuid());
        if (!decided) return at(plan.logical_id, decided.error());
        rows_.write(decided->writes);
        applied_.log_groups_to_create.push_back(decided->answer.log_group);
        const std::string change = !known ? "created" : decided->writes.empty() ? "unchanged" : "updated";
        add_resource(plan.logical_id, "AWS::Serverless::Function", plan.name, false, change);
        if (auto ok = apply_invoking(plan, decided->answer); !ok) return ok;
        return plan.alias.empty() ? Result<void>() : publish_alias(plan, decided->answer);
    }

    /// How it may be invoked: reserved concurrency, and what holds for asynchronous invocations (of the alias, where
    /// the template makes one, as SAM does).
    Result<void> apply_invoking(const stacks::FunctionPlan& plan, const functions::Function& function) {
        if (plan.frees_concurrency) rows_.write({functions::free_concurrency(plan.name)});
        if (plan.reserved_concurrency) {
            auto write = functions::reserve_concurrency(rows_, plan.name, *plan.reserved_concurrency);
            if (!write) return at(plan.logical_id, write.error());
            rows_.write({*std::move(write)});
        }
        functions::Reference reference;
        reference.name = plan.name;
        if (plan.leaves_event_invoke) {
            reference.qualifier = *plan.leaves_event_invoke;
            if (auto writes = functions::delete_event_invoke_config(rows_, reference)) rows_.write(*writes);
        }
        if (!plan.event_invoke) return {};
        reference.qualifier = plan.alias;
        if (function.durable) {
            return fail("ValidationError", 400,
                        plan.logical_id +
                            ": a durable function has no EventInvokeConfig: its executions are started "
                            "once, and keep their outcome themselves.");
        }
        functions::EventInvokeConfig config;
        config.retries = plan.event_invoke->retries;
        config.age_seconds = plan.event_invoke->age_seconds;
        config.on_success = plan.event_invoke->on_success;
        config.on_failure = plan.event_invoke->on_failure;
        auto decided = functions::put_event_invoke_config(rows_, reference, std::move(config), now_);
        if (!decided) return at(plan.logical_id, decided.error());
        rows_.write(decided->writes);
        return {};
    }

    /// As SAM names it.
    static std::string alias_id(const stacks::FunctionPlan& plan) { return plan.logical_id + "Alias" + plan.alias; }

    /// A version for new code (or, where the template says so, for every change), and the alias on it. (AWS SAM,
    /// AutoPublishAlias)
    Result<void> publish_alias(const stacks::FunctionPlan& plan, const functions::Function& latest) {
        functions::Reference reference;
        reference.name = plan.name;
        reference.qualifier = plan.alias;
        const auto current = functions::resolve(rows_, reference, target_.region, target_.account);
        const bool publishes = !current || plan.publishes_all || current->code_sha256 != latest.code_sha256;
        std::string version = publishes ? std::string() : current->version;
        if (publishes) {
            auto published = functions::publish_version(rows_, plan.name, {}, now_, random_.uuid());
            if (!published) return at(plan.logical_id, published.error());
            rows_.write(published->writes);
            version = published->answer.version;
        }
        functions::Alias alias;
        alias.name = plan.alias;
        alias.version = version;
        alias.revision_id = random_.uuid();
        const auto known = functions::get_alias(rows_, plan.name, plan.alias);
        const bool unchanged = known && known->version == version && known->routed_version.empty();
        if (!unchanged) {
            auto decided = known ? functions::update_alias(rows_, plan.name, alias)
                                 : functions::create_alias(rows_, plan.name, alias);
            if (!decided) return at(plan.logical_id, decided.error());
            rows_.write(decided->writes);
        }
        add_resource(alias_id(plan), std::string(kAliasType),
                     functions::function_arn(target_.region, target_.account, plan.name, plan.alias), false,
                     !known      ? "created"
                     : unchanged ? "unchanged"
                                 : "updated");
        return {};
    }

    Result<void> apply(const stacks::HttpApiPlan& plan) {
        const RowWrite write = put_http_api(plan);
        const auto known = rows_.get(Space::http_apis, plan.api_id);
        rows_.write({write});
        add_resource(plan.logical_id, std::string(stacks::kHttpApi), plan.api_id, false,
                     !known                 ? "created"
                     : known == write.value ? "unchanged"
                                            : "updated");
        return {};
    }

    /// A schedule that stays as it is goes on; any other one is due in a whole period.
    Result<void> apply(const stacks::SchedulePlan& plan) {
        functions::Schedule wanted{.name = plan.name,
                                   .function = plan.function,
                                   .qualifier = plan.qualifier,
                                   .every = std::chrono::seconds(plan.every_seconds),
                                   .input = plan.input,
                                   .next_at = {}};
        if (plan.is_enabled) wanted.next_at = now_ + wanted.every;
        const auto known = functions::find_schedule(rows_, plan.name);
        const bool was_so = known && known->next_at.has_value() == plan.is_enabled;
        if (was_so) wanted.next_at = known->next_at;
        const bool stays = known == wanted;
        if (!stays && plan.is_enabled) wanted.next_at = now_ + wanted.every;
        if (!stays) rows_.write({functions::put_schedule(wanted)});
        add_resource(plan.logical_id, std::string(kRuleType), plan.name, false,
                     !known  ? "created"
                     : stays ? "unchanged"
                             : "updated");
        return {};
    }

    OverlayRows& rows_;
    const stacks::Target& target_;
    const std::map<std::string, Code>& code_;
    TimePoint now_;
    Random& random_;
    const std::optional<Stack>& before_;
    Applied& applied_;
};

/// Whether something is to outlive the resource that has its place in the plan. (CloudFormation, UpdateReplacePolicy)
bool is_kept_when_replaced(const StackResource& resource, const stacks::Plan& plan) {
    return std::ranges::any_of(plan.tables, [&](const stacks::TablePlan& table) {
        return resource.type == "AWS::DynamoDB::Table" && table.logical_id == resource.logical_id &&
               table.retain_replaced;
    });
}

/// Whether the template names a subscription still, now in its topic's own list.
bool is_named_by_topic(const RowReader& rows, const StackResource& resource, const Stack& stack) {
    if (resource.type != stacks::kSubscription) return false;
    const auto found = topics::subscription_attributes(rows, resource.physical_id);
    const auto is_it = [&](const StackSubscription& named) {
        return found->at("TopicArn") == named.topic_arn && found->at("Protocol") == named.protocol &&
               found->at("Endpoint") == named.endpoint;
    };
    return found && std::ranges::any_of(stack.subscriptions, is_it);
}

Result<void> remove_what_is_gone(OverlayRows& rows, const Stack& before, const stacks::Plan& plan, Applied& applied) {
    for (const StackResource& resource : before.resources) {
        if (has_resource(applied.stack, resource.type, resource.physical_id)) continue;
        if (is_named_by_topic(rows, resource, applied.stack)) continue;
        if (resource.retain || is_kept_when_replaced(resource, plan)) {
            applied.removed.kept.push_back(resource.physical_id);
            applied.changes.emplace_back(resource.logical_id, "retained");
        } else {
            if (auto ok = remove_resource(rows, resource, applied.removed); !ok) return ok;
            applied.changes.emplace_back(resource.logical_id, "deleted");
        }
    }
    // A function's group may be a resource of its own, or another function's.
    std::erase_if(applied.removed.log_groups, [&](const std::string& group) {
        return std::ranges::find(applied.log_groups_to_create, group) != applied.log_groups_to_create.end();
    });
    return {};
}

}  // namespace

Result<Applied> apply_plan(OverlayRows& rows, const stacks::Plan& plan, const stacks::Target& target,
                           const std::map<std::string, Code>& code, std::string template_text, TimePoint now,
                           Random& random) {
    Applied applied;
    const auto before = find_stack(rows, target.stack_name);
    applied.stack = {.name = target.stack_name,
                     .id = target.stack_id,
                     .description = plan.description,
                     .template_text = std::move(template_text),
                     .parameters = plan.parameters,
                     .hidden = plan.hidden,
                     .outputs = plan.outputs,
                     .resources = {},
                     .subscriptions = {},
                     .created_at = before ? before->created_at : now,
                     .updated_at = before ? std::optional(now) : std::nullopt};
    if (auto ok = Applier(rows, target, code, now, random, before, applied).run(plan); !ok)
        return std::unexpected(ok.error());
    if (auto ok = check_names(applied.stack); !ok) return std::unexpected(ok.error());
    if (auto ok = check_owners(rows, applied.stack); !ok) return std::unexpected(ok.error());
    if (auto ok = check_made_here(applied, before); !ok) return std::unexpected(ok.error());
    if (before) {
        if (auto ok = remove_what_is_gone(rows, *before, plan, applied); !ok) return std::unexpected(ok.error());
    }
    if (auto ok = check_roles(rows, plan, target.account); !ok) return std::unexpected(ok.error());
    rows.write({put_stack(applied.stack)});
    return applied;
}

}  // namespace holdpoint::api
