#include <fmt/format.h>

#include <set>
#include <stdexcept>

#include "base/encoding.hpp"
#include "durable/testing.hpp"
#include "sdk/error_mapping.hpp"
#include "sdk/hooks.hpp"
#include "testing/local_service.hpp"

namespace durable::testing {

namespace core = holdpoint::core;
namespace wire = holdpoint::wire;

/// What goes wrong at which checkpoint.
struct Runner::Faults {
    std::set<int> crash_before;  // what is still to come
    std::set<int> crash_after;
    std::map<int, holdpoint::Error> refused;

    /// A crash that never came would make a test of nothing.
    void refuse_unplayed(int checkpoints) const {
        const auto refuse = [&](std::string_view call, const std::set<int>& numbers) {
            if (numbers.empty()) return;
            throw std::logic_error(fmt::format("{}({}) was not played: the execution is over, and made {} checkpoint{}",
                                               call, *numbers.begin(), checkpoints, checkpoints == 1 ? "" : "s"));
        };
        refuse("crash_before_checkpoint", crash_before);
        refuse("crash_after_checkpoint", crash_after);
    }
};

std::string_view to_string(ExecutionStatus status) {
    switch (status) {
        case ExecutionStatus::running:
            return "RUNNING";
        case ExecutionStatus::succeeded:
            return "SUCCEEDED";
        case ExecutionStatus::failed:
            return "FAILED";
        case ExecutionStatus::timed_out:
            return "TIMED_OUT";
        case ExecutionStatus::stopped:
            return "STOPPED";
    }
    return "";
}

Runner::Runner(detail::DurableHandler handler, RunnerOptions options)
    : service_(std::make_unique<LocalService>(std::move(handler), std::move(options))),
      faults_(std::make_unique<Faults>()) {
    service_->before_checkpoint = [faults = faults_.get()](int number) -> std::optional<holdpoint::Error> {
        if (faults->crash_before.erase(number) > 0) throw Crash{};
        const auto refused = faults->refused.find(number);
        if (refused == faults->refused.end()) return std::nullopt;
        return refused->second;
    };
    service_->after_checkpoint = [faults = faults_.get()](int number) {
        if (faults->crash_after.erase(number) > 0) throw Crash{};
    };
}

Runner::~Runner() = default;

const LocalService& Runner::started() const {
    if (!service_->was_started()) throw std::logic_error("the execution was not started: call start or run first");
    return *service_;
}
LocalService& Runner::started() {
    (void)std::as_const(*this).started();
    return *service_;
}

ExecutionStatus Runner::start_with(std::string input) {
    constexpr std::size_t kInputMax = 1024UL * 1024;  // of an execution that nobody waits for
    if (service_->was_started()) throw std::logic_error("a Runner has one execution, and it was started already");
    if (input.size() > kInputMax) {
        throw std::invalid_argument(fmt::format(
            "start: expected an event of at most {} bytes of JSON, as with --invocation-type Event; found {}",
            kInputMax, input.size()));
    }
    service_->start(std::move(input));
    return status();
}

ExecutionStatus Runner::run_on() {
    LocalService& service = started();
    while (service.is_running() && !service.has_open_callback())
        service.advance(*service.next_due() - service.clock().now());
    return status();
}

namespace {

/// More than any execution lasts, and far from what a clock can tell.
constexpr std::chrono::milliseconds kTimeMax = std::chrono::hours(24) * 366 * 1000;

void check_time(std::string_view call, std::chrono::milliseconds time) {
    if (time >= std::chrono::milliseconds(0) && time <= kTimeMax) return;
    throw std::invalid_argument(
        fmt::format("{}: expected 0 to {} ms, a thousand years; found {} ms", call, kTimeMax.count(), time.count()));
}

void check_utf8(std::string_view call, std::string_view text) {
    if (holdpoint::is_utf8(text)) return;
    throw std::invalid_argument(fmt::format("{}: expected UTF-8, found '{}'", call, holdpoint::as_utf8(text)));
}

}  // namespace

ExecutionStatus Runner::advance(std::chrono::milliseconds by) {
    check_time("advance", by);
    started().advance(by);
    return status();
}

void Runner::complete_callback_raw(std::string_view name, std::string result) {
    started().succeed_callback(name, std::move(result));
}

void Runner::fail_callback(std::string_view name, const ErrorInfo& error) {
    started().fail_callback(name, error);
}

void Runner::heartbeat_callback(std::string_view name) {
    started().heartbeat_callback(name);
}

std::string Runner::callback_id(std::string_view name) const {
    return started().callback_id(name);
}

void Runner::add_function(std::string name, detail::FakeFunction function, std::chrono::milliseconds takes) {
    check_time("fake_function", takes);
    service_->fake_function(std::move(name), std::move(function), takes);
}

void Runner::crash_before_checkpoint(int number) {
    faults_->crash_before.insert(number);
}

void Runner::crash_after_checkpoint(int number) {
    faults_->crash_after.insert(number);
}

void Runner::fail_checkpoint(int number, std::string code, std::string message, int http_status) {
    faults_->refused[number] = {
        .name = std::move(code), .http_status = http_status, .message = std::move(message), .details_json = {}};
}

void Runner::set_page_size(std::size_t operations) {
    if (operations == 0) throw std::invalid_argument("a page has at least one operation");
    service_->page_size = operations;
}

void Runner::stop(std::string reason) {
    LocalService& service = started();
    check_utf8("stop", reason);
    service.stop(std::move(reason));
}

void Runner::deploy_erased(detail::DurableHandler handler) {
    service_->deploy(std::move(handler));
}

ExecutionStatus Runner::status() const {
    if (!started().is_running()) faults_->refuse_unplayed(service_->checkpoints());
    switch (started().execution().head().status) {
        case wire::ExecutionStatus::running:
            break;
        case wire::ExecutionStatus::succeeded:
            return ExecutionStatus::succeeded;
        case wire::ExecutionStatus::failed:
            return ExecutionStatus::failed;
        case wire::ExecutionStatus::timed_out:
            return ExecutionStatus::timed_out;
        case wire::ExecutionStatus::stopped:
            return ExecutionStatus::stopped;
    }
    return ExecutionStatus::running;
}

std::string Runner::result_text() const {
    const ExecutionStatus now = status();
    if (now == ExecutionStatus::succeeded) return service_->result();
    std::string why;
    if (const auto failed = error()) {
        why = (failed->type.empty() ? "" : ": " + failed->type) + ": " + failed->message;
    }
    throw std::logic_error(fmt::format("there is no result: the execution is {}{}", to_string(now), why));
}

std::optional<ErrorInfo> Runner::error() const {
    const auto& error = started().execution().error();
    if (!error) return std::nullopt;
    return detail::from_wire(*error);
}

std::vector<OperationInfo> Runner::operations() const {
    std::vector<OperationInfo> operations;
    for (const core::OperationState& state : started().execution().operations()) {
        operations.push_back(detail::info_of(state.operation, false));
    }
    return operations;
}

OperationInfo Runner::operation(std::string_view name) const {
    std::string names;
    for (OperationInfo& operation : operations()) {
        if (operation.name == name) return std::move(operation);
        if (!operation.name.empty()) names += (names.empty() ? "" : ", ") + operation.name;
    }
    throw std::invalid_argument(
        fmt::format("no operation \"{}\"; there are: {}", name, names.empty() ? "none" : names));
}

std::vector<std::string> Runner::history() const {
    return started().history();
}

std::string Runner::history_json() const {
    boost::json::array events;
    for (boost::json::object& event : started().events()) events.emplace_back(std::move(event));
    return boost::json::serialize(boost::json::object{{"Events", std::move(events)}});
}

std::chrono::system_clock::time_point Runner::now() const {
    return service_->clock().now();
}

int Runner::invocations() const {
    return service_->invocations();
}

int Runner::checkpoints() const {
    return service_->checkpoints();
}

std::string Runner::execution_arn() const {
    return started().execution().head().arn;
}

}  // namespace durable::testing
