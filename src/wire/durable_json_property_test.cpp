// Whatever SDK and service say to each other reads back as what was written.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/durable_json.hpp"

namespace holdpoint::wire {
namespace {

namespace gen = rc::gen;

rc::Gen<std::string> text() {
    return gen::container<std::string>(
        gen::weightedOneOf<char>({{8, gen::inRange(' ', '~')}, {1, gen::elementOf(std::string("\n\t\x01\x7f\"\\"))}}));
}

/// Some have what no ASCII text has.
rc::Gen<std::string> unicode_text() {
    return gen::map(gen::pair(text(), gen::element<std::string>("", "é", "日本", "😀", "\u2028")),
                    [](const auto& parts) { return parts.first + parts.second + parts.first; });
}

template <class T>
std::optional<T> maybe(rc::Gen<T> one) {
    return *gen::arbitrary<bool>() ? std::optional<T>(*one) : std::nullopt;
}
std::optional<std::string> maybe_text() {
    return maybe(unicode_text());
}
std::optional<std::int64_t> maybe_number() {
    return maybe(gen::arbitrary<std::int64_t>());
}
bool flag() {
    return *gen::arbitrary<bool>();
}

TimePoint time() {
    // 2001 to 2100: seconds and milliseconds are told apart by their size.
    return from_epoch_ms(*gen::inRange<std::int64_t>(1'000'000'000'000, 4'102'444'800'000));
}

std::optional<ErrorObject> maybe_error() {
    if (flag()) return std::nullopt;
    ErrorObject error{.message = maybe_text(), .type = maybe_text(), .data = maybe_text(), .stack_trace = {}};
    if (flag()) error.stack_trace = *gen::container<std::vector<std::string>>(unicode_text());
    return error;
}

OperationUpdate any_update() {
    OperationUpdate update;
    update.id = *unicode_text();
    update.parent_id = maybe_text();
    update.name = maybe_text();
    update.type = *gen::element(OperationType::execution, OperationType::context, OperationType::step,
                                OperationType::wait, OperationType::callback, OperationType::chained_invoke);
    update.sub_type = maybe_text();
    update.action = *gen::element(OperationAction::start, OperationAction::succeed, OperationAction::fail,
                                  OperationAction::retry, OperationAction::cancel);
    update.payload = maybe_text();
    update.error = maybe_error();
    if (flag()) update.replay_children = flag();
    update.has_step_options = flag();
    if (update.has_step_options) update.next_attempt_delay_seconds = maybe_number();
    update.wait_seconds = maybe_number();
    update.has_callback_options = flag();
    if (update.has_callback_options) {
        update.callback_timeout_seconds = maybe_number();
        update.callback_heartbeat_seconds = maybe_number();
    }
    update.function_name = maybe_text();
    if (update.function_name) {
        update.tenant_id = maybe_text();
        update.trace_header = maybe_text();
    }
    return update;
}

/// With the details that its type has.
Operation any_operation() {
    Operation operation;
    operation.id = *unicode_text();
    operation.parent_id = maybe_text();
    operation.name = maybe_text();
    operation.sub_type = maybe_text();
    operation.type = *gen::element(OperationType::execution, OperationType::context, OperationType::step,
                                   OperationType::wait, OperationType::callback, OperationType::chained_invoke);
    operation.status = *gen::element(OperationStatus::started, OperationStatus::pending, OperationStatus::ready,
                                     OperationStatus::succeeded, OperationStatus::failed, OperationStatus::cancelled,
                                     OperationStatus::timed_out, OperationStatus::stopped);
    operation.started_at = time();
    if (flag()) operation.ended_at = time();
    switch (operation.type) {
        case OperationType::execution:
            operation.input = maybe_text();
            return operation;
        case OperationType::wait:
            if (flag()) operation.scheduled_end_at = time();
            return operation;
        case OperationType::context:
            operation.replay_children = flag();
            break;
        case OperationType::step:
            operation.attempt = *gen::inRange<std::int64_t>(0, 1'000'000);
            if (flag()) operation.next_attempt_at = time();
            break;
        case OperationType::callback:
            operation.callback_id = maybe_text();
            break;
        case OperationType::chained_invoke:
            break;
    }
    operation.result = maybe_text();
    operation.error = maybe_error();
    return operation;
}

template <class T>
std::vector<T> several(T (*one)()) {
    std::vector<T> values(*gen::inRange<std::size_t>(0, 4));
    for (T& value : values) value = one();
    return values;
}

/// Through text, as it is on the wire.
boost::json::value sent(const boost::json::value& json) {
    return boost::json::parse(boost::json::serialize(json));
}

template <class T>
void expect_same(const Result<T>& read, const T& written) {
    if (!read) RC_FAIL(read.error().message);
    RC_ASSERT(*read == written);
}

RC_GTEST_PROP(DurableJson, UpdatesReadBack, ()) {
    const OperationUpdate update = any_update();
    expect_same(read_operation_update(sent(to_json(update))), update);
}

RC_GTEST_PROP(DurableJson, OperationsReadBackInBothTimeFormats, ()) {
    const Operation operation = any_operation();
    expect_same(read_operation(sent(to_json(operation, TimeFormat::api_seconds))), operation);
    expect_same(read_operation(sent(to_json(operation, TimeFormat::envelope_milliseconds))), operation);
}

/// Runtimes differ in how their envelope writes a time: all of these are the same one.
RC_GTEST_PROP(DurableJson, TimesReadTheSameInEveryForm, ()) {
    const TimePoint at = time();
    const auto milliseconds = to_epoch_ms(at);
    const std::string offset = to_iso8601(at + std::chrono::minutes(330));
    const boost::json::value forms[] = {milliseconds, static_cast<double>(milliseconds),
                                        static_cast<double>(milliseconds) / 1000.0, boost::json::value(to_iso8601(at)),
                                        boost::json::value(offset.substr(0, offset.size() - 1) + "+05:30")};
    for (const auto& form : forms) {
        const boost::json::value envelope{{"DurableExecutionArn", "arn"},
                                          {"CheckpointToken", "t"},
                                          {"InitialExecutionState",
                                           {{"Operations", boost::json::array{
                                                               {{"Id", "w"},
                                                                {"Type", "WAIT"},
                                                                {"Status", "STARTED"},
                                                                {"StartTimestamp", form},
                                                                {"WaitDetails", {{"ScheduledEndTimestamp", form}}}},
                                                           }}}}};
        const auto input = read_invocation_input(sent(envelope));
        if (!input) RC_FAIL(input.error().message + boost::json::serialize(form));
        RC_ASSERT(input->operations.at(0).started_at == at);
        RC_ASSERT(input->operations.at(0).scheduled_end_at == at);
    }
    const auto whole = std::chrono::floor<std::chrono::seconds>(at);
    const auto read = read_operation(sent(
        {{"Id", "w"}, {"Type", "WAIT"}, {"Status", "STARTED"}, {"StartTimestamp", whole.time_since_epoch().count()}}));
    if (!read) RC_FAIL(read.error().message);
    RC_ASSERT(read->started_at == whole);
}

RC_GTEST_PROP(DurableJson, CheckpointRequestsReadBack, ()) {
    const CheckpointRequest request{
        .checkpoint_token = *unicode_text(), .updates = several(any_update), .client_token = maybe_text()};
    expect_same(read_checkpoint_request(sent(to_json(request))), request);
}

RC_GTEST_PROP(DurableJson, CheckpointResponsesReadBack, ()) {
    const CheckpointResponse response{
        .checkpoint_token = maybe_text(), .operations = several(any_operation), .next_marker = *unicode_text()};
    expect_same(read_checkpoint_response(sent(to_json(response))), response);
}

RC_GTEST_PROP(DurableJson, InvocationsReadBack, ()) {
    const InvocationInput input{.execution_arn = *unicode_text(),
                                .checkpoint_token = *unicode_text(),
                                .operations = several(any_operation),
                                .next_marker = *unicode_text(),
                                .updated_operation_ids = *gen::container<std::vector<std::string>>(unicode_text())};
    expect_same(read_invocation_input(sent(to_json(input))), input);
    const InvocationOutput output{
        .status = *gen::element(InvocationStatus::succeeded, InvocationStatus::failed, InvocationStatus::pending),
        .result = maybe_text(),
        .error = maybe_error()};
    expect_same(read_invocation_output(sent(to_json(output))), output);
}

}  // namespace
}  // namespace holdpoint::wire
