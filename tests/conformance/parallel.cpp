// Parallel branches: order, early ends, what their result tells.
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::BatchResult;
using durable::Branch;
using durable::Completion;
using durable::Context;
using durable::Json;
using namespace std::chrono_literals;
using Branches = std::vector<Branch<std::string>>;

/// What a function answers of its result; what it is not asked for it leaves out.
struct Summary {
    std::string completionReason;
    std::optional<std::string> status = {};
    std::size_t successCount = 0;
    std::optional<std::size_t> failureCount = {};
    std::size_t totalCount = 0;
};
BOOST_DESCRIBE_STRUCT(Summary, (), (completionReason, status, successCount, failureCount, totalCount))

struct Failures {
    bool hasFailure = false;
    std::size_t successCount = 0;
    std::size_t failureCount = 0;
    std::size_t errorCount = 0;
};
BOOST_DESCRIBE_STRUCT(Failures, (), (hasFailure, successCount, failureCount, errorCount))

Branch<std::string> answer(std::string text) {
    return [text](Context&) { return text; };
}

Branch<std::string> step(std::string text) {
    return [text](Context& branch) { return branch.step("", [&] { return text; }); };
}

Branch<std::string> failure() {
    return [](Context&) -> std::string { throw std::runtime_error("the branch fails"); };
}

/// One after the other, so that the history is always the same.
BatchResult<std::string> in_turn(Context& context, Branches branches, const Completion& completion = {}) {
    return context.parallel<std::string>("parallel", std::move(branches),
                                         {.max_concurrency = 1, .completion = completion});
}

Summary successes_of(const BatchResult<std::string>& result) {
    return {.completionReason = std::string(to_string(result.completion_reason())),
            .successCount = result.success_count(),
            .totalCount = result.total_count()};
}

Summary counts_of(const BatchResult<std::string>& result) {
    Summary summary = successes_of(result);
    summary.failureCount = result.failure_count();
    return summary;
}

Summary summary_of(const BatchResult<std::string>& result) {
    Summary summary = counts_of(result);
    summary.status = to_string(result.status());
    return summary;
}

std::vector<std::string> basic(Context& context, Json) {
    return in_turn(context, {step("task-1"), step("task-2")}).results();
}

std::vector<std::string> without_a_name(Context& context, Json) {
    return context.parallel<std::string>("", {answer("alpha"), answer("beta")}, {.max_concurrency = 1}).results();
}

std::vector<Json> of_different_types(Context& context, Json) {
    return context
        .parallel<Json>("parallel",
                        {[](Context&) { return "hello"; }, [](Context&) { return 42; },
                         [](Context&) { return std::map<std::string, std::string>{{"k", "v"}}; }},
                        {.max_concurrency = 1})
        .results();
}

std::vector<std::string> empty(Context& context, Json) {
    return in_turn(context, {}).results();
}

std::vector<std::string> thrown_failure(Context& context, Json) {
    const auto result = in_turn(context, {failure(), answer("never")}, Completion::all_successful());
    result.throw_if_error();
    return result.results();
}

Summary min_successful(Context& context, Json) {
    return successes_of(in_turn(context, {answer("a"), answer("b"), answer("c"), answer("d")}, {.min_successful = 2}));
}

Summary tolerated_count_exceeded(Context& context, Json) {
    return counts_of(in_turn(context, {failure(), failure(), answer("never")}, {.tolerated_failure_count = 1}));
}

std::vector<std::string> side_by_side(Context& context, Json) {
    return context.parallel<std::string>("parallel", {answer("r0"), answer("r1"), answer("r2")}, {.max_concurrency = 2})
        .results();
}

Summary tolerated_percentage_exceeded(Context& context, Json) {
    return counts_of(
        in_turn(context, {failure(), failure(), answer("c"), answer("d")}, {.tolerated_failure_percentage = 25}));
}

std::vector<std::string> a_branch_waits(Context& context, Json) {
    return in_turn(context, {step("b0"),
                             [](Context& branch) {
                                 branch.wait("", 2s);
                                 return std::string("b1");
                             }})
        .results();
}

Summary all_fail(Context& context, Json) {
    return summary_of(in_turn(context, {failure(), failure(), failure()}, {.tolerated_failure_count = 3}));
}

Summary too_few_succeed(Context& context, Json) {
    return summary_of(in_turn(context, {answer("a"), failure(), answer("c")}, {.min_successful = 3}));
}

std::vector<std::string> no_concurrency(Context& context, Json) {
    return context.parallel<std::string>("parallel", {answer("a"), answer("b")}, {.max_concurrency = 0}).results();
}

Failures accessors(Context& context, Json) {
    const auto result = in_turn(context, {answer("a"), failure(), answer("c")}, {.tolerated_failure_count = 1});
    return {.hasFailure = result.has_failure(),
            .successCount = result.succeeded().size(),
            .failureCount = result.failed().size(),
            .errorCount = result.errors().size()};
}

Summary tolerated_percentage_reached(Context& context, Json) {
    return summary_of(
        in_turn(context, {failure(), answer("b"), answer("c"), answer("d")}, {.tolerated_failure_percentage = 25}));
}

}  // namespace

std::vector<Function> parallel_functions() {
    return {
        function("8-1", basic),
        function("8-2", without_a_name),
        function("8-4", of_different_types),
        function("8-5", empty),
        function("8-7", thrown_failure),
        function("8-8", min_successful),
        function("8-10", tolerated_count_exceeded),
        function("8-11", side_by_side),
        function("8-13", tolerated_percentage_exceeded),
        function("8-14", a_branch_waits),
        function("8-16", all_fail),
        function("8-17", too_few_succeed),
        function("8-19", no_concurrency),
        function("8-20", accessors),
        function("8-22", tolerated_percentage_reached),
    };
}

}  // namespace conformance
