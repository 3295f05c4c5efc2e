#include "testing/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <stdexcept>

#include "wire/durable_json.hpp"

namespace durable::testing {

namespace json = boost::json;
namespace wire = holdpoint::wire;
using wire::OperationStatus;
using wire::OperationType;

namespace {

struct Ending {
    std::string_view suffix;
    OperationStatus status;
};
constexpr std::array kEndings{
    Ending{"Started", OperationStatus::started},     Ending{"Succeeded", OperationStatus::succeeded},
    Ending{"Failed", OperationStatus::failed},       Ending{"TimedOut", OperationStatus::timed_out},
    Ending{"Cancelled", OperationStatus::cancelled}, Ending{"Stopped", OperationStatus::stopped}};

struct Kind {
    std::string_view prefix;
    OperationType type;
};
constexpr std::array kKinds{
    Kind{"Execution", OperationType::execution}, Kind{"Step", OperationType::step},
    Kind{"Wait", OperationType::wait},           Kind{"Callback", OperationType::callback},
    Kind{"Context", OperationType::context},     Kind{"ChainedInvoke", OperationType::chained_invoke}};

/// One event, which knows how to complain of itself.
class Event {
public:
    explicit Event(const json::object& object) : object_(&object), type_(text("EventType").value_or("")) {}

    [[nodiscard]] std::int64_t id() const {
        const json::value* value = object_->if_contains("EventId");
        return value != nullptr && value->is_int64() ? value->get_int64() : 0;
    }
    [[nodiscard]] const std::string& type() const { return type_; }
    [[noreturn]] void refuse(std::string_view problem) const {
        throw std::invalid_argument(fmt::format("event {} ({}): {}", id(), type_, problem));
    }
    [[nodiscard]] std::optional<std::string> text(std::string_view member) const { return text_of(*object_, member); }
    [[nodiscard]] const json::object& details() const {
        static const json::object none;
        const json::value* value = object_->if_contains(type_ + "Details");
        return value != nullptr && value->is_object() ? value->get_object() : none;
    }
    [[nodiscard]] static std::optional<std::string> text_of(const json::object& object, std::string_view member) {
        const json::value* value = object.if_contains(member);
        if (value == nullptr || !value->is_string()) return std::nullopt;
        return std::string(value->get_string());
    }
    /// Seconds since the epoch, or ISO 8601 as the aws CLI prints it.
    [[nodiscard]] holdpoint::TimePoint time(const json::object& object, std::string_view member) const {
        const json::value* value = object.if_contains(member);
        if (value == nullptr) return {};
        if (value->is_number()) {
            return holdpoint::from_epoch_ms(static_cast<long long>(value->to_number<double>() * 1000.0));
        }
        if (value->is_string()) {
            if (const auto at = holdpoint::parse_iso8601(value->get_string())) return *at;
        }
        refuse(fmt::format("{} is neither seconds nor ISO 8601", member));
    }
    [[nodiscard]] holdpoint::TimePoint at() const { return time(*object_, "EventTimestamp"); }
    /// Result, Input or Error: the wrapper that tells whether its payload was left out.
    [[nodiscard]] const json::value* payload(std::string_view member) const {
        const json::value* wrapped = details().if_contains(member);
        if (wrapped == nullptr || !wrapped->is_object()) return nullptr;
        const json::object& object = wrapped->get_object();
        if (const json::value* payload = object.if_contains("Payload")) return payload;
        const json::value* truncated = object.if_contains("Truncated");
        if (truncated != nullptr && truncated->is_bool() && truncated->get_bool()) {
            refuse(fmt::format("its {} was left out; export the history with --include-execution-data", member));
        }
        return nullptr;
    }
    [[nodiscard]] std::optional<std::string> payload_text(std::string_view member) const {
        const json::value* value = payload(member);
        if (value == nullptr || value->is_null()) return std::nullopt;
        if (!value->is_string()) refuse(fmt::format("{}.Payload is no text", member));
        return std::string(value->get_string());
    }
    [[nodiscard]] std::optional<wire::ErrorObject> error() const {
        const json::value* value = payload("Error");
        if (value == nullptr) return std::nullopt;
        auto error = wire::read_error_object(*value);
        if (!error) refuse(error.error().message);
        return *error;
    }
    [[nodiscard]] std::int64_t retry_detail(std::string_view member) const {
        const json::value* retry = details().if_contains("RetryDetails");
        const json::value* value =
            retry != nullptr && retry->is_object() ? retry->get_object().if_contains(member) : nullptr;
        return value != nullptr && value->is_int64() ? value->get_int64() : 0;
    }

private:
    const json::object* object_;
    std::string type_;
};

class Reader {
public:
    History read(const json::array& events) {
        std::vector<Event> sorted;
        for (const json::value& value : events) {
            if (!value.is_object()) throw std::invalid_argument("an event of the history is no object");
            sorted.emplace_back(value.get_object());
        }
        std::ranges::sort(sorted, {}, &Event::id);
        for (const Event& event : sorted) take(event);
        if (history_.execution_id.empty()) throw std::invalid_argument("the history has no ExecutionStarted event");
        return std::move(history_);
    }

private:
    void take(const Event& event) {
        if (event.type() == "InvocationCompleted") return;
        for (const Kind& kind : kKinds) {
            if (!event.type().starts_with(kind.prefix)) continue;
            for (const Ending& ending : kEndings) {
                if (event.type().substr(kind.prefix.size()) != ending.suffix) continue;
                if (kind.type == OperationType::execution) return take_execution(event, ending.status);
                return take_operation(event, kind.type, ending.status);
            }
        }
        event.refuse("no type of event that is known");
    }

    void take_execution(const Event& event, OperationStatus status) {
        switch (status) {
            case OperationStatus::started:
                history_.execution_id = event.text("Id").value_or("execution");
                history_.started_at = event.at();
                history_.input = event.payload_text("Input");
                return;
            case OperationStatus::succeeded:
                history_.status = wire::ExecutionStatus::succeeded;
                history_.result = event.payload_text("Result");
                return;
            case OperationStatus::timed_out:
                history_.status = wire::ExecutionStatus::timed_out;
                break;
            case OperationStatus::stopped:
                history_.status = wire::ExecutionStatus::stopped;
                break;
            default:
                history_.status = wire::ExecutionStatus::failed;
        }
        history_.error = event.error();
    }

    wire::Operation& operation_of(const Event& event, OperationType type, bool starts) {
        const auto id = event.text("Id");
        if (!id) event.refuse("it has no Id");
        const auto [at, is_new] = history_.index.try_emplace(*id, history_.operations.size());
        if (!is_new) return history_.operations[at->second];
        if (!starts) event.refuse("no event before it starts this operation");
        wire::Operation& operation = history_.operations.emplace_back();
        operation.id = *id;
        operation.type = type;
        operation.name = event.text("Name");
        operation.sub_type = event.text("SubType");
        operation.parent_id = event.text("ParentId");
        operation.started_at = event.at();
        return operation;
    }

    [[nodiscard]] bool has_ended(const std::optional<std::string>& context) const {
        if (!context) return false;
        const auto at = history_.index.find(*context);
        if (at == history_.index.end()) return false;
        const wire::Operation& operation = history_.operations[at->second];
        return operation.ended_at.has_value() || has_ended(operation.parent_id);
    }

    void take_operation(const Event& event, OperationType type, OperationStatus status) {
        wire::Operation& operation = operation_of(event, type, status == OperationStatus::started);
        // What ends after the context that it belongs to was of no consequence any more.
        if (has_ended(operation.parent_id)) return;
        operation.status = status;
        if (status == OperationStatus::started) {
            if (type == OperationType::wait)
                operation.scheduled_end_at = event.time(event.details(), "ScheduledEndTimestamp");
            if (type == OperationType::callback) operation.callback_id = Event::text_of(event.details(), "CallbackId");
            return;
        }
        if (type == OperationType::step) operation.attempt = event.retry_detail("CurrentAttempt");
        operation.result = event.payload_text("Result");
        operation.error = event.error();
        if (const std::int64_t pause = event.retry_detail("NextAttemptDelaySeconds"); pause > 0) {
            operation.status = OperationStatus::pending;
            operation.next_attempt_at = event.at() + std::chrono::seconds(pause);
        } else {
            operation.ended_at = event.at();
        }
    }

    History history_;
};

}  // namespace

History read_history(std::string_view text) {
    boost::system::error_code problem;
    const json::value value = json::parse(text, problem);
    if (problem) throw std::invalid_argument("the history is no JSON: " + problem.message());
    const json::value* events = value.is_object() ? value.get_object().if_contains("Events") : &value;
    if (events == nullptr || !events->is_array()) {
        throw std::invalid_argument("the history is neither an object with Events nor a list of events");
    }
    return Reader().read(events->get_array());
}

}  // namespace durable::testing
