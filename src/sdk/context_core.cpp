#include "sdk/context_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "base/encoding.hpp"
#include "wire/durable_json.hpp"

namespace durable::detail {

namespace wire = holdpoint::wire;
using wire::OperationStatus;
using wire::OperationType;

namespace {

constexpr std::size_t kNameMax = 256;

std::string described(OperationType type, std::string_view sub_type, std::string_view name) {
    return fmt::format("{} ({}) '{}'", wire::to_string(type), sub_type, name);
}

bool is_finished(const wire::Operation& record) {
    return record.status != OperationStatus::started && record.status != OperationStatus::pending &&
           record.status != OperationStatus::ready;
}

/// Nobody's: for contexts that belong to no invocation any more.
class NoService final : public DurableService {
public:
    holdpoint::Result<wire::CheckpointResponse> checkpoint(const std::string&,
                                                           const wire::CheckpointRequest&) override {
        return no_answer();
    }
    holdpoint::Result<wire::CheckpointResponse> get_state(const std::string&, const std::string&,
                                                          const std::string&) override {
        return no_answer();
    }

private:
    static std::unexpected<holdpoint::Error> no_answer() {
        return holdpoint::fail("InvocationError", 500, "The invocation is over.");
    }
};

/// Never freed: threads of the author's may outlive the end of main.
struct LetGoOf {
    NoService service;
    Hooks hooks{{}};
    std::shared_ptr<ExecutionState> state =
        std::make_shared<ExecutionState>(service, wire::InvocationInput{}, hooks, 0);
    std::shared_ptr<ContextCore> core = std::make_shared<ContextCore>(*state, ContextCore::Over{});
    std::array<std::atomic<Context*>, 1000> contexts{};  // each in the place of the oldest
    std::atomic<std::size_t> count = 0;
};
LetGoOf& let_go_of() {
    static LetGoOf* const instance = new LetGoOf;
    return *instance;
}

}  // namespace

void LetGo::operator()(Context* context) const {
    LetGoOf& let_go = let_go_of();
    Internals::set_core(*context, let_go.core);
    auto& place = let_go.contexts[let_go.count++ % let_go.contexts.size()];
    const std::unique_ptr<Context> oldest(place.exchange(context));
}

std::string named(std::string_view what, std::string_view name) {
    return name.empty() ? std::string(what) : fmt::format("{} '{}'", what, name);
}

std::string operation_id(std::string_view path) {
    return holdpoint::to_hex(holdpoint::sha256(path));
}

ContextCore::ContextCore(ExecutionState& execution_state, std::string request_id)
    : state(execution_state),
      logger({}, nullptr),
      fields_({{"executionArn", execution_state.execution_arn()}, {"requestId", std::move(request_id)}}) {
    logger = Logger(fields_, replaying_, &state.hooks);
    refresh();
}

ContextCore::ContextCore(const ContextCore& parent, const Claim& claim, ChildKind kind)
    : state(parent.state),
      logger({}, nullptr),
      fields_(parent.fields_),
      prefix_(claim.path),
      parent_id_(kind.is_virtual ? parent.parent_id_ : claim.id),
      closed_(parent.closed_ || kind.is_closed) {
    if (parent_id_) {
        std::erase_if(fields_, [](const auto& field) { return field.first == "parentId"; });
        fields_.emplace_back("parentId", *parent_id_);
    }
    logger = Logger(fields_, replaying_, &state.hooks);
    refresh();
}

ContextCore::ContextCore(ExecutionState& execution_state, Over)
    : state(execution_state), logger({}, nullptr), over_(true) {}

std::string ContextCore::path_of(std::size_t number) const {
    return prefix_.empty() ? std::to_string(number) : fmt::format("{}-{}", prefix_, number);
}

const std::string& ContextCore::next_id() {
    if (next_id_.empty()) next_id_ = operation_id(path_of(claimed_ + 1));
    return next_id_;
}

void ContextCore::check_place(std::string_view operation, std::string_view name) const {
    const std::string problem = Frame::problem(*this);
    if (problem.empty()) return;
    state.refuse_use(fmt::format("The durable operation {} was called {}.", named(operation, name), problem));
}

void ContextCore::check_name(std::string_view sub_type, std::string_view name, std::string_view suffix) const {
    const auto odd = std::find_if(name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; });
    const bool fits = name.size() + suffix.size() <= kNameMax;
    if (fits && odd == name.end()) return;
    std::string problem = fmt::format("{} '{}': a name has 1 to {} printable ASCII characters, or none at all; ",
                                      sub_type, holdpoint::is_utf8(name) ? name : std::string_view("?"), kNameMax);
    if (!fits) {
        problem += fmt::format("this one has {}", name.size());
        if (!suffix.empty()) problem += fmt::format(" and gets the suffix '{}'", suffix);
    } else {
        problem += fmt::format("byte {} is 0x{:02X}", odd - name.begin(), static_cast<unsigned char>(*odd));
    }
    state.refuse_use(problem);
}

Claim ContextCore::make_claim(OperationType type, std::string_view name, std::string_view sub_type) {
    check_place(sub_type, name);
    state.throw_if_ended();
    check_name(sub_type, name);
    Claim claim;
    claim.type = type;
    claim.name = name;
    claim.sub_type = sub_type;
    const std::lock_guard lock(mutex_);
    (void)next_id();
    claim.id = std::exchange(next_id_, {});
    claim.path = path_of(++claimed_);
    return claim;
}

Claim ContextCore::claim(OperationType type, std::string_view name, std::string_view sub_type) {
    Claim claim = make_claim(type, name, sub_type);
    bool is_news = false;
    std::tie(claim.record, is_news) = state.find_news(claim.id);
    check_record(claim);
    if (state.rehearsal) state.rehearsal->came_to(claim.id);
    come_to(claim, is_news);
    return claim;
}

Claim ContextCore::claim_virtual(std::string_view name, std::string_view sub_type) {
    Claim claim = make_claim(OperationType::context, name, sub_type);
    const std::lock_guard lock(mutex_);
    refresh();
    return claim;
}

Claim ContextCore::claim_child(std::size_t number, std::string_view name, std::string_view sub_type,
                               bool is_virtual) const {
    Claim claim;
    claim.type = OperationType::context;
    claim.name = name;
    claim.sub_type = sub_type;
    claim.path = path_of(number);
    claim.id = operation_id(claim.path);
    if (is_virtual) return claim;
    claim.record = state.find(claim.id);
    check_record(claim);
    if (state.rehearsal) state.rehearsal->came_to(claim.id);
    return claim;
}

void ContextCore::check_record(const Claim& claim) const {
    if (!claim.record) return;
    const wire::Operation& record = *claim.record;
    const std::string_view name = record.name ? std::string_view(*record.name) : std::string_view();
    const std::string_view sub_type = record.sub_type ? std::string_view(*record.sub_type) : claim.sub_type;
    if (record.type == claim.type && name == claim.name && sub_type == claim.sub_type) return;
    fail_nondeterministic(fmt::format(
        "Operation {} of this context was {} when it was recorded, but the code now comes to {}.", claim.path,
        described(record.type, sub_type, name), described(claim.type, claim.sub_type, claim.name)));
}

void ContextCore::require_over(const Claim& claim) const {
    if (!closed_) return;
    const Record record = state.find(claim.id);
    if (record && (is_finished(*record) || record->type == OperationType::callback)) return;
    fail_nondeterministic(fmt::format("The context that was recorded as finished {} {} on replay{}.",
                                      record ? "waits for" : "comes to a new operation,",
                                      described(claim.type, claim.sub_type, claim.name),
                                      record ? ", which it did not wait for" : ""));
}

void ContextCore::fail_nondeterministic(std::string message) const {
    message +=
        " A handler must do the same operations in the same order every time; publish changed code as a new version, "
        "so that executions under way keep theirs.";
    state.fail_execution(
        {.type = "NonDeterministicExecutionError", .message = std::move(message), .data = {}, .stack = {}});
}

void ContextCore::come_to(const Claim& claim, bool is_news) {
    if (claim.record && !closed_ && !is_finished(*claim.record) && state.hooks.any()) {
        state.hooks.operation_start(info_of(*claim.record, true));
    }
    const std::lock_guard lock(mutex_);
    if (!claim.record) {
        live_ = true;
    } else if (!is_finished(*claim.record) || is_news) {
        open_.insert(claim.id);
    }
    refresh();
}

void ContextCore::took(const std::string& id) {
    state.came_past(id);
    const std::lock_guard lock(mutex_);
    const bool was_open = open_.erase(id) > 0;
    if (!was_open && !live_) return;  // it was known
    state.took(id);
    if (!was_open) return;
    if (!state.find(next_id())) live_ = true;
    refresh();
}

void ContextCore::keep(const std::shared_ptr<Task>& task) {
    tasks_.push_back(task);
}

void ContextCore::abandon_tasks() noexcept {
    for (const auto& weak : std::exchange(tasks_, {})) {
        const auto task = weak.lock();
        if (!task) continue;
        Lock lock(state.mutex);
        state.tasks.abandon(lock, *task);
    }
}

void ContextCore::refresh() {
    const bool repeats = !live_ && (!open_.empty() || state.find(next_id()) != nullptr);
    *replaying_ = closed_ || repeats;
}

wire::OperationUpdate ContextCore::update(const Claim& claim, wire::OperationAction action) const {
    wire::OperationUpdate update;
    update.id = claim.id;
    update.parent_id = parent_id_;
    if (!claim.name.empty()) update.name = claim.name;
    update.type = claim.type;
    update.sub_type = claim.sub_type;
    update.action = action;
    return update;
}

void ContextCore::start(const Claim& claim) const {
    start(claim, update(claim, wire::OperationAction::start));
}

void ContextCore::start(const Claim& claim, wire::OperationUpdate update) const {
    state.goes_live();
    state.enqueue(std::move(update));
    if (!state.hooks.any()) return;
    OperationInfo info;
    info.id = claim.id;
    info.name = claim.name;
    info.type = wire::to_string(claim.type);
    info.sub_type = claim.sub_type;
    info.parent_id = parent_id_.value_or("");
    info.is_replay = claim.record != nullptr;
    state.hooks.operation_start(info);
}

Record ContextCore::recorded(const std::string& id) const {
    Record record = state.find(id);
    if (record) return record;
    state.fail_execution({.type = "CheckpointError",
                          .message = "The service accepted an operation but did not answer its state.",
                          .data = {},
                          .stack = {}});
}

Record ContextCore::settled(const std::string& id) const {
    state.await({.groups = {}, .operations = {id}, .done = [this, &id] { return !state.is_open(id); }});
    return recorded(id);
}

Logger ContextCore::step_logger(const Claim& claim, int attempt) const {
    Logger::Fields fields = fields_;
    fields.emplace_back("operationId", claim.id);
    if (!claim.name.empty()) fields.emplace_back("operationName", claim.name);
    fields.emplace_back("attempt", std::to_string(attempt));
    return Logger(std::move(fields), nullptr, &state.hooks);
}

}  // namespace durable::detail
