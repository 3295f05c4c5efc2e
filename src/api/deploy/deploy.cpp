#include "api/deploy/deploy.hpp"

#include <fmt/format.h>

#include "api/respond.hpp"
#include "base/encoding.hpp"
#include "stacks/plan.hpp"
#include "stacks/resource_types.hpp"

namespace holdpoint::api {
namespace {

namespace json = boost::json;

std::unexpected<Error> invalid(std::string message) {
    return fail("ValidationError", 400, std::move(message));
}

/// The members of a request, each checked as it is read.
class Body {
public:
    [[nodiscard]] static Result<Body> read(const net::Request& request) {
        boost::system::error_code problem;
        json::value value = json::parse(request.body, problem);
        if (problem || !value.is_object()) return invalid("the body must be a JSON object");
        return Body(std::move(value.as_object()));
    }

    [[nodiscard]] Result<std::string> text(std::string_view name) const {
        const json::value* value = object_.if_contains(name);
        if (value == nullptr || !value->is_string()) return invalid(fmt::format("{}: must be a text", name));
        return std::string(value->get_string());
    }
    [[nodiscard]] Result<bool> flag(std::string_view name) const {
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) return false;
        if (!value->is_bool()) return invalid(fmt::format("{}: must be true or false", name));
        return value->get_bool();
    }
    /// An object whose values are texts; empty when it is not there.
    [[nodiscard]] Result<std::map<std::string, std::string>> texts(std::string_view name) const {
        std::map<std::string, std::string> found;
        const json::value* value = object_.if_contains(name);
        if (value == nullptr) return found;
        if (!value->is_object()) return invalid(fmt::format("{}: must be an object", name));
        for (const auto& [key, member] : value->get_object()) {
            if (!member.is_string()) return invalid(fmt::format("{}.{}: must be a text", name, std::string_view(key)));
            found[std::string(key)] = std::string(member.get_string());
        }
        return found;
    }
    /// `code`: names to paths.
    [[nodiscard]] Result<std::map<std::string, std::string>> paths() const {
        std::map<std::string, std::string> found;
        const json::value* value = object_.if_contains("code");
        if (value == nullptr) return found;
        if (!value->is_object()) return invalid("code: must be an object");
        for (const auto& [key, member] : value->get_object()) {
            const json::object* entry = member.if_object();
            const json::value* path = entry == nullptr ? nullptr : entry->if_contains("path");
            if (path == nullptr || !path->is_string())
                return invalid(fmt::format("code.{}: must be an object with a path", std::string_view(key)));
            found[std::string(key)] = std::string(path->get_string());
        }
        return found;
    }

private:
    explicit Body(json::object object) : object_(std::move(object)) {}
    json::object object_;
};

json::array texts_json(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

json::array changes_json(const std::vector<ResourceChange>& changes) {
    json::array list;
    for (const ResourceChange& change : changes) {
        list.push_back(json::object{{"logical_id", change.logical_id},
                                    {"type", change.type},
                                    {"physical_id", change.physical_id},
                                    {"change", change_name(change.kind)}});
    }
    return list;
}

void refuse(const Call& call, const Error& error) {
    call.respond(json_error(JsonVersion::v1_1, error, call.request_id));
}

void answer(const Call& call, const json::object& body) {
    call.respond(json_answer(JsonVersion::v1_1, body, call.request_id));
}

/// What the rows do not hold. Runs on the writer's thread: log groups are small writes, or one small delete.
void act(const DeployOptions& options, const Effects& effects, TimePoint now) {
    for (const std::string& group : effects.log_groups_created) options.logs.create_group(group, now);
    for (const std::string& group : effects.log_groups_deleted) options.logs.delete_group(group);
    if (!effects.functions_changed.empty()) options.on_functions_changed(effects.functions_changed);
    if (effects.deliveries_added) options.deliveries_added();
}

Result<std::map<std::string, Code>> store_all(const std::string& folder, const stacks::Plan& plan,
                                              const std::map<std::string, std::string>& paths) {
    std::map<std::string, Code> stored;
    for (const stacks::Resource& resource : plan.resources) {
        if (resource.executable.empty() || stored.contains(resource.executable)) continue;
        const auto path = paths.find(resource.executable);
        if (path == paths.end()) {
            return invalid(fmt::format("code.{}: is missing; {} runs it", resource.executable, resource.logical_id));
        }
        auto code = store_code(folder, path->first, path->second);
        if (!code) return std::unexpected(code.error());
        stored[path->first] = std::move(*code);
    }
    return stored;
}

class DeployService final : public Service {
public:
    DeployService(const Context& context, DeployOptions options) : context_(context), options_(std::move(options)) {}

    void handle(Call call) override {
        if (call.caller.arn.empty() || !call.caller.role_name.empty()) {
            return refuse(call, {.name = "AccessDeniedException",
                                 .http_status = 403,
                                 .message = "Only the account's own key may deploy and delete.",
                                 .details_json = {}});
        }
        const std::string_view path = call.request.path();
        const auto body = Body::read(call.request);
        if (call.request.method != "POST" || (path != "/holdpoint/deploy" && path != "/holdpoint/delete")) {
            return refuse(call, {.name = "UnknownOperationException",
                                 .http_status = 404,
                                 .message = fmt::format("{} {} is no operation here", call.request.method, path),
                                 .details_json = {}});
        }
        if (!body) return refuse(call, body.error());
        if (path == "/holdpoint/deploy") return deploy(std::move(call), *body);
        remove(std::move(call), *body);
    }

private:
    /// Reads the template and copies the code here, so that the writer only decides.
    Result<Deployment> prepare(const Body& body, const std::optional<stacks::Stack>& before,
                               const std::string& stack_name) {
        const auto text = body.text("template");
        const auto paths = body.paths();
        auto parameters = body.texts("parameters");
        if (!text) return std::unexpected(text.error());
        if (!paths) return std::unexpected(paths.error());
        if (!parameters) return std::unexpected(parameters.error());
        if (before) {
            for (const std::string& name : stacks::parameter_names(*text)) {
                const auto known = before->parameters.find(name);
                if (known != before->parameters.end()) parameters->try_emplace(name, known->second.value);
            }
        }
        const stacks::Target target{.stack_name = stack_name,
                                    .stack_id = before ? before->id
                                                       : stacks::stack_arn(context_.region, context_.account,
                                                                           stack_name, context_.random.uuid()),
                                    .region = context_.region,
                                    .account = context_.account};
        auto plan = stacks::make_plan(*text, *parameters, target);
        if (!plan) return std::unexpected(plan.error());
        auto code = store_all(options_.code_folder, *plan, *paths);
        if (!code) return std::unexpected(code.error());
        return Deployment{.stack_name = stack_name,
                          .stack_id = target.stack_id,
                          .template_text = *text,
                          .plan = std::move(*plan),
                          .code = std::move(*code)};
    }

    /// The stack's row as it is now, to see later whether it changed, and what it says.
    [[nodiscard]] std::pair<std::optional<std::string>, std::optional<stacks::Stack>> read_stack(
        const std::string& name) const {
        const auto rows = context_.store.snapshot();
        return {rows->get(Space::stacks, name), stacks::find_stack(*rows, name)};
    }

    void deploy(Call call, const Body& body) {
        const auto name = body.text("stack_name");
        if (!name) return refuse(call, name.error());
        if (auto legal = stacks::check_stack_name(*name); !legal) return refuse(call, legal.error());
        auto known = read_stack(*name);
        auto deployment = prepare(body, known.second, *name);
        if (!deployment) return refuse(call, deployment.error());
        context_.writer.submit([this, call = std::move(call), deployment = std::move(*deployment),
                                row = std::move(known.first), nonce = to_hex(context_.random.bytes(16))](
                                   store::Transaction& transaction, TimePoint now) mutable -> engine::AfterCommit {
            const Occasion occasion{.region = context_.region, .account = context_.account, .now = now, .nonce = nonce};
            auto decided =
                transaction.get(Space::stacks, deployment.stack_name) == row
                    ? deploy_stack(transaction, deployment, occasion)
                    : fail("OperationInProgressException", 409,
                           fmt::format("Stack {} was changed by somebody else at the same time; deploy again",
                                       deployment.stack_name));
            if (!decided) return [call = std::move(call), error = decided.error()] { refuse(call, error); };
            transaction.apply(decided->writes);
            return [this, call = std::move(call), aws_only = std::move(deployment.plan.aws_only), now,
                    change = std::move(decided->answer)] {
                act(options_, change.effects, now);
                answer(call, deployed(change, aws_only));
            };
        });
    }

    static json::object deployed(const StackChange& change, const std::vector<std::string>& aws_only) {
        json::array outputs;
        for (const stacks::Output& output : change.stack.outputs) {
            outputs.push_back(
                json::object{{"key", output.key}, {"value", output.value}, {"description", output.description}});
        }
        return {{"stack_name", change.stack.name},         {"stack_id", change.stack.id},
                {"status", change.stack.status()},         {"outputs", std::move(outputs)},
                {"changes", changes_json(change.changes)}, {"aws_only", texts_json(aws_only)},
                {"warnings", texts_json(change.warnings)}};
    }

    json::array open_executions(const stacks::Stack& stack) const {
        json::array list;
        for (const stacks::StackResource& item : stack.resources) {
            if (item.resource.type != stacks::kFunction) continue;
            const std::size_t count = options_.count_open_executions(item.resource.name);
            if (count > 0) list.push_back(json::object{{"function", item.resource.name}, {"count", count}});
        }
        return list;
    }

    void remove(Call call, const Body& body) {
        const auto name = body.text("stack_name");
        const auto force = body.flag("force");
        const auto with_audit = body.flag("with_audit");
        if (!name) return refuse(call, name.error());
        if (!force) return refuse(call, force.error());
        if (!with_audit) return refuse(call, with_audit.error());
        const auto stack = stacks::load_stack(*context_.store.snapshot(), *name);
        if (!stack) return refuse(call, stack.error());
        json::object body_out{{"stack_name", stack->name}, {"stack_id", stack->id},
                              {"deleted", false},          {"open_executions", open_executions(*stack)},
                              {"changes", json::array()},  {"warnings", json::array()}};
        if (!body_out["open_executions"].as_array().empty() && !*force) return answer(call, body_out);
        // Shared, because std::function copies what it holds.
        const auto shared = std::make_shared<Call>(std::move(call));
        submit_delete(context_, options_, *name, *with_audit,
                      [shared, body_out = std::move(body_out)](const Result<StackChange>& change) mutable {
                          if (!change) return refuse(*shared, change.error());
                          body_out["deleted"] = true;
                          body_out["changes"] = changes_json(change->changes);
                          body_out["warnings"] = texts_json(change->warnings);
                          answer(*shared, body_out);
                      });
    }

    const Context context_;
    const DeployOptions options_;
};

}  // namespace

void submit_delete(const Context& context, const DeployOptions& options, const std::string& name_or_id,
                   bool with_retained, std::function<void(const Result<StackChange>&)> answer) {
    // Context and options belong to a service, which outlives the writer's queue.
    context.writer.submit(
        [&context, &options, name_or_id, with_retained, nonce = to_hex(context.random.bytes(16)),
         answer = std::move(answer)](store::Transaction& transaction, TimePoint now) mutable -> engine::AfterCommit {
            const Occasion occasion{.region = context.region, .account = context.account, .now = now, .nonce = nonce};
            const auto stack = stacks::load_stack(transaction, name_or_id);
            auto decided = stack ? delete_stack(transaction, *stack, with_retained, occasion)
                                 : Result<Decided<StackChange>>(std::unexpected(stack.error()));
            if (!decided) {
                return [answer = std::move(answer), error = decided.error()] { answer(std::unexpected(error)); };
            }
            transaction.apply(decided->writes);
            return [&options, now, answer = std::move(answer), change = std::move(decided->answer)] {
                act(options, change.effects, now);
                answer(change);
            };
        });
}

std::unique_ptr<Service> make_deploy_service(const Context& context, DeployOptions options) {
    return std::make_unique<DeployService>(context, std::move(options));
}

}  // namespace holdpoint::api
