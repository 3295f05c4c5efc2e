#include "api/deploy/deploy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "api/deploy/apply.hpp"
#include "api/deploy/slices.hpp"
#include "api/deploy/table_changes.hpp"
#include "api/lambda/operation.hpp"
#include "api/respond.hpp"
#include "functions/registry.hpp"
#include "identity/policy.hpp"

namespace holdpoint::api {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

std::unexpected<Error> invalid(std::string message) {
    return fail("ValidationError", 400, std::move(message));
}

struct DeployRequest {
    std::string template_text;
    std::string folder;  // of the template
    std::string stack_name;
    std::map<std::string, std::string> parameters;
    std::map<std::string, std::string> code;  // executable -> path
};

bool is_stack_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 && std::isalpha(static_cast<unsigned char>(name.front())) != 0 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; });
}

std::string text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

Result<std::map<std::string, std::string>> texts(const json::object& object, std::string_view name) {
    std::map<std::string, std::string> result;
    const json::value* value = object.if_contains(name);
    if (value == nullptr) return result;
    if (!value->is_object()) return invalid(fmt::format("{} must be an object.", name));
    for (const auto& [key, member] : value->get_object()) {
        if (!member.is_string()) return invalid(fmt::format("{}.{} must be text.", name, std::string_view(key)));
        result[std::string(key)] = std::string(member.get_string());
    }
    return result;
}

Result<DeployRequest> read_request(const json::object& body) {
    DeployRequest request;
    request.template_text = text(body, "template");
    request.folder = text(body, "folder");
    request.stack_name = text(body, "stack_name");
    if (!is_stack_name(request.stack_name)) {
        return invalid(fmt::format("stack_name '{}' must be 1 to 128 letters, digits and '-', starting with a letter.",
                                   request.stack_name));
    }
    auto parameters = texts(body, "parameters");
    auto code = texts(body, "code");
    if (!parameters) return std::unexpected(parameters.error());
    if (!code) return std::unexpected(code.error());
    request.parameters = std::move(*parameters);
    request.code = std::move(*code);
    return request;
}

std::optional<std::pair<std::string, std::string>> policy_problem(const std::string& document) {
    const auto policy = identity::read_policy(document);
    if (policy) return std::nullopt;
    return std::pair(policy.error().path, policy.error().message);
}

class Deploy final : public Service {
public:
    Deploy(const Context& context, store::LogStore& logs, CodeStore& code, DeployOptions options)
        : context_(context), logs_(logs), code_(code), options_(std::move(options)) {}

    void handle(Call call) override {
        if (!call.caller.role_name.empty()) {
            return refuse(call, {"AccessDeniedException", 403, "Only the account's own key may deploy.", {}});
        }
        boost::system::error_code problem;
        const json::value body = json::parse(call.request.body, problem);
        if (problem || !body.is_object() || call.request.method != "POST") {
            return refuse(call, {"ValidationError", 400, "Expected a POST with a JSON object.", {}});
        }
        if (call.request.path() == "/holdpoint/deploy") return deploy(std::move(call), body.get_object());
        if (call.request.path() == "/holdpoint/delete") return remove(std::move(call), body.get_object());
        refuse(call, {"UnknownOperationException", 404, "Expected /holdpoint/deploy or /holdpoint/delete.", {}});
    }

private:
    static void refuse(const Call& call, const Error& error) { call.respond(rest_json_error(error, call.request_id)); }

    [[nodiscard]] stacks::Target target_of(const std::optional<Stack>& known, const std::string& name) const {
        return {.stack_name = name,
                .stack_id = known ? known->id
                                  : fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/{}", context_.region,
                                                context_.account, name, context_.random.uuid()),
                .region = context_.region,
                .account = context_.account,
                .endpoint_url = options_.url};
    }

    /// The code of the plan's functions by their logical ids; of an executable that was not sent, apply_plan says so.
    Result<std::map<std::string, Code>> store_code(const stacks::Plan& plan, const DeployRequest& request) {
        std::map<std::string, Code> code;
        for (const auto& function : plan.functions) {
            const auto path = request.code.find(function.executable);
            if (function.code_uri.empty() && path == request.code.end()) continue;
            auto stored = function.code_uri.empty() ? code_.add_executable(function.executable, path->second)
                                                    : code_.add_package(fs::path(request.folder) / function.code_uri);
            if (!stored) {
                Error error = stored.error();
                error.message = fmt::format("{}: {}", function.logical_id, error.message);
                return std::unexpected(std::move(error));
            }
            code[function.logical_id] = *stored;
        }
        return code;
    }

    /// The server's own would go with the stack.
    static Result<void> check_groups(const stacks::Plan& plan) {
        for (const auto& group : plan.log_groups) {
            if (!group.name.starts_with("/holdpoint/")) continue;
            return invalid(fmt::format(
                "{}: LogGroupName '{}' is the server's own; name a log group that does not begin with /holdpoint/.",
                group.logical_id, group.name));
        }
        return {};
    }

    /// What a later version of this program no longer takes as a template says nothing of before.
    static void reset_left_out(stacks::Plan& plan, const Stack& known, const stacks::Target& target) {
        const auto before = stacks::make_plan(known.template_text, {.given = {}, .previous = known.parameters}, target);
        if (before) stacks::reset_left_out(plan, *before);
    }

    void deploy(Call call, const json::object& body) {
        auto request = read_request(body);
        if (!request) return refuse(call, request.error());
        const auto known = find_stack(*context_.store.snapshot(), request->stack_name);
        const stacks::Target target = target_of(known, request->stack_name);
        const stacks::ParameterValues parameters{
            .given = request->parameters, .previous = known ? known->parameters : std::map<std::string, std::string>()};
        auto plan = stacks::make_plan(request->template_text, parameters, target, policy_problem);
        if (!plan) return refuse(call, plan.error());
        if (known) reset_left_out(*plan, *known, target);
        if (auto ok = check_groups(*plan); !ok) return refuse(call, ok.error());
        auto code = store_code(*plan, *request);
        if (!code) return refuse(call, code.error());
        apply(std::make_shared<Call>(std::move(call)),
              std::make_shared<const Deployment>(Deployment{.template_text = std::move(request->template_text),
                                                            .target = target,
                                                            .known = known,
                                                            .plan = std::move(*plan),
                                                            .code = std::move(*code)}),
              {});
    }

    struct Deployment {
        std::string template_text;
        stacks::Target target;
        std::optional<Stack> known;
        stacks::Plan plan;
        std::map<std::string, Code> code;  // by logical id
    };

    using Changes = std::vector<std::pair<std::string, std::string>>;

    /// When the indexes that it adds to tables are filled; else again. `changes` are those of the first time.
    void apply(const std::shared_ptr<Call>& shared, const std::shared_ptr<const Deployment>& deployment,
               const Changes& changes) {
        context_.writer.submit(
            [this, shared, deployment, changes](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
                const auto& [template_text, target, known, plan, code] = *deployment;
                // The plan keeps parameters and the id of the stack that was known.
                if (!is_same(find_stack(rows, target.stack_name), known))
                    return [shared, name = target.stack_name] { refuse_changed(*shared, name); };
                OverlayRows overlay(rows);
                auto applied = apply_plan(overlay, plan, target, code, template_text, now, context_.random);
                const auto sendable = applied ? check_outcomes(overlay, plan) : Result<void>();
                if (!applied || !sendable) {
                    return [shared, error = applied ? sendable.error() : applied.error()] { refuse(*shared, error); };
                }
                if (!changes.empty()) applied->changes = changes;
                const auto added = add_indexes(rows, plan, target, now, context_.random);
                if (!added.empty()) {
                    rows.apply(added);
                    return [this, shared, deployment, applied = std::move(*applied)] {
                        finish_jobs(
                            context_.writer, tables_of(applied.stack),
                            [this, shared, deployment, said = applied.changes] { apply(shared, deployment, said); });
                    };
                }
                rows.apply(overlay.writes());
                return [this, shared, deployment, applied = std::move(*applied)] {
                    finish_deploy(shared, deployment->plan, applied);
                };
            });
    }

    /// The roles of functions must allow what their outcomes need, as on AWS; else these would be lost, one by one.
    [[nodiscard]] Result<void> check_outcomes(const RowReader& rows, const stacks::Plan& plan) const {
        for (const auto& each : plan.functions) {
            functions::Reference reference;
            reference.name = each.name;
            const auto function = functions::resolve(rows, reference, context_.region, context_.account);
            if (!function) return std::unexpected(function.error());
            std::vector<std::string> targets{each.dead_letter_arn};
            if (each.event_invoke) targets.push_back(each.event_invoke->on_success);
            if (each.event_invoke) targets.push_back(each.event_invoke->on_failure);
            for (const std::string& target : targets) {
                if (auto ok = check_permission(context_, rows, *function, target); !ok)
                    return invalid(fmt::format("{}: {}", each.logical_id, ok.error().message));
            }
        }
        return {};
    }

    static bool is_same(const std::optional<Stack>& stack, const std::optional<Stack>& other) {
        if (!stack || !other) return stack.has_value() == other.has_value();
        return put_stack(*stack).value == put_stack(*other).value;
    }

    static void refuse_changed(const Call& call, const std::string& name) {
        const std::string said = fmt::format("Stack {} changed while this was planned; deploy again.", name);
        refuse(call, {"ValidationError", 400, said, {}});
    }

    void finish_deploy(const std::shared_ptr<Call>& call, const stacks::Plan& plan, const Applied& applied) {
        for (const auto& group : applied.log_groups_to_create) logs_.create_group(group, context_.clock.now());
        for (const auto& group : plan.log_groups) {
            if (group.retention_days || group.retention_differs) logs_.set_retention(group.name, group.retention_days);
        }
        for (const auto& group : applied.removed.log_groups) logs_.delete_group(group);
        for (const auto& function : plan.functions) {
            const auto limit = function.reserved_concurrency;
            if (limit) options_.concurrency->reserve(function.name, static_cast<std::size_t>(*limit));
            if (function.frees_concurrency) options_.concurrency->reserve(function.name, std::nullopt);
            options_.on_function_changed(function.name);
        }
        for (const auto& name : applied.removed.functions) options_.on_function_changed(name);
        json::object outputs;
        for (const auto& output : applied.stack.outputs) outputs[output.key] = output.value;
        json::array changes;
        for (const auto& [id, change] : applied.changes) changes.push_back({{"resource", id}, {"change", change}});
        json::object answer{{"stack_id", applied.stack.id},
                            {"outputs", std::move(outputs)},
                            {"changes", std::move(changes)},
                            {"aws_only", json::value_from(plan.aws_only)}};
        count_open(
            context_.writer, applied.removed.functions, {},
            [this, call, tables = tables_of(applied.stack), answer = std::move(answer)](std::size_t open) mutable {
                answer["waiting"] = open;
                finish_jobs(context_.writer, std::move(tables), [call, answer = std::move(answer)] {
                    call->respond(rest_json_answer(200, answer, call->request_id));
                });
            });
    }

    struct DeleteRequest {
        std::string name;
        bool force = false;
        bool with_audit = false;
    };

    void remove(Call call, const json::object& body) {
        remove(std::make_shared<Call>(std::move(call)),
               {.name = text(body, "stack_name"), .force = flag(body, "force"), .with_audit = flag(body, "with_audit")},
               {});
    }

    /// When all executions have been looked at; else again.
    void remove(const std::shared_ptr<Call>& shared, const DeleteRequest& request, OpenExecutions open) {
        context_.writer.submit([this, shared, request, open = std::move(open)](
                                   store::Transaction& rows, TimePoint) mutable -> engine::AfterCommit {
            const auto stack = find_stack(rows, request.name);
            if (!stack) {
                return [shared, name = request.name] {
                    refuse(*shared, {"ValidationError", 400, fmt::format("Stack with id {} does not exist", name), {}});
                };
            }
            if (!open.look(rows, functions_of(*stack)))
                return [this, shared, request, open = std::move(open)] { remove(shared, request, open); };
            const std::size_t waiting = open.found();
            if (waiting > 0 && !request.force) {
                return [shared, waiting] {
                    shared->respond(rest_json_answer(200, json::object{{"deleted", false}, {"waiting", waiting}},
                                                     shared->request_id));
                };
            }
            const auto removal = remove_stack(rows, *stack, request.with_audit);
            if (!removal) return [shared, error = removal.error()] { refuse(*shared, error); };
            rows.apply(removal->writes);
            return [this, shared, removal = *removal, waiting, tables = tables_of(*stack)] {
                for (const auto& group : removal.log_groups) logs_.delete_group(group);
                for (const auto& function : removal.functions) options_.on_function_changed(function);
                finish_jobs(context_.writer, tables, [shared, kept = removal.kept, waiting] {
                    shared->respond(rest_json_answer(
                        200, json::object{{"deleted", true}, {"waiting", waiting}, {"kept", json::value_from(kept)}},
                        shared->request_id));
                });
            };
        });
    }

    Context context_;
    store::LogStore& logs_;
    CodeStore& code_;
    DeployOptions options_;
};

}  // namespace

std::unique_ptr<Service> make_deploy_service(const Context& context, store::LogStore& logs, CodeStore& code,
                                             DeployOptions options) {
    return std::make_unique<Deploy>(context, logs, code, std::move(options));
}

}  // namespace holdpoint::api
