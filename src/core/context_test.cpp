// Contexts: how they begin, and how they end.
#include <gtest/gtest.h>

#include "core/checkpoint.hpp"
#include "core/testing_execution.hpp"

namespace holdpoint::core {
namespace {

using wire::OperationAction;
using wire::OperationStatus;

wire::OperationUpdate update(std::string id, OperationAction action) {
    wire::OperationUpdate made;
    made.id = std::move(id);
    made.name = "order";
    made.type = wire::OperationType::context;
    made.action = action;
    if (action == OperationAction::succeed) made.payload = "1";
    if (action == OperationAction::fail) made.error = {.message = "no", .type = "E", .data = {}, .stack_trace = {}};
    return made;
}

class Contexts : public InvokedExecution {
protected:
    /// The types of the events that it became, or why it was refused.
    std::vector<std::string> checkpoint(const std::vector<wire::OperationUpdate>& updates) {
        const auto changes = decide_checkpoint(execution_, updates, kNow, "nonce", {});
        if (!changes) return {changes.error().message};
        apply(*changes);
        std::vector<std::string> types;
        for (const auto& event : render_events(execution_, *changes, 1, true)) {
            types.emplace_back(event.at("EventType").as_string());
        }
        return types;
    }
};

using Texts = std::vector<std::string>;

TEST_F(Contexts, EndOnce) {
    const auto end = update("c", OperationAction::succeed);
    EXPECT_EQ(checkpoint({update("c", OperationAction::start), end}), (Texts{"ContextStarted", "ContextSucceeded"}));
    EXPECT_EQ(execution_.take_unseen().size(), 1U) << "what changed twice is told once";
    EXPECT_EQ(checkpoint({end}), Texts{"Invalid current CONTEXT state to close."});
}

// As steps may: whoever has nothing to do before the end can save the checkpoint.
TEST_F(Contexts, MayEndWithoutHavingBegun) {
    auto end = update("c", OperationAction::succeed);
    end.replay_children = true;
    EXPECT_EQ(checkpoint({end, update("d", OperationAction::fail)}), (Texts{"ContextSucceeded", "ContextFailed"}));
    const wire::Operation& operation = execution_.find("c")->operation;
    EXPECT_EQ(operation.status, OperationStatus::succeeded);
    EXPECT_EQ(operation.name, "order");
    EXPECT_EQ(operation.started_at, operation.ended_at);
    EXPECT_EQ(operation.result, "1");
    EXPECT_TRUE(operation.replay_children);
    EXPECT_EQ(execution_.find("d")->operation.error->message, "no");
    EXPECT_EQ(checkpoint({end}), Texts{"Invalid current CONTEXT state to close."});
}

}  // namespace
}  // namespace holdpoint::core
