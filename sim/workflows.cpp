#include "sim/workflows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <numeric>

namespace holdpoint::sim {

using namespace std::chrono_literals;
using durable::Context;
using durable::StepContext;

namespace {

/// More than any world needs, so that what gives up is wrong. Its jitter is the world's chance.
durable::RetryStrategy stubborn() {
    return durable::retry::exponential({.attempts = 1000, .initial = 1s, .max = 4s});
}

std::string order_result(const std::string& id) {
    return fmt::format("reserved {0}, charged {0}, shipped {0}", id);
}

int batch_result(int size) {
    return 10 * size * (size + 1) / 2;
}

}  // namespace

Workflows::Workflows(Nature& nature, Processes& processes, Ledger& ledger, Approvals& approvals,
                     CallbackGiven callback_given)
    : nature_(nature), processes_(processes), ledger_(ledger), callback_given_(std::move(callback_given)) {
    const auto add = [this](const std::string& name, auto method) {
        handlers_[name] = durable::detail::erase_handler(
            [this, method](Context& ctx, const Order& order) { return (this->*method)(ctx, order); });
    };
    add("order", &Workflows::order);
    add("batch", &Workflows::batch);
    add("poll", &Workflows::poll);
    add("approval", &Workflows::approval);
    add("branches", &Workflows::branches);
    handlers_["parent"] = durable::detail::erase_handler(parent);
    handlers_["asker"] = durable::detail::erase_handler(asker);
    handlers_["sleeper"] = durable::detail::erase_handler(sleeper);
    handlers_[kPolling] = approvals.handler(approvals::WaitMode::polling);
    handlers_[kCallback] = approvals.handler(approvals::WaitMode::callback);
}

std::vector<functions::Function> Workflows::functions() {
    std::vector<functions::Function> all;
    for (const char* name : {"order", "batch", "poll", "approval", "branches", "parent", "asker", "sleeper", "doubler",
                             kPolling, kCallback}) {
        functions::Function function;
        function.name = name;
        function.executable = name;
        function.code_sha256 = "simulated";
        function.timeout_seconds = 30;
        function.log_group = std::string("/aws/lambda/") + name;
        // Far more than a world lasts, its clock's jumps included; the sleeper is to run into it.
        const std::int64_t timeout = function.name == "sleeper" ? 60 : 1'000'000;
        if (function.name != "doubler") {
            function.durable = functions::DurableConfig{.execution_timeout_seconds = timeout, .retention_days = 1};
        }
        all.push_back(std::move(function));
    }
    return all;
}

void Workflows::act(const StepContext& step, const std::string& name, bool at_most_once) {
    processes_.may_die("before the body of " + name);
    nature_.trace.event(fmt::format("body runs: {}, attempt {}", name, step.attempt()));
    ledger_.attempt_ran({.operation = {std::string(step.execution_arn()), std::string(step.operation_id())},
                         .name = name,
                         .number = step.attempt(),
                         .at_most_once = at_most_once,
                         .is_current = processes_.is_current()});
    if (nature_.chance.fault(10, "slow body: " + name)) {
        processes_.pause(nature_.chance.between(1s, 40s));
    } else {
        processes_.pause(nature_.chance.between(0ms, 200ms));
    }
    processes_.may_die("after the body of " + name);
}

std::string Workflows::order(Context& ctx, const Order& order) {
    const auto reserved = ctx.step("reserve",
                                   [&](StepContext& step) {
                                       act(step, "reserve");
                                       if (step.attempt() == 1)
                                           throw durable::Error("Busy", "the first attempt always fails");
                                       return "reserved " + order.id;
                                   },
                                   {.retry = stubborn()});
    const auto charged = ctx.step("charge",
                                  [&](StepContext& step) {
                                      act(step, "charge", true);
                                      return "charged " + order.id;
                                  },
                                  {.retry = stubborn(), .semantics = durable::StepSemantics::at_most_once_per_retry});
    ctx.wait("settle", 5s);
    const auto shipped = ctx.step("ship",
                                  [&](StepContext& step) {
                                      act(step, "ship");
                                      return "shipped " + order.id;
                                  },
                                  {.retry = stubborn()});
    return reserved + ", " + charged + ", " + shipped;
}

std::string Workflows::batch(Context& ctx, const Order& order) {
    std::vector<int> items(static_cast<std::size_t>(order.size));
    std::iota(items.begin(), items.end(), 1);
    const auto price = [&](Context& item_ctx, int item) {
        const int half = item_ctx.step("first half",
                                       [&](StepContext& step) {
                                           act(step, "first half");
                                           return 4 * item;
                                       },
                                       {.retry = stubborn()});
        item_ctx.wait("pause", std::chrono::seconds(item));
        return half + item_ctx.step("second half",
                                    [&](StepContext& step) {
                                        act(step, "second half");
                                        return 6 * item;
                                    },
                                    {.retry = stubborn()});
    };
    const auto prices = ctx.map("prices", items, price).results();
    return std::to_string(std::accumulate(prices.begin(), prices.end(), 0));
}

std::string Workflows::poll(Context& ctx, const Order& order) {
    const int state =
        ctx.wait_for_condition<int>("grown",
                                    [&](const int& before, StepContext& step) {
                                        act(step, "grown");
                                        return before + 1;
                                    },
                                    {.initial_state = 0, .strategy = [&](const int& now, int) -> durable::WaitDecision {
                                         if (now >= order.size) return std::nullopt;
                                         return 2s;
                                     }});
    return fmt::format("grown to {}", state);
}

std::string Workflows::approval(Context& ctx, const Order& order) {
    const auto callback = ctx.create_callback<std::string>("decision", {.timeout = 120s, .heartbeat_timeout = 45s});
    ctx.step("ask",
             [&](StepContext& step) {
                 act(step, "ask");
                 callback_given_(callback.id());
             },
             {.retry = stubborn()});
    std::string decision;
    try {
        decision = callback.result();
    } catch (const durable::CallbackTimeoutError&) {
        decision = "timeout";
    } catch (const durable::CallbackExternalError&) {
        decision = "failure";
    }
    const auto told = ctx.step("tell",
                               [&](StepContext& step) {
                                   act(step, "tell", true);
                                   return decision;
                               },
                               {.retry = stubborn(), .semantics = durable::StepSemantics::at_most_once_per_retry});
    return order.id + ": " + told;
}

std::string Workflows::branches(Context& ctx, const Order& order) {
    const auto branch = [this](int seconds) {
        return [this, seconds](Context& branch_ctx) {
            branch_ctx.wait("before", std::chrono::seconds(seconds));
            return branch_ctx.step("count",
                                   [&](StepContext& step) {
                                       act(step, "count", true);
                                       return seconds;
                                   },
                                   {.retry = stubborn(), .semantics = durable::StepSemantics::at_most_once_per_retry});
        };
    };
    auto later = ctx.wait_async("later", 7s);
    const auto counted = ctx.run_in_child_context("inner", [&](Context& child) {
        const auto results = child.parallel<int>("both", {{"short", branch(1)}, {"long", branch(3)}}).results();
        return std::accumulate(results.begin(), results.end(), 0);
    });
    later.get();
    return fmt::format("{} counted {}", order.id, counted);
}

std::string Workflows::parent(Context& ctx, const Order& order) {
    return "parent of " + ctx.invoke<std::string>("child", "order:1", Order{.id = order.id + "'s child", .size = 1});
}

std::string Workflows::doubled(const std::string& payload) {
    processes_.may_die("before a plain function's work");
    processes_.pause(nature_.chance.between(0ms, 3s));
    processes_.may_die("after a plain function's work");
    ledger_.plain_done(payload);
    return std::to_string(2 * durable::detail::read_result<Order>(payload).size);
}

std::string Workflows::asker(Context& ctx, const Order& order) {
    for (int attempt = 1;; ++attempt) {
        try {
            return fmt::format("twice is {}", ctx.invoke<int>(fmt::format("ask {}", attempt), "doubler", order));
        } catch (const durable::InvokeFailedError&) {
            ctx.wait("a moment", 1s);  // its process died: a plain function's invocation is not repeated by the service
        }
    }
}

std::string Workflows::sleeper(Context& ctx, const Order&) {
    ctx.wait("for ever", 24h);
    return "woken";
}

Ending ending_of(const core::Execution& execution) {
    const auto text = [](const std::string& result) {
        return Ending{.result = boost::json::serialize(boost::json::value(result))};
    };
    const auto input = durable::detail::read_result<Order>(execution.input());
    const std::string& function = execution.head().function;
    if (function == "sleeper") return {.status = wire::ExecutionStatus::timed_out, .result = {}};
    if (function == "order") return text(order_result(input.id));
    if (function == "parent") return text("parent of " + order_result(input.id + "'s child"));
    if (function == "batch") return text(std::to_string(batch_result(input.size)));
    if (function == "poll") return text(fmt::format("grown to {}", input.size));
    if (function == "asker") return text(fmt::format("twice is {}", 2 * input.size));
    if (function == "branches") return text(input.id + " counted 4");
    for (const core::OperationState& state : execution.operations()) {
        if (state.operation.type != wire::OperationType::callback) continue;
        if (state.operation.status == wire::OperationStatus::timed_out) return text(input.id + ": timeout");
        if (state.operation.status == wire::OperationStatus::failed) return text(input.id + ": failure");
        const std::string value = state.operation.result.value_or("null");
        return text(input.id + ": " + boost::json::value_to<std::string>(boost::json::parse(value)));
    }
    return text("a callback");
}

}  // namespace holdpoint::sim
