// Map and parallel: items that run side by side, when they are over, and what of them is recorded.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sdk/batch_json.hpp"
#include "sdk/bodies.hpp"
#include "sdk/context_core.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/scheduler.hpp"

namespace durable {

namespace wire = holdpoint::wire;
using detail::BatchOutcome;
using detail::BatchRecord;
using detail::BatchSpec;
using detail::ChildRun;
using detail::Claim;
using detail::ContextCore;
using detail::Lock;
using detail::Recorded;
using detail::Task;
using detail::Text;
using wire::OperationAction;
using wire::OperationStatus;
using wire::OperationType;

namespace {

/// Nothing: go on.
std::optional<CompletionReason> reason_to_end(const Completion& completion, const BatchProgress& progress) {
    const std::size_t done = progress.succeeded + progress.failed;
    if (completion.should_complete) {
        const CompletionDecision decision = completion.should_complete(progress);
        if (decision == CompletionDecision::succeed) return CompletionReason::custom_succeeded;
        if (decision == CompletionDecision::fail) return CompletionReason::custom_failed;
        return done == progress.total ? std::optional(CompletionReason::all_completed) : std::nullopt;
    }
    const bool tolerates = completion.tolerated_failure_count || completion.tolerated_failure_percentage;
    const bool fail_fast = !tolerates && !completion.min_successful;
    const double percentage =
        progress.total == 0 ? 0.0 : 100.0 * static_cast<double>(progress.failed) / static_cast<double>(progress.total);
    if ((fail_fast && progress.failed > 0) ||
        (completion.tolerated_failure_count && progress.failed > *completion.tolerated_failure_count) ||
        (completion.tolerated_failure_percentage && percentage > *completion.tolerated_failure_percentage)) {
        return CompletionReason::failure_tolerance_exceeded;
    }
    if (done == progress.total) return CompletionReason::all_completed;
    if (completion.min_successful && progress.succeeded >= *completion.min_successful) {
        return CompletionReason::min_successful_reached;
    }
    return std::nullopt;
}

/// Whether another order of the items' ends could have brought another result.
bool depends_on_order(const Completion& completion, CompletionReason reason) {
    return reason != CompletionReason::all_completed || completion.min_successful || completion.should_complete;
}

std::string problem_of(const BatchSpec& spec) {
    const Completion& completion = spec.completion;
    if (spec.max_concurrency && *spec.max_concurrency < 1) {
        return fmt::format("max_concurrency is {}; it is at least 1, or not given", *spec.max_concurrency);
    }
    if (completion.min_successful && *completion.min_successful < 1) return "min_successful is 0; it is at least 1";
    const auto percentage = completion.tolerated_failure_percentage;
    if (percentage && !(*percentage >= 0 && *percentage <= 100)) {
        return fmt::format("tolerated_failure_percentage is {}; it is 0 to 100", *percentage);
    }
    const bool has_limits =
        completion.min_successful || completion.tolerated_failure_count || completion.tolerated_failure_percentage;
    if (completion.should_complete && has_limits) return "should_complete takes the place of the other limits";
    return {};
}

/// One run of a batch, from its record to its result.
class Batch {
public:
    Batch(ContextCore& owner, const Claim& claim, const BatchSpec& spec)
        : core_(std::make_shared<ContextCore>(owner, claim, detail::ChildKind{})),
          owner_(owner),
          claim_(claim),
          spec_(spec),
          item_sub_type_(claim.sub_type == "Map" ? "MapIteration" : "ParallelBranch"),
          items_(spec.names.size()) {}
    ~Batch() { abandon(); }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    /// Runs the items until the batch is over.
    [[nodiscard]] BatchRecord run() {
        group_->on_settled = [this](Lock& lock, Task& task) { settle(lock, task); };
        group_->on_calm = [this](Lock& lock) { decide(lock); };
        {
            Lock lock(core_->state.mutex);
            fill(lock);
        }
        core_->state.await({.groups = {group_}, .operations = {}, .done = [this] { return reason_.has_value(); }});
        abandon();
        take_ends();
        if (problem_) throw ChildContextError(*problem_);
        return record(*reason_);
    }

    /// Builds the result from the records of the items that were over when it was recorded.
    [[nodiscard]] BatchRecord rebuild(const detail::BatchSummary& summary) {
        if (summary.statuses.size() != items_.size()) {
            core_->fail_nondeterministic(fmt::format("{} '{}' had {} items when it was recorded, but now it has {}.",
                                                     claim_.sub_type, claim_.name, summary.statuses.size(),
                                                     items_.size()));
        }
        const ContextCore closed(owner_, claim_, {.is_closed = true});
        for (std::size_t i = 0; i < items_.size(); ++i) {
            const auto status = summary.statuses[i];
            if (!status) continue;
            items_[i].started = true;
            if (*status == ItemStatus::started) continue;
            ChildRun run = run_item(closed, i);
            if (run.error.has_value() != (*status == ItemStatus::failed)) {
                core_->fail_nondeterministic(
                    fmt::format("Item {} of {} '{}' ends differently on replay.", i, claim_.sub_type, claim_.name));
            }
            items_[i].run = std::move(run);
        }
        return record(summary.reason);
    }

private:
    struct Item {
        bool started = false;
        std::optional<ChildRun> run;
        std::shared_ptr<Task> task;
        bool counted = false;  // it was over before the batch was
    };

    [[nodiscard]] Claim claim_item(const ContextCore& core, std::size_t index) const {
        return core.claim_child(index + 1, spec_.names[index], item_sub_type_, spec_.nesting == Nesting::flat);
    }

    ChildRun run_item(const ContextCore& core, std::size_t index) const {
        const Claim claim = claim_item(core, index);
        const auto body = [&](Context& context) {
            return spec_.body(context, index, {.execution_arn = core.state.execution_arn(), .operation_id = claim.id});
        };
        if (spec_.nesting == Nesting::nested) return detail::run_context(core, claim, body);
        return detail::run_child_body(core, claim, {.is_virtual = true}, body);
    }

    /// Starts items, in the order of their index, as long as there is room. An item that waits keeps its place.
    void fill(Lock& lock) {
        const std::size_t room =
            spec_.max_concurrency ? static_cast<std::size_t>(*spec_.max_concurrency) : items_.size();
        if (items_.empty()) reason_ = CompletionReason::all_completed;
        while (!reason_ && next_ < items_.size() && active_ < room) {
            const std::size_t index = next_++;
            Item& item = items_[index];
            item.started = true;
            ++active_;
            item.task = std::make_shared<Task>(core_->state, core_,
                                               detail::Work{.operation_id = {},
                                                            .run = [this, index]() -> Recorded {
                                                                items_[index].run = run_item(*core_, index);
                                                                return {};
                                                            }},
                                               detail::TaskKind::code, index);
            // The first one is run by the thread that waits for the batch.
            core_->state.tasks.start(lock, item.task, group_, active_ == 1, goes_after(index));
        }
    }

    /// Of an item that was begun before: the end of the last that is recorded of it. Of a flat one nobody can tell.
    [[nodiscard]] std::optional<holdpoint::TimePoint> goes_after(std::size_t index) const {
        if (!claim_.record) return std::nullopt;
        if (spec_.nesting == Nesting::nested) return core_->state.last_end_in(claim_item_id(index));
        const std::string first = detail::operation_id(fmt::format("{}-{}-1", claim_.path, index + 1));
        return core_->state.last_end_in(first) ? std::optional(holdpoint::TimePoint()) : std::nullopt;
    }

    /// An item is over.
    void settle(Lock& lock, Task& task) {
        Item& item = items_[task.number()];
        if (task.failure()) item.run = ChildRun{.result = {}, .error = task.failure()->info};
        --active_;
        ended_.insert(&task);
        decide(lock);
    }

    /// Counts the items that are over, in the order in which they were: after a crash it is the same again.
    void decide(Lock& lock) {
        if (deciding_) return;  // whoever is at it takes what came meanwhile, too
        deciding_ = true;
        while (!reason_ && !ended_.empty()) {
            const Task& first = **ended_.begin();
            if (group_->may_be_over_before(first)) break;
            ended_.erase(ended_.begin());
            Item& item = items_[first.number()];
            item.counted = true;
            ++(item.run->error ? progress_.failed : progress_.succeeded);
            count(lock);
        }
        deciding_ = false;
        fill(lock);
    }

    /// Asks whether that was enough.
    void count(Lock& lock) {
        std::optional<CompletionReason> reason;
        decltype(problem_) problem;
        lock.unlock();  // the decision may be the author's, and takes the time that it takes
        try {
            const detail::Frame frame(claim_.name, detail::kShouldComplete);
            reason = reason_to_end(spec_.completion, progress_);
        } catch (...) {
            problem = detail::current_error();
            reason = CompletionReason::custom_failed;
        }
        lock.lock();
        reason_ = reason;
        problem_ = std::move(problem);
        if (reason_) core_->state.tasks.fence(lock, *group_);  // what still runs learns of it at once
    }

    void abandon() {
        Lock lock(core_->state.mutex);
        core_->state.tasks.abandon(lock, *group_);
        group_->on_settled = nullptr;
        group_->on_calm = nullptr;
    }

    /// Whoever ran the batch took what its items did.
    void take_ends() {
        const Lock lock(core_->state.mutex);
        for (const Item& item : items_) {
            if (item.counted) detail::Scheduler::took(item.task->known_end());
        }
    }

    [[nodiscard]] BatchRecord record(CompletionReason reason) const {
        BatchRecord record{.items = {}, .reason = reason};
        for (std::size_t i = 0; i < items_.size(); ++i) {
            if (!items_[i].started) continue;
            BatchRecord::Item item{
                .index = i, .name = spec_.names[i], .status = ItemStatus::started, .result = {}, .error = {}};
            const auto& run = items_[i].run;
            if (run && (!items_[i].task || items_[i].counted)) {
                item.status = run->error ? ItemStatus::failed : ItemStatus::succeeded;
                item.error = run->error;
                item.result = core_->make_recorded(run->result, claim_item_id(i));
            }
            record.items.push_back(std::move(item));
        }
        return record;
    }

    [[nodiscard]] std::string claim_item_id(std::size_t index) const {
        return detail::operation_id(fmt::format("{}-{}", claim_.path, index + 1));
    }

    std::shared_ptr<ContextCore> core_;
    ContextCore& owner_;
    const Claim& claim_;
    const BatchSpec& spec_;
    std::string_view item_sub_type_;
    std::vector<Item> items_;
    std::shared_ptr<detail::Group> group_ = std::make_shared<detail::Group>();
    std::size_t next_ = 0;
    std::size_t active_ = 0;
    struct Earlier {
        bool operator()(const Task* a, const Task* b) const { return a->was_over_before(*b); }
    };
    std::set<const Task*, Earlier> ended_;  // items that are over and not counted yet
    bool deciding_ = false;                 // somebody counts them; progress_ is theirs
    BatchProgress progress_{.total = items_.size()};
    std::optional<ErrorInfo> problem_;  // what the author's decision threw
    std::optional<CompletionReason> reason_;
};

/// Records the result; answers how it reads.
BatchOutcome close_batch(ContextCore& core, const Claim& claim, const BatchSpec& spec, BatchRecord record) {
    BatchOutcome outcome{.own_format = {}, .record = std::move(record)};
    const SerdesContext context{.execution_arn = core.state.execution_arn(), .operation_id = claim.id};
    wire::OperationUpdate update = core.update(claim, OperationAction::succeed);
    if (spec.write) {
        const detail::Frame frame(claim.name, detail::kSerialize);
        update.payload = spec.write(outcome.record, context);
        outcome.own_format = core.make_recorded(update.payload, claim.id);
    } else {
        update.payload = detail::batch_text(outcome.record, spec.items_are_json);
    }
    if (update.payload->size() > detail::kContextResultMax) {
        const detail::Frame frame(claim.name, detail::kSummaryOf);
        update.payload = detail::summary_text(claim.sub_type, outcome.record, spec.names.size(),
                                              spec.summary ? Text(spec.summary(outcome.record)) : Text());
        update.replay_children = true;
        outcome.own_format.reset();
    }
    core.state.enqueue(std::move(update));
    // After a crash it might end otherwise, so nobody acts upon it before it is recorded.
    if (depends_on_order(spec.completion, outcome.record.reason)) core.state.flush();
    return outcome;
}

BatchOutcome run_batch(ContextCore& core, const Claim& claim, const BatchSpec& spec) {
    core.require_over(claim);
    const detail::Record& record = claim.record;
    if (record && record->status == OperationStatus::failed) throw ChildContextError(detail::error_of(*record));
    if (record && record->status == OperationStatus::succeeded) {
        const std::string text = record->result.value_or("");
        if (record->replay_children) {
            return {.own_format = {}, .record = Batch(core, claim, spec).rebuild(detail::read_summary(text))};
        }
        if (spec.write) return {.own_format = core.make_recorded(text, claim.id), .record = {}};
        BatchRecord read = detail::read_batch_text(text, spec.items_are_json);
        for (auto& item : read.items) {
            const std::string path = fmt::format("{}-{}", claim.path, item.index + 1);
            item.result = core.make_recorded(std::move(item.result.text), detail::operation_id(path));
        }
        return {.own_format = {}, .record = std::move(read)};
    }
    if (!record) core.start(claim);
    try {
        if (spec.problem) throw ChildContextError(*spec.problem);
        Batch batch(core, claim, spec);
        return close_batch(core, claim, spec, batch.run());
    } catch (...) {
        ErrorInfo error = detail::thrown_error();
        core.state.throw_if_ended();
        wire::OperationUpdate update = core.update(claim, OperationAction::fail);
        update.error = detail::to_wire(error);
        core.state.enqueue(std::move(update));
        throw ChildContextError(std::move(error));
    }
}

}  // namespace

Context::BatchWork Context::batch_work(std::string_view name, BatchSpec spec, std::string_view sub_type) {
    core_->check_place(sub_type, name);
    if (const std::string problem = problem_of(spec); !problem.empty()) {
        core_->state.refuse_use(fmt::format("{} '{}': {}", sub_type, name, problem));
    }
    for (const std::string& item : spec.names) core_->check_name(sub_type, item);
    const Claim claim = core_->claim(OperationType::context, name, sub_type);
    return {.operation_id = claim.id,
            .run = [core = core_, claim, spec = std::move(spec)] { return run_batch(*core, claim, spec); },
            .name = claim.name};
}

}  // namespace durable
