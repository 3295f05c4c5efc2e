// Workflows: the durable functions of a simulated world, and what each must answer.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/execution.hpp"
#include "durable/durable.hpp"
#include "functions/function.hpp"
#include "sim/approvals.hpp"
#include "sim/ledger.hpp"
#include "sim/nature.hpp"
#include "sim/processes.hpp"

namespace holdpoint::sim {

/// What an execution is started with.
struct Order {
    std::string id;
    int size = 1;
};
BOOST_DESCRIBE_STRUCT(Order, (), (id, size))

class Workflows {
public:
    /// A handler gave a callback away; may be told more than once.
    using CallbackGiven = std::function<void(const std::string& callback_id)>;

    Workflows(Nature& nature, Processes& processes, Ledger& ledger, Approvals& approvals, CallbackGiven callback_given);

    [[nodiscard]] const durable::detail::DurableHandler& find(const std::string& function) const {
        return handlers_.at(function);
    }
    /// Every function, as it is deployed.
    [[nodiscard]] static std::vector<functions::Function> functions();
    /// The function that is not durable: doubles the size of an order.
    [[nodiscard]] std::string doubled(const std::string& payload);

private:
    /// What every step's body does: it is seen, and may be slow or the last thing that its process does.
    void act(const durable::StepContext& step, const std::string& name, bool at_most_once = false);
    std::string order(durable::Context& ctx, const Order& order);
    std::string batch(durable::Context& ctx, const Order& order);
    std::string poll(durable::Context& ctx, const Order& order);
    std::string approval(durable::Context& ctx, const Order& order);
    std::string branches(durable::Context& ctx, const Order& order);
    static std::string parent(durable::Context& ctx, const Order& order);
    static std::string asker(durable::Context& ctx, const Order& order);
    static std::string sleeper(durable::Context& ctx, const Order& order);

    Nature& nature_;
    Processes& processes_;
    Ledger& ledger_;
    CallbackGiven callback_given_;
    std::map<std::string, durable::detail::DurableHandler> handlers_;
};

/// How an execution ends that nobody stopped: with this status and result, given what its callback got.
struct Ending {
    wire::ExecutionStatus status = wire::ExecutionStatus::succeeded;
    std::string result;  // JSON text
};
[[nodiscard]] Ending ending_of(const core::Execution& execution);

}  // namespace holdpoint::sim
