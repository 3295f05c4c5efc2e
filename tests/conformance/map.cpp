// Maps: one body for every item.
#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "functions.hpp"

namespace conformance {

namespace {

using durable::BatchItem;
using durable::BatchResult;
using durable::Completion;
using durable::Context;
using durable::ItemStatus;
using durable::Json;
using durable::Serdes;
using namespace std::chrono_literals;

/// What a function answers of its result; what it is not asked for it leaves out.
struct Summary {
    std::string completionReason;
    std::optional<std::string> status = {};
    std::size_t successCount = 0;
    std::optional<std::size_t> failureCount = {};
    std::size_t totalCount = 0;
};
BOOST_DESCRIBE_STRUCT(Summary, (), (completionReason, status, successCount, failureCount, totalCount))

struct Counts {
    std::size_t successCount = 0;
    std::size_t totalCount = 0;
};
BOOST_DESCRIBE_STRUCT(Counts, (), (successCount, totalCount))

std::string upper_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

/// An item that is "fail" fails; others answer themselves. One after the other.
BatchResult<std::string> in_turn(Context& context, const std::vector<std::string>& items,
                                 const Completion& completion = {}) {
    return context.map("map", items,
                       [](Context&, const std::string& item) {
                           if (item == "fail") throw std::runtime_error("the item fails");
                           return item;
                       },
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

std::vector<std::string> basic(Context& context, std::vector<std::string> names) {
    return context
        .map("map", names,
             [](Context& item, const std::string& name) {
                 return item.step("", [&] { return "Hello, " + name + "!"; });
             },
             {.max_concurrency = 1})
        .results();
}

std::vector<int> without_a_name(Context& context, std::vector<int> numbers) {
    return context.map("", numbers, [](Context&, int number) { return 2 * number; }, {.max_concurrency = 1}).results();
}

std::vector<std::string> empty(Context& context, Json) {
    return in_turn(context, {}).results();
}

Summary fail_fast(Context& context, Json) {
    return summary_of(in_turn(context, {"ok", "fail", "never"}, {.tolerated_failure_count = 0}));
}

Summary min_successful(Context& context, Json) {
    return successes_of(in_turn(context, {"a", "b", "c", "d"}, {.min_successful = 2}));
}

Summary tolerated_count(Context& context, Json) {
    return summary_of(in_turn(context, {"a", "fail", "c"}, {.tolerated_failure_count = 1}));
}

Summary tolerated_percentage_exceeded(Context& context, Json) {
    return counts_of(in_turn(context, {"fail", "fail", "c", "d"}, {.tolerated_failure_percentage = 25}));
}

std::vector<std::string> side_by_side(Context& context, Json) {
    const std::vector<std::string> items{"r0", "r1", "r2"};
    return context.map("map", items, [](Context&, const std::string& item) { return item; }, {.max_concurrency = 2})
        .results();
}

std::vector<int> named_items(Context& context, std::vector<int> numbers) {
    return context
        .map("named-items", numbers, [](Context&, int number) { return number * 10; },
             {.max_concurrency = 1,
              .item_name = [](int number, std::size_t) { return "item-" + std::to_string(number); }})
        .results();
}

std::vector<std::string> own_format_of_items(Context& context, Json) {
    const std::vector<std::string> items{"x", "y"};
    const std::string mark = "wrapped:";
    return context
        .map("map", items, [](Context&, const std::string& item) { return upper_case(item); },
             {.max_concurrency = 1,
              .item_serdes = {
                  .serialize = [=](const std::string& value, const auto&) { return mark + value; },
                  .deserialize = [=](const std::string& text, const auto&) { return text.substr(mark.size()); }}})
        .results();
}

Counts large_result(Context& context, Json) {
    const std::vector<char> letters{'a', 'b', 'c', 'd'};
    const auto result = context.map(
        "map", letters, [](Context&, char letter) { return std::string(70 * 1024, letter); }, {.max_concurrency = 1});
    return {.successCount = result.success_count(), .totalCount = result.total_count()};
}

std::vector<std::string> wait_afterwards(Context& context, Json) {
    const std::vector<std::string> items{"a", "b"};
    const auto result = context.map("map", items, [](Context&, const std::string& item) { return upper_case(item); },
                                    {.max_concurrency = 1});
    context.wait("", 1s);
    return result.results();
}

/// "OPSERDE:" and the results with commas between them.
Serdes<BatchResult<std::string>> whole_result_format() {
    static const std::string mark = "OPSERDE:";
    return {.serialize =
                [](const BatchResult<std::string>& result, const auto&) {
                    std::string text = mark;
                    for (const std::string& value : result.results()) {
                        if (text.size() > mark.size()) text += ',';
                        text += value;
                    }
                    return text;
                },
            .deserialize =
                [](const std::string& text, const auto&) {
                    std::vector<BatchItem<std::string>> items;
                    std::istringstream values(text.substr(mark.size()));
                    for (std::string value; std::getline(values, value, ',');) {
                        items.push_back({.index = items.size(), .status = ItemStatus::succeeded, .result = value});
                    }
                    return BatchResult<std::string>(std::move(items), durable::CompletionReason::all_completed);
                }};
}

BatchResult<std::string> with_own_format(Context& context) {
    const std::vector<std::string> items{"x", "y"};
    return context.map("map", items, [](Context&, const std::string& item) { return upper_case(item); },
                       {.max_concurrency = 1, .serdes = whole_result_format()});
}

std::vector<std::string> own_format(Context& context, Json) {
    return with_own_format(context).results();
}

std::vector<std::string> own_format_and_wait(Context& context, Json) {
    const auto result = with_own_format(context);
    context.wait("", 1s);
    return result.results();
}

}  // namespace

std::vector<Function> map_functions() {
    return {
        function("9-1", basic),
        function("9-2", without_a_name),
        function("9-4", empty),
        function("9-5", fail_fast),
        function("9-7", min_successful),
        function("9-8", tolerated_count),
        function("9-10", tolerated_percentage_exceeded),
        function("9-11", side_by_side),
        function("9-13", named_items),
        function("9-14", own_format_of_items),
        function("9-16", large_result),
        function("9-17", wait_afterwards),
        function("9-19", own_format),
        function("9-20", own_format_and_wait),
    };
}

}  // namespace conformance
