// Programs: whatever a handler is made of, and wherever its process is lost, it ends with the result that it would have
// had in one piece, and no step whose result was recorded runs again.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <set>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

namespace gen = rc::gen;
using namespace std::chrono_literals;

enum class Kind { step, wait, child, map, beside };

struct Node {
    Kind kind = Kind::step;
    int failures = 0;           // of a step, before it succeeds
    bool is_large = false;      // a child's result is built again from its records
    bool is_flat = false;       // a map's items have no operations of their own
    bool is_swallowed = false;  // the body catches what leaves it, and goes on
    std::size_t count = 0;      // of a map's items
    std::optional<int> max_concurrency;
    std::vector<Node> inner;
};
using Program = std::vector<Node>;

Program any_program(int depth) {
    Program program(*gen::inRange<std::size_t>(1, 4));
    for (Node& node : program) {
        node.kind = depth == 0 ? *gen::element(Kind::step, Kind::wait)
                               : *gen::element(Kind::step, Kind::wait, Kind::child, Kind::map, Kind::beside);
        node.failures = *gen::inRange(0, 2);
        node.is_large = *gen::weightedElement<bool>({{9, false}, {1, true}});
        node.is_flat = *gen::arbitrary<bool>();
        node.is_swallowed = *gen::weightedElement<bool>({{4, false}, {1, true}});
        node.count = *gen::inRange<std::size_t>(0, 4);
        if (*gen::arbitrary<bool>()) node.max_concurrency = *gen::inRange(1, 3);
        if (node.kind != Kind::step && node.kind != Kind::wait) node.inner = any_program(depth - 1);
    }
    return program;
}

/// What a program answers, and how often its steps run when nothing is lost.
struct Expected {
    std::string result;
    int runs = 0;
};

Expected expected_of(const Program& program) {
    Expected all;
    for (const Node& node : program) {
        const Expected inner = expected_of(node.inner);
        switch (node.kind) {
            case Kind::step:
                all.result += "s";
                all.runs += node.failures + 1;
                break;
            case Kind::wait:
                all.result += "w";
                break;
            case Kind::child:
                all.result += "(" + inner.result + ")";
                all.runs += inner.runs;
                break;
            case Kind::map:
                for (std::size_t i = 0; i < node.count; ++i) all.result += std::to_string(i) + inner.result + ";";
                all.runs += inner.runs * static_cast<int>(node.count);
                break;
            case Kind::beside:
                all.result += inner.result + "s";
                all.runs += inner.runs + node.failures + 1;
                break;
        }
    }
    return all;
}

/// Runs a program on a context.
class Interpreter {
public:
    explicit Interpreter(std::atomic<int>& runs) : runs_(runs) {}

    std::string run(Context& context, const Program& program) {
        std::string result;
        for (const Node& node : program) {
            if (!node.is_swallowed) {
                result += run(context, node);
                continue;
            }
            try {
                result += run(context, node);
            } catch (...) {
                result += "caught";  // whatever comes of that must not be recorded
            }
        }
        return result;
    }

private:
    std::string run(Context& context, const Node& node) {
        const StepOptions<std::string> options{.retry = retry::fixed({.attempts = node.failures + 1, .pause = 1s})};
        switch (node.kind) {
            case Kind::step:
                return context.step("s", [this, &node](StepContext& step) { return attempt(node, step); }, options);
            case Kind::wait:
                context.wait("w", 1s);
                return "w";
            case Kind::child: {
                const std::string padding(node.is_large ? 300 * 1024 : 0, ' ');
                const std::string inner =
                    context.run_in_child_context("c", [&](Context& child) { return run(child, node.inner) + padding; });
                return "(" + inner.substr(0, inner.size() - padding.size()) + ")";
            }
            case Kind::map:
                return run_map(context, node);
            case Kind::beside: {
                auto step =
                    context.step_async("b", [this, &node](StepContext& one) { return attempt(node, one); }, options);
                const std::string inner = run(context, node.inner);
                return inner + step.get();
            }
        }
        return {};
    }

    std::string run_map(Context& context, const Node& node) {
        const auto batch = context.map(
            "m", std::vector<int>(node.count),
            [&](Context& item, int, std::size_t index) { return std::to_string(index) + run(item, node.inner) + ";"; },
            {.max_concurrency = node.max_concurrency, .nesting = node.is_flat ? Nesting::flat : Nesting::nested});
        std::string result;
        for (const std::string& one : batch.results()) result += one;
        return result;
    }

    std::string attempt(const Node& node, StepContext& step) {
        ++runs_;
        if (step.attempt() <= node.failures) throw Error("NotYet", "later");
        return "s";
    }

    std::atomic<int>& runs_;
};

/// Numbers of the checkpoints at which the process is lost.
std::set<int> any_losses() {
    std::set<int> losses;
    for (int i = *gen::inRange(0, 3); i > 0; --i) losses.insert(*gen::inRange(1, 20));
    return losses;
}

RC_GTEST_PROP(Programs, EndWithTheSameResultWhereverTheirProcessIsLost, ()) {
    const Program program = any_program(3);
    const Expected expected = expected_of(program);
    const std::set<int> lost_before = any_losses();
    const std::set<int> lost_after = any_losses();
    std::atomic<int> runs = 0;
    LocalService runner([&](Context& context, Json) { return Interpreter(runs).run(context, program); },
                        {.threads = *gen::inRange(0, 5)});
    runner.page_size = *gen::inRange<std::size_t>(1, 10);
    runner.limits.operations = 100'000;
    runner.before_checkpoint = [&](int number) -> std::optional<holdpoint::Error> {
        if (lost_before.contains(number)) throw Crash{};
        return std::nullopt;
    };
    runner.after_checkpoint = [&](int number) {
        if (lost_after.contains(number)) throw Crash{};
    };
    runner.start();
    for (int hours = 0; hours < 24 && runner.is_running(); ++hours) runner.advance(1h);
    RC_ASSERT(runner.error_message() == "");
    RC_ASSERT(runner.result() == "\"" + expected.result + "\"");
    RC_ASSERT(runs >= expected.runs);
    if (lost_before.empty() && lost_after.empty()) RC_ASSERT(runs == expected.runs);
}

}  // namespace
}  // namespace durable::testing
