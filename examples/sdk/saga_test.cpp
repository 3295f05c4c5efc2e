// Sagas: docs/sdk/sagas.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <ranges>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

/// What the outside world has on its books.
std::vector<std::string> books;
void write_down(const std::string& what) {
    if (std::ranges::find(books, what) == books.end()) books.push_back(what);  // by key, so that twice is once
}

// [saga]
/// Remembers how to undo what was done. The list is built again on every replay, from the same steps.
class Saga {
public:
    explicit Saga(durable::Context& ctx) : ctx_(ctx) {}

    /// Does one thing, and remembers how to undo it.
    template <class Do, class Undo>
    auto step(const std::string& name, Do&& work, Undo undo) {
        auto result = ctx_.step(name, work);
        undo_.emplace_back("undo " + name, [undo, result] { undo(result); });
        return result;
    }

    /// Undoes everything, last first. Compensation must not give up: it has a strategy for what must not fail.
    void compensate() {
        for (const auto& [name, undo] : undo_ | std::views::reverse) {
            ctx_.step(name, undo, {.retry = durable::retry::critical()});
        }
    }

private:
    durable::Context& ctx_;
    std::vector<std::pair<std::string, std::function<void()>>> undo_;
};

std::string book_trip(durable::Context& ctx, const std::string& card) {
    Saga saga(ctx);
    try {
        const auto flight = saga.step(
            "flight",
            [] {
                write_down("flight F1");
                return std::string("F1");
            },
            [](const std::string& id) { write_down("cancelled flight " + id); });
        const auto hotel = saga.step(
            "hotel",
            [] {
                write_down("hotel H1");
                return std::string("H1");
            },
            [](const std::string& id) { write_down("cancelled hotel " + id); });
        ctx.step("pay",
                 [&] {
                     if (card.empty()) throw durable::Error("CardDeclined", "no card");
                 },
                 {.retry = durable::retry::none()});
        return flight + "+" + hotel;
    } catch (const durable::StepError& error) {
        saga.compensate();
        throw;  // the execution fails with the reason, after everything was undone
    }
}
// [/saga]

TEST(Saga, EverythingWorks) {
    books.clear();
    Runner runner(book_trip);
    runner.run(std::string("4711"));
    EXPECT_EQ(runner.result<std::string>(), "F1+H1");
}

TEST(Saga, IsUndoneInReverseOrder) {
    books.clear();
    Runner runner(book_trip);
    EXPECT_EQ(runner.run(std::string()), ExecutionStatus::failed);
    EXPECT_EQ(runner.error()->type, "CardDeclined");
    EXPECT_EQ(books, (std::vector<std::string>{"flight F1", "hotel H1", "cancelled hotel H1", "cancelled flight F1"}));
}

TEST(Saga, SurvivesACrashAtEveryCheckpoint) {
    Runner whole(book_trip);
    whole.run(std::string());
    ASSERT_GT(whole.checkpoints(), 1);
    for (int crash = 2; crash < 2 * (whole.checkpoints() + 1); ++crash) {
        books.clear();
        Runner runner(book_trip);
        if (crash % 2 == 0) {
            runner.crash_before_checkpoint(crash / 2);
        } else {
            runner.crash_after_checkpoint(crash / 2);
        }
        EXPECT_EQ(runner.run(std::string()), ExecutionStatus::failed);
        EXPECT_EQ(runner.error()->type, "CardDeclined");
        EXPECT_EQ(books,
                  (std::vector<std::string>{"flight F1", "hotel H1", "cancelled hotel H1", "cancelled flight F1"}))
            << "crash " << crash;
    }
}

}  // namespace
