// Plugins: what their hooks are told, printed as JSON lines. Hooks run one at a time, so lines never mix.
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::AttemptEnd;
using durable::AttemptInfo;
using durable::Context;
using durable::InvocationEnd;
using durable::InvocationInfo;
using durable::InvocationStatus;
using durable::Json;
using durable::OperationChange;
using durable::OperationInfo;
using durable::RunOptions;
using durable::StepContext;
namespace retry = durable::retry;
using namespace std::chrono_literals;
using Line = Json::Object;

Json text(std::string_view value) {
    return durable::to_json(std::string(value));
}

std::string iso_time(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char buffer[32];
    return {buffer, std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

/// Prints lines that carry the execution's ARN, as the log queries of the tests want it.
class Printer : public durable::Plugin {
public:
    explicit Printer(std::string name) : name_(std::move(name)) {}

protected:
    void print(std::string_view hook, Line fields = {}) const {
        Line line{{"plugin", text(name_)}, {"hook", text(hook)}, {"durableExecutionArn", text(execution_arn_)}};
        line.insert(line.end(), fields.begin(), fields.end());
        std::puts(Json(std::move(line)).dump().c_str());
        std::fflush(stdout);
    }
    void begin(const InvocationInfo& info) { execution_arn_ = info.execution_arn; }

private:
    std::string name_;
    std::string execution_arn_;
};

/// The lines that most of the functions want.
class Lifecycle final : public Printer {
public:
    /// Operations of which type are told of; empty: none.
    explicit Lifecycle(std::string name, std::string type = {}) : Printer(std::move(name)), type_(std::move(type)) {}

    void invocation_start(const InvocationInfo& info) override {
        begin(info);
        first_ = info.is_first_invocation;
        print("invocation-start", {{"first", durable::to_json(first_)}});
    }
    void invocation_end(const InvocationEnd& end) override {
        const bool terminal = end.status == InvocationStatus::succeeded || end.status == InvocationStatus::failed;
        print("invocation-end", {{"first", durable::to_json(end.invocation.is_first_invocation)},
                                 {"terminal", durable::to_json(terminal)},
                                 {"status", text(to_string(end.status))}});
    }
    void operation_start(const OperationInfo& info) override {
        if (info.type != type_) return;
        print("operation-start",
              {{"op", text(info.id)}, {"type", text(info.type)}, {"replay", durable::to_json(info.is_replay)}});
    }
    void operation_end(const OperationInfo& info) override {
        if (info.type != type_) return;
        print("operation-end", {{"op", text(info.id)},
                                {"type", text(info.type)},
                                {"status", text(info.status)},
                                {"result", text(info.result.value_or("NONE"))},
                                {"error", text(info.error ? info.error->message : "NONE")}});
    }
    void attempt_start(const AttemptInfo& info) override {
        if (info.operation.type == type_) print("attempt-start", {{"op", text(info.operation.id)}});
    }
    void attempt_end(const AttemptEnd& end) override {
        if (end.attempt.operation.type != type_) return;
        print("attempt-end", {{"op", text(end.attempt.operation.id)}, {"outcome", text(to_string(end.outcome))}});
    }

private:
    std::string type_;
    bool first_ = false;
};

/// Prints, and then throws, in every hook.
class Faulty final : public Printer {
public:
    Faulty() : Printer("CONFPLUGIN-FAULTY") {}
    void invocation_start(const InvocationInfo& info) override {
        begin(info);
        fail("invocation-start");
    }
    void invocation_end(const InvocationEnd&) override { fail("invocation-end"); }
    void operation_start(const OperationInfo& info) override {
        if (info.type == "STEP") fail("operation-start");
    }
    void operation_end(const OperationInfo& info) override {
        if (info.type == "STEP") fail("operation-end");
    }
    void attempt_start(const AttemptInfo& info) override {
        if (info.operation.type == "STEP") fail("attempt-start");
    }
    void attempt_end(const AttemptEnd& end) override {
        if (end.attempt.operation.type == "STEP") fail("attempt-end");
    }

private:
    void fail(std::string_view hook) const {
        print(hook);
        throw std::runtime_error("this plugin always fails");
    }
};

/// Tells of the ends of all operations, with their parents.
class Parents final : public Printer {
public:
    Parents() : Printer("CONFPLUGIN") {}
    void invocation_start(const InvocationInfo& info) override { begin(info); }
    void operation_end(const OperationInfo& info) override {
        print("operation-end", {{"op", text(info.id)},
                                {"parent", text(info.parent_id.empty() ? "NONE" : info.parent_id)},
                                {"status", text(info.status)}});
    }
};

/// Everything that an operation's info has.
Line dump(const OperationInfo& info) {
    Line line{{"id", text(info.id)}, {"type", text(info.type)}, {"isReplay", durable::to_json(info.is_replay)}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) line.emplace_back(name, text(value));
    };
    add("name", info.name);
    add("subType", info.sub_type);
    add("parentId", info.parent_id);
    add("status", info.status);
    if (info.started_at) add("startTimestamp", iso_time(*info.started_at));
    if (info.ended_at) add("endTimestamp", iso_time(*info.ended_at));
    if (info.error) add("error", info.error->message);
    if (info.attempt > 0) line.emplace_back("attempt", durable::to_json(info.attempt));
    return line;
}

/// Dumps the infos of its hooks, for operations of one type.
class Dump final : public Printer {
public:
    explicit Dump(std::string type = {}) : Printer("CONFPLUGIN"), type_(std::move(type)) {}

    void invocation_start(const InvocationInfo& info) override {
        begin(info);
        Line line = dump_invocation(info);
        line.emplace_back("updatedOperationsCount", durable::to_json(info.updated.size()));
        print("invocation-start", std::move(line));
    }
    void invocation_end(const InvocationEnd& end) override {
        Line line = dump_invocation(end.invocation);
        const bool terminal = end.status == InvocationStatus::succeeded || end.status == InvocationStatus::failed;
        line.emplace_back("status", text(to_string(end.status)));
        line.emplace_back("terminal", durable::to_json(terminal));
        if (end.error) line.emplace_back("executionError", text(end.error->message));
        print("invocation-end", std::move(line));
    }
    void operation_start(const OperationInfo& info) override {
        if (info.type == type_) print("operation-start", dump(info));
    }
    void operation_end(const OperationInfo& info) override {
        if (info.type == type_) print("operation-end", dump(info));
    }
    void attempt_start(const AttemptInfo& info) override {
        if (info.operation.type != type_) return;
        Line line = dump(info.operation);
        line.emplace_back("isReplayingChildren", durable::to_json(info.is_replaying_children));
        print("fn-start", std::move(line));
    }

private:
    static Line dump_invocation(const InvocationInfo& info) {
        return {{"isFirstInvocation", durable::to_json(info.is_first_invocation)},
                {"requestId", text(info.request_id)},
                {"operationsCount", durable::to_json(info.operations.size())},
                {"executionStartTimestamp", text(iso_time(info.execution_started_at))}};
    }

    std::string type_;
};

/// Tells of every step that the service told of.
class Changes final : public Printer {
public:
    Changes() : Printer("CONFPLUGIN") {}
    void invocation_start(const InvocationInfo& info) override { begin(info); }
    void operation_change(const OperationChange& change) override {
        for (const OperationInfo& info : change.updated) {
            if (info.type != "STEP") continue;
            const bool known = change.operations.find(info.id).has_value();
            Line line = dump(info);
            line.emplace_back("op", text(info.id));
            line.emplace_back("in_full_map", durable::to_json(known));
            line.emplace_back("inFullMap", durable::to_json(known));
            line.emplace_back("executionArn", text(change.execution_arn));
            line.emplace_back("updatedOperationsCount", durable::to_json(change.updated.size()));
            line.emplace_back("operationsCount", durable::to_json(change.operations.size()));
            print("operation-change", std::move(line));
        }
    }
};

template <class... Plugins>
RunOptions with(std::shared_ptr<Plugins>... plugins) {
    return {.plugins = {std::move(plugins)...}};
}

std::string greet(Context& context, std::string name) {
    return context.step("", [&](StepContext& step) {
        step.logger().info("Greeting step running for: " + name);
        return "Hello, " + name + "!";
    });
}

std::string greet_in_a_child(Context& context, std::string name) {
    return context.run_in_child_context("", [&](Context& child) { return greet(child, name); });
}

std::string constant(Context& context, Json) {
    return context.step("greet", [] { return std::string("task-a"); });
}

void failing(Context& context, Json) {
    context.step("", [] { throw std::runtime_error("boom"); }, {.retry = retry::none()});
}

void good_then_failing(Context& context, Json event) {
    context.step("", [] { return std::string("task-a"); });
    failing(context, std::move(event));
}

void wait(Context& context, Json) {
    context.wait("", 2s);
}

std::string wait_and_answer(Context& context, std::string name) {
    context.wait("", 2s);
    return "done-" + name;
}

std::string good_then_retried(Context& context, Json) {
    context.step("", [] { return std::string("task-a"); });
    return context.step("",
                        [](StepContext& step) {
                            if (step.attempt() == 1) throw std::runtime_error("not yet");
                            return std::string("Operation succeeded");
                        },
                        {.retry = retry::fixed({.attempts = 2, .pause = 1s})});
}

std::vector<std::string> named_branches(Context& context, Json) {
    return context
        .parallel<std::string>("ctx",
                               {{"branch-a",
                                 [](Context& branch) {
                                     branch.step("inner", [] { return std::string("x"); });
                                     branch.wait("", 2s);
                                     return std::string("a-done");
                                 }},
                                {"branch-b", [](Context&) { return std::string("b-done"); }}},
                               {.max_concurrency = 1})
        .results();
}

std::shared_ptr<Lifecycle> lifecycle(std::string type = {}) {
    return std::make_shared<Lifecycle>("CONFPLUGIN", std::move(type));
}

}  // namespace

std::vector<Function> plugin_functions() {
    return {
        function("10-1", greet, with(lifecycle())),
        function("10-2", greet, with(lifecycle("STEP"))),
        function("10-4", greet, with(std::make_shared<Faulty>())),
        function("10-5", greet,
                 with(std::make_shared<Lifecycle>("CONFPLUGIN-A"), std::make_shared<Lifecycle>("CONFPLUGIN-B"))),
        function("10-7", failing, with(lifecycle())),
        function("10-8", greet, with(std::make_shared<Changes>())),
        function("10-10", wait, with(lifecycle("WAIT"))),
        function("10-11", greet_in_a_child, with(std::make_shared<Parents>())),
        function("10-13", good_then_retried, with(lifecycle("STEP"))),
        function("10-14", good_then_failing, with(lifecycle("STEP"))),
        function("10-16", wait, with(lifecycle())),
        function("10-17", greet,
                 with(std::make_shared<Faulty>(), std::make_shared<Lifecycle>("CONFPLUGIN-HEALTHY", "STEP"))),
        function("10-19", wait_and_answer, with(std::make_shared<Dump>())),
        function("10-20", constant, with(std::make_shared<Dump>("STEP"))),
        function("10-22", constant, with(std::make_shared<Changes>())),
        function("10-23", named_branches, with(std::make_shared<Dump>("CONTEXT"))),
    };
}

}  // namespace conformance
