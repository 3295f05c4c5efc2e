// Batches: what map and parallel take and answer.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "durable/errors.hpp"
#include "durable/serdes.hpp"

namespace durable {

class Context;

/// Whether each item has a recorded context of its own.
enum class Nesting {
    nested,  // one operation for each item: its result is recorded, and it can be seen in the history
    flat     // none: cheaper; on replay the item's body runs again, answered from its operations' records
};

/// Why a batch was over.
enum class CompletionReason {
    all_completed,
    min_successful_reached,
    failure_tolerance_exceeded,
    custom_succeeded,  // Completion::should_complete said so
    custom_failed
};

/// As AWS's SDKs write it: "ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED", …
[[nodiscard]] std::string_view to_string(CompletionReason reason);

/// How far a batch is.
struct BatchProgress {
    std::size_t total = 0;      // items in all
    std::size_t succeeded = 0;  // so far
    std::size_t failed = 0;     // so far
};
/// What Completion::should_complete answers.
enum class CompletionDecision { go_on, succeed, fail };

/// When a batch is over before all its items are. With nothing set, the first failure ends it. After each item, in this
/// order: more failures than are tolerated end it; then that all items are done; then that enough have succeeded.
/// `min_successful` alone tolerates any number of failures.
struct Completion {
    std::optional<std::size_t> min_successful = {};           // at least 1
    std::optional<std::size_t> tolerated_failure_count = {};  // one more ends it
    std::optional<double> tolerated_failure_percentage = {};  // 0 to 100, of all items
    /// Instead of the others: asked after each item, about one at a time, on whatever thread it ended.
    std::function<CompletionDecision(const BatchProgress&)> should_complete = {};

    /// Every item runs, whatever fails.
    [[nodiscard]] static Completion all_completed() { return {.tolerated_failure_percentage = 100.0}; }
    /// The first failure ends it: the same as nothing set.
    [[nodiscard]] static Completion all_successful() { return {.tolerated_failure_count = 0}; }
    /// The first success ends it.
    [[nodiscard]] static Completion first_successful() { return {.min_successful = 1}; }
};

/// What became of one item.
enum class ItemStatus {
    succeeded,
    failed,
    started  // the batch was over before it was
};
/// As AWS's SDKs write it: "SUCCEEDED", "FAILED", "STARTED".
[[nodiscard]] std::string_view to_string(ItemStatus status);
/// What became of a whole batch.
enum class BatchStatus { succeeded, failed };
/// As AWS's SDKs write it: "SUCCEEDED", "FAILED".
[[nodiscard]] std::string_view to_string(BatchStatus status);

/// One item of a batch, and what became of it.
template <class T>
struct BatchItem {
    std::size_t index = 0;                    // its place among the items, from 0
    std::string name = {};                    // its operation's
    ItemStatus status = ItemStatus::started;  // whether it came to an end, and to which
    std::optional<T> result = {};             // when it succeeded
    std::optional<ErrorInfo> error = {};      // when it failed
};
template <>
struct BatchItem<void> {
    std::size_t index = 0;
    std::string name = {};
    ItemStatus status = ItemStatus::started;
    std::optional<ErrorInfo> error = {};
};

/// What became of a batch: the items that were started, in the order of their index.
template <class T>
class BatchResult {
public:
    BatchResult() = default;
    /// Made by map and parallel, and by tests.
    BatchResult(std::vector<BatchItem<T>> items, CompletionReason reason) : items_(std::move(items)), reason_(reason) {}

    /// Those that were started.
    [[nodiscard]] const std::vector<BatchItem<T>>& items() const { return items_; }
    /// Those that succeeded.
    [[nodiscard]] std::vector<BatchItem<T>> succeeded() const { return of(ItemStatus::succeeded); }
    /// Those that failed.
    [[nodiscard]] std::vector<BatchItem<T>> failed() const { return of(ItemStatus::failed); }
    /// Those that were under way when the batch was over.
    [[nodiscard]] std::vector<BatchItem<T>> started() const { return of(ItemStatus::started); }
    /// The results of the items that succeeded, in the order of their index.
    [[nodiscard]] auto results() const
        requires(!std::is_void_v<T>)
    {
        std::vector<T> results;
        for (const auto& item : items_) {
            if (item.status == ItemStatus::succeeded) results.push_back(*item.result);
        }
        return results;
    }
    /// Why items failed, in the order of their index.
    [[nodiscard]] std::vector<ErrorInfo> errors() const {
        std::vector<ErrorInfo> errors;
        for (const auto& item : items_) {
            if (item.error) errors.push_back(*item.error);
        }
        return errors;
    }
    /// nullptr when no started item has that index.
    [[nodiscard]] const BatchItem<T>* find(std::size_t index) const {
        return find_if([&](const BatchItem<T>& item) { return item.index == index; });
    }
    /// The same by name.
    [[nodiscard]] const BatchItem<T>* find(std::string_view name) const {
        return find_if([&](const BatchItem<T>& item) { return item.name == name; });
    }

    /// How many succeeded.
    [[nodiscard]] std::size_t success_count() const { return count(ItemStatus::succeeded); }
    /// How many failed.
    [[nodiscard]] std::size_t failure_count() const { return count(ItemStatus::failed); }
    /// How many were under way when the batch was over.
    [[nodiscard]] std::size_t started_count() const { return count(ItemStatus::started); }
    /// Items that were started; those that never were do not count.
    [[nodiscard]] std::size_t total_count() const { return items_.size(); }
    /// Whether any failed.
    [[nodiscard]] bool has_failure() const { return failure_count() > 0; }
    /// Why the batch was over.
    [[nodiscard]] CompletionReason completion_reason() const { return reason_; }
    /// Failed when any item failed, whatever was tolerated.
    [[nodiscard]] BatchStatus status() const {
        return has_failure() || reason_ == CompletionReason::custom_failed ? BatchStatus::failed
                                                                           : BatchStatus::succeeded;
    }
    /// Throws BatchItemError for the failed item with the lowest index.
    void throw_if_error() const {
        for (const auto& item : items_) {
            if (item.error) throw BatchItemError(*item.error);
        }
    }

private:
    [[nodiscard]] std::vector<BatchItem<T>> of(ItemStatus status) const {
        std::vector<BatchItem<T>> found;
        for (const auto& item : items_) {
            if (item.status == status) found.push_back(item);
        }
        return found;
    }
    template <class F>
    [[nodiscard]] const BatchItem<T>* find_if(F matches) const {
        for (const auto& item : items_) {
            if (matches(item)) return &item;
        }
        return nullptr;
    }
    [[nodiscard]] std::size_t count(ItemStatus status) const {
        std::size_t n = 0;
        for (const auto& item : items_) n += item.status == status ? 1 : 0;
        return n;
    }

    std::vector<BatchItem<T>> items_;
    CompletionReason reason_ = CompletionReason::all_completed;
};

/// T is what one item's body answers.
template <class T>
struct ParallelOptions {
    std::optional<int> max_concurrency = {};  // at least 1; nothing: as many as there are
    Completion completion = {};               // when it is over early
    Nesting nesting = Nesting::nested;        // whether each branch is recorded
    Serdes<T> item_serdes = {};               // of each item's result
    Serdes<BatchResult<T>> serdes = {};       // of the whole result
    /// What is recorded beside the items' statuses when the whole result is above 256 KiB; for people who look at it.
    std::function<std::string(const BatchResult<T>&)> summary = {};
};

/// Item is what the list holds, T what the body answers for one.
template <class Item, class T>
struct MapOptions {
    std::optional<int> max_concurrency = {};                         // at least 1; nothing: as many as there are
    Completion completion = {};                                      // when it is over early
    Nesting nesting = Nesting::nested;                               // whether each item is recorded
    Serdes<T> item_serdes = {};                                      // of each item's result
    Serdes<BatchResult<T>> serdes = {};                              // of the whole result
    std::function<std::string(const BatchResult<T>&)> summary = {};  // as ParallelOptions::summary
    /// Names the items' operations; without it they are "map-item-0", "map-item-1", …
    std::function<std::string(const Item& item, std::size_t index)> item_name = {};
};

/// One branch of a parallel: a body taking the branch's Context&, and a name; without one it is "parallel-branch-0", ….
/// The body may answer T, what converts to T, or, when T is Json, anything that is mapped to JSON.
template <class T>
struct Branch {
    /// Without a name.
    template <class F>
        requires std::invocable<F&, Context&>
    Branch(F body_of_any)
        : Branch({}, std::move(body_of_any)) {}  // NOLINT(google-explicit-constructor): a list of lambdas
    /// With a name: `{"credit", check_credit}`.
    template <class F>
        requires std::invocable<F&, Context&>
    Branch(std::string branch_name, F body_of_any) : name(std::move(branch_name)) {
        detail::refuse_noexcept<F, Context&>();
        using R = std::invoke_result_t<F&, Context&>;
        if constexpr (std::same_as<T, Json> && !std::same_as<std::remove_cvref_t<R>, Json>) {
            body = [f = std::move(body_of_any)](Context& context) mutable -> Json {
                if constexpr (std::is_void_v<R>) {
                    f(context);
                    return Json();
                } else {
                    return to_json(f(context));
                }
            };
        } else {
            static_assert(
                std::is_void_v<T> || std::convertible_to<R, T>,
                "a branch of parallel<T> answers a T, or what converts to it; with T = durable::Json, anything "
                "that is mapped to JSON");
            body = std::move(body_of_any);
        }
    }

    std::string name;                 // empty: it gets one from its place
    std::function<T(Context&)> body;  // what it does
};

namespace detail {

/// A batch's outcome before its results are read.
struct BatchRecord {
    struct Item {
        std::size_t index = 0;
        std::string name;
        ItemStatus status = ItemStatus::started;
        Recorded result;
        std::optional<ErrorInfo> error;
    };
    std::vector<Item> items;
    CompletionReason reason = CompletionReason::all_completed;
};

template <class T>
BatchResult<T> read_batch(const BatchRecord& record, const Serdes<T>& serdes) {
    std::vector<BatchItem<T>> items;
    items.reserve(record.items.size());
    for (const auto& item : record.items) {
        BatchItem<T> read{.index = item.index, .name = item.name, .status = item.status, .error = item.error};
        if constexpr (!std::is_void_v<T>) {
            if (item.status == ItemStatus::succeeded) read.result = read_result<T>(item.result, serdes);
        }
        items.push_back(std::move(read));
    }
    return BatchResult<T>(std::move(items), record.reason);
}

/// A batch with its types taken away.
struct BatchSpec {
    std::vector<std::string> names;
    std::optional<ErrorInfo> problem;  // what naming the items threw: the batch fails with it
    std::function<Text(Context& item, std::size_t index, const SerdesContext& context)> body;
    std::optional<int> max_concurrency;
    Completion completion;
    Nesting nesting = Nesting::nested;
    bool items_are_json = true;
    /// The whole result in the author's own format, or empty.
    std::function<std::string(const BatchRecord&, const SerdesContext&)> write;
    std::function<std::string(const BatchRecord&)> summary;
};

/// What was recorded: the author's own format, or the record.
struct BatchOutcome {
    std::optional<Recorded> own_format;
    BatchRecord record;
};

template <class T, class Options>
BatchSpec batch_spec(const Options& options) {
    BatchSpec spec;
    spec.max_concurrency = options.max_concurrency;
    spec.completion = options.completion;
    spec.nesting = options.nesting;
    if constexpr (!std::is_void_v<T>) {
        spec.items_are_json = !options.item_serdes.serialize && !std::same_as<T, RawText>;
    }
    if (options.serdes.serialize) {
        spec.write = [serdes = options.serdes, items = options.item_serdes](const BatchRecord& record,
                                                                            const SerdesContext& context) {
            return recordable(serdes.serialize(read_batch<T>(record, items), context), kSerialized);
        };
    }
    if (options.summary) {
        spec.summary = [summary = options.summary, items = options.item_serdes](const BatchRecord& record) {
            return recordable(summary(read_batch<T>(record, items)), kSummary);
        };
    }
    return spec;
}

template <class T, class Options>
BatchResult<T> batch_result(const BatchOutcome& outcome, const Options& options) {
    if (outcome.own_format) {
        return read_own(*outcome.own_format, options.serdes);
    }
    return read_batch<T>(outcome.record, options.item_serdes);
}

}  // namespace detail
}  // namespace durable
