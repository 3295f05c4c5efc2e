// Maps and parallels: docs/sdk/map.md and docs/sdk/parallel.md.
#include <gtest/gtest.h>

#include <durable/testing.hpp>
#include <stdexcept>

using durable::testing::ExecutionStatus;
using durable::testing::Runner;
using namespace std::chrono_literals;

namespace {

// [map]
struct Image {
    std::string name;
    int width = 0;
};
BOOST_DESCRIBE_STRUCT(Image, (), (name, width))

std::vector<std::string> thumbnails(durable::Context& ctx, const std::vector<Image>& images) {
    const auto result =
        ctx.map("thumbnails", images,
                [](durable::Context& item, const Image& image, std::size_t index) {
                    const auto place = item.step("scale", [&] { return image.name + "-small"; });
                    item.wait("let the cache settle", 10s);
                    return std::to_string(index) + ":" + place;
                },
                {.max_concurrency = 2, .item_name = [](const Image& image, std::size_t) { return image.name; }});
    result.throw_if_error();
    return result.results();
}
// [/map]

TEST(Map, Thumbnails) {
    Runner runner(thumbnails);
    runner.run(std::vector<Image>{{.name = "a", .width = 1}, {.name = "b", .width = 2}, {.name = "c", .width = 3}});
    EXPECT_EQ(runner.result_text(), R"(["0:a-small","1:b-small","2:c-small"])");
    EXPECT_EQ(runner.operation("b").sub_type, "MapIteration");
}

// [result]
std::string import(durable::Context& ctx, const std::vector<int>& rows) {
    const durable::BatchResult<int> result =
        ctx.map("rows", rows,
                [](durable::Context& item, int row) {
                    return item.step("import",
                                     [&] {
                                         if (row < 0) throw durable::Error("BadRow", "row " + std::to_string(row));
                                         return row * 2;
                                     },
                                     {.retry = durable::retry::none()});
                },
                {.max_concurrency = 1, .completion = {.tolerated_failure_percentage = 30}});
    std::string text =
        std::string(to_string(result.completion_reason())) + " " + std::string(to_string(result.status()));
    text += ", done " + std::to_string(result.success_count()) + " of " + std::to_string(result.total_count());
    for (const auto& item : result.failed()) text += ", " + item.name + ": " + item.error->message;
    return text;
}
// [/result]

TEST(Map, ToleratesSomeFailures) {
    Runner fine(import);
    fine.run(std::vector<int>{1, -2, 3, 4});
    EXPECT_EQ(fine.result<std::string>(), "ALL_COMPLETED FAILED, done 3 of 4, map-item-1: row -2");
    Runner bad(import);
    bad.run(std::vector<int>{1, -2, -3, 4});
    EXPECT_EQ(bad.result<std::string>(),
              "FAILURE_TOLERANCE_EXCEEDED FAILED, done 1 of 3, map-item-1: row -2, map-item-2: row -3");
}

// [parallel]
std::string check(durable::Context& ctx, const std::string& customer) {
    const auto checks = ctx.parallel<std::string>(
        "checks",
        {{"credit", [&](durable::Context& branch) { return branch.step("ask", [&] { return customer + " pays"; }); }},
         {"address", [&](durable::Context& branch) {
              branch.wait("post", std::chrono::hours(48));
              return std::string("address exists");
          }}});
    checks.throw_if_error();
    return checks.find("credit")->result.value() + ", " + *checks.items()[1].result;
}
// [/parallel]

TEST(Parallel, BothBranches) {
    Runner runner(check);
    runner.run(std::string("Ada"));
    EXPECT_EQ(runner.result<std::string>(), "Ada pays, address exists");
    EXPECT_EQ(runner.operation("credit").sub_type, "ParallelBranch");
}

// [first]
std::string fastest(durable::Context& ctx, const durable::Json&) {
    const auto ask = [](std::string mirror, std::chrono::seconds takes) {
        return [=](durable::Context& branch) {
            branch.wait("answer", takes);
            return mirror;
        };
    };
    const auto answers = ctx.parallel<std::string>("mirrors", {{"near", ask("near", 5s)}, {"far", ask("far", 60s)}},
                                                   {.completion = durable::Completion::first_successful()});
    return answers.results().front() + ", " + std::to_string(answers.started_count()) + " still under way";
}
// [/first]

TEST(Parallel, FirstSuccessful) {
    Runner runner(fastest);
    const auto begin = runner.now();
    runner.run();
    EXPECT_EQ(runner.result<std::string>(), "near, 1 still under way");
    EXPECT_EQ(runner.now() - begin, 5s);
}

// [run-time]
std::vector<std::string> offers(durable::Context& ctx, const std::vector<std::string>& shops) {
    std::vector<durable::Branch<std::string>> branches;
    branches.reserve(shops.size());
    for (const std::string& shop : shops) {
        branches.emplace_back(
            shop, [shop](durable::Context& branch) { return branch.step("ask", [&] { return "offer of " + shop; }); });
    }
    const auto answers = ctx.parallel<std::string>("offers", std::move(branches));
    answers.throw_if_error();
    return answers.results();
}
// [/run-time]

TEST(Parallel, BranchesBuiltAtRunTime) {
    Runner runner(offers);
    runner.run(std::vector<std::string>{"north", "south"});
    EXPECT_EQ(runner.result_text(), R"(["offer of north","offer of south"])");
    EXPECT_EQ(runner.operation("south").sub_type, "ParallelBranch");
}

// [custom]
int enough_votes(durable::Context& ctx, const std::vector<int>& voters) {
    const auto votes = ctx.map(
        "votes", voters, [](durable::Context&, int vote) { return vote; },
        {.max_concurrency = 1, .completion = {.should_complete = [](const durable::BatchProgress& progress) {
                                   return 2 * progress.succeeded > progress.total ? durable::CompletionDecision::succeed
                                                                                  : durable::CompletionDecision::go_on;
                               }}});
    return static_cast<int>(votes.success_count());
}
// [/custom]

TEST(Map, CompletionOfOnesOwn) {
    Runner runner(enough_votes);
    runner.run(std::vector<int>{1, 1, 1, 1, 1});
    EXPECT_EQ(runner.result<int>(), 3);
}

// [flat]
int flat(durable::Context& ctx, const std::vector<int>& numbers) {
    int sum = 0;
    const auto squares = ctx.map(
        "squares", numbers, [](durable::Context& item, int n) { return item.step("square", [&] { return n * n; }); },
        {.nesting = durable::Nesting::flat});
    for (const int square : squares.results()) sum += square;
    return sum;
}
// [/flat]

TEST(Map, MoreSuccessesThanItemsRunsAll) {
    Runner runner([](durable::Context& ctx, const std::vector<int>& numbers) {
        const auto result =
            ctx.map("all", numbers, [](durable::Context&, int n) { return n; }, {.completion = {.min_successful = 9}});
        result.throw_if_error();
        return std::string(to_string(result.completion_reason()));
    });
    runner.run(std::vector<int>{1, 2, 3});
    EXPECT_EQ(runner.result<std::string>(), "ALL_COMPLETED");
}

TEST(Map, FlatHasNoOperationPerItem) {
    Runner runner(flat);
    runner.run(std::vector<int>{1, 2, 3});
    EXPECT_EQ(runner.result<int>(), 14);
    EXPECT_EQ(runner.operations().size(), 4);
}

}  // namespace
