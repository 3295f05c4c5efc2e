// Callbacks: docs/sdk/create-callback.md and docs/sdk/wait-for-callback.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [wait-for-callback]
struct Decision {
    bool approved = false;
    std::string comment;
};
BOOST_DESCRIBE_STRUCT(Decision, (), (approved, comment))

void send_mail(const std::string& to, const std::string& callback_id) {
    // … the mail has a link with the id in it …
    (void)to;
    (void)callback_id;
}

std::string approve(durable::Context& ctx, const std::string& boss) {
    try {
        const Decision decision = ctx.wait_for_callback<Decision>(
            "approval", [&](const std::string& callback_id) { send_mail(boss, callback_id); },
            {.timeout = std::chrono::hours(72), .heartbeat_timeout = std::chrono::hours(24)});
        return decision.approved ? "approved" : "rejected: " + decision.comment;
    } catch (const durable::CallbackTimeoutError&) {
        return "nobody answered in time";
    } catch (const durable::CallbackExternalError& error) {
        return "it cannot be decided: " + error.info().type;
    }
}
// [/wait-for-callback]

TEST(WaitForCallback, Answered) {
    Runner runner(approve);
    EXPECT_EQ(runner.run(std::string("boss")), ExecutionStatus::running);
    runner.complete_callback("approval-callback", Decision{.approved = false, .comment = "too dear"});
    EXPECT_EQ(runner.result<std::string>(), "rejected: too dear");
}

TEST(WaitForCallback, FailedOrTooLate) {
    Runner failed(approve);
    failed.run(std::string("boss"));
    failed.fail_callback("approval-callback", {.type = "NoSuchDocument", .message = "it was deleted"});
    EXPECT_EQ(failed.result<std::string>(), "it cannot be decided: NoSuchDocument");
    Runner silent(approve);
    silent.run(std::string("boss"));
    EXPECT_EQ(silent.advance(24h), ExecutionStatus::succeeded) << "no heartbeat for a day";
    EXPECT_EQ(silent.result<std::string>(), "nobody answered in time");
    Runner slow(approve);
    slow.run(std::string("boss"));
    for (int day = 0; day < 3; ++day) {
        slow.advance(23h);
        slow.heartbeat_callback("approval-callback");
    }
    EXPECT_EQ(slow.advance(3h), ExecutionStatus::succeeded) << "heartbeats do not move the timeout";
    EXPECT_EQ(slow.result<std::string>(), "nobody answered in time");
}

// [create-callback]
std::string sign(durable::Context& ctx, const durable::Json&) {
    auto seller = ctx.create_callback<std::string>("seller", {.timeout = std::chrono::hours(24)});
    auto buyer = ctx.create_callback<std::string>("buyer", {.timeout = std::chrono::hours(24)});
    ctx.step("send", [&] {
        send_mail("seller@example.com", seller.id());
        send_mail("buyer@example.com", buyer.id());
    });
    // Both were asked at once; the order in which they answer does not matter.
    return seller.result() + " and " + buyer.result();
}
// [/create-callback]

TEST(CreateCallback, BothAnswer) {
    Runner runner(sign);
    runner.run();
    runner.complete_callback("buyer", std::string("B."));
    EXPECT_EQ(runner.status(), ExecutionStatus::running);
    runner.complete_callback("seller", std::string("S."));
    EXPECT_EQ(runner.result<std::string>(), "S. and B.");
}

// [not-json]
bool confirmed(durable::Context& ctx, const durable::Json&) {
    try {
        return ctx.wait_for_callback<bool>("confirm", [](const std::string&) {});
    } catch (const durable::SerdesError&) {  // it was answered, but not with true or false
        return false;
    }
}
// [/not-json]

TEST(WaitForCallback, AnswerThatIsNoT) {
    for (const char* answer : {"yes, {please", R"("yes")"}) {
        Runner runner(confirmed);
        runner.run();
        runner.complete_callback_raw("confirm-callback", answer);
        EXPECT_EQ(runner.status(), ExecutionStatus::succeeded);
        EXPECT_FALSE(runner.result<bool>());
    }
}

TEST(Callbacks, AnAnswerThatIsNoTIsTheSameErrorOnReplay) {
    for (const bool waits : {true, false}) {
        Runner runner([waits](durable::Context& ctx, const durable::Json&) {
            std::string said;
            try {
                waits ? ctx.wait_for_callback<bool>("confirm", [](const std::string&) {})
                      : ctx.create_callback<bool>("confirm-callback").result();
            } catch (const durable::CallbackError&) {
                return std::string("a CallbackError");
            } catch (const durable::SerdesError& error) {
                said = error.what();
            }
            ctx.wait("pause", 1h);  // the second run catches it from the record
            return said;
        });
        runner.run();
        runner.complete_callback_raw("confirm-callback", R"("yes")");
        EXPECT_EQ(runner.run_on(), ExecutionStatus::succeeded);
        EXPECT_EQ(runner.result<std::string>(), "$: expected true or false, found text");
    }
}

// [raw]
std::string raw(durable::Context& ctx, const durable::Json&) {
    // As it was sent, whether it is JSON or not.
    return ctx.wait_for_callback<durable::RawText>("answer", [](const std::string&) {}).text;
}
// [/raw]

TEST(WaitForCallback, RawText) {
    Runner runner(raw);
    runner.run();
    runner.complete_callback_raw("answer-callback", "yes, {please");
    EXPECT_EQ(runner.result<std::string>(), "yes, {please");
}

}  // namespace
