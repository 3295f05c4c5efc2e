#include "core/change.hpp"

#include <array>
#include <boost/json.hpp>
#include <stdexcept>

#include "wire/durable_json.hpp"

namespace holdpoint::core {

namespace json = boost::json;

namespace {

// Short member names: a journal holds millions of these. Names are on disk, never change them.
constexpr std::array<std::string_view, 12> kKinds = {"execution_started",
                                                     "execution_closed",
                                                     "started",
                                                     "succeeded",
                                                     "failed",
                                                     "retried",
                                                     "ready",
                                                     "cancelled",
                                                     "timed_out",
                                                     "heartbeat",
                                                     "invocation_completed",
                                                     "stopped"};

template <class Enum, std::size_t N>
Enum read_enum(std::string_view text, const std::array<Enum, N>& values) {
    for (const Enum value : values) {
        if (wire::to_string(value) == text) return value;
    }
    throw std::runtime_error("damaged journal: unknown name '" + std::string(text) + "'");
}

constexpr std::array kTypes = {wire::OperationType::execution, wire::OperationType::context,
                               wire::OperationType::step,      wire::OperationType::wait,
                               wire::OperationType::callback,  wire::OperationType::chained_invoke};
constexpr std::array kStatuses = {wire::ExecutionStatus::running, wire::ExecutionStatus::succeeded,
                                  wire::ExecutionStatus::failed, wire::ExecutionStatus::timed_out,
                                  wire::ExecutionStatus::stopped};

void put(json::object& object, std::string_view name, const std::optional<std::string>& value) {
    if (value) object[name] = *value;
}

json::object encode(const Change& change, const json::storage_ptr& memory) {
    json::object object(memory);
    object.reserve(8);
    object["k"] = kKinds.at(static_cast<std::size_t>(change.kind));
    object["at"] = to_epoch_ms(change.at);
    if (!change.id.empty()) object["id"] = change.id;
    if (change.definition) {
        object["type"] = wire::to_string(change.definition->type);
        put(object, "parent", change.definition->parent_id);
        put(object, "name", change.definition->name);
        put(object, "sub", change.definition->sub_type);
    }
    put(object, "payload", change.payload);
    if (change.error) object["error"] = wire::to_json(*change.error);
    if (change.replay_children) object["replay"] = true;
    if (change.seconds != 0) object["s"] = change.seconds;
    if (change.heartbeat_seconds != 0) object["hb"] = change.heartbeat_seconds;
    if (change.attempt != 0) object["n"] = change.attempt;
    if (change.due) object["due"] = to_epoch_ms(*change.due);
    if (!change.callback_id.empty()) object["callback"] = change.callback_id;
    if (change.timed_from) object["timed_from"] = to_epoch_ms(*change.timed_from);
    if (!change.function.empty()) object["fn"] = change.function;
    if (!change.tenant_id.empty()) object["tenant"] = change.tenant_id;
    if (!change.trace_header.empty()) object["trace"] = change.trace_header;
    if (!change.version.empty()) object["version"] = change.version;
    if (!change.invoked_arn.empty()) object["arn"] = change.invoked_arn;
    if (change.kind == ChangeKind::execution_closed) object["status"] = wire::to_string(change.status);
    if (change.kind == ChangeKind::invocation_completed) {
        object["request"] = change.request_id;
        object["from"] = to_epoch_ms(change.invocation_started_at);
    }
    return object;
}

std::optional<std::string> text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value->as_string());
}

std::int64_t number(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value == nullptr ? 0 : value->to_number<std::int64_t>();
}

ChangeKind read_kind(std::string_view name) {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
        if (kKinds.at(i) == name) return static_cast<ChangeKind>(i);
    }
    throw std::runtime_error("damaged journal: unknown change '" + std::string(name) + "'");
}

Change decode(const json::object& object) {
    Change change;
    change.kind = read_kind(object.at("k").as_string());
    change.at = from_epoch_ms(number(object, "at"));
    change.id = text(object, "id").value_or("");
    if (const auto type = text(object, "type")) {
        change.definition = Definition{.type = read_enum(*type, kTypes),
                                       .parent_id = text(object, "parent"),
                                       .name = text(object, "name"),
                                       .sub_type = text(object, "sub")};
    }
    change.payload = text(object, "payload");
    if (const json::value* error = object.if_contains("error")) {
        auto read = wire::read_error_object(*error);
        if (!read) throw std::runtime_error("damaged journal: " + read.error().message);
        change.error = std::move(*read);
    }
    change.replay_children = object.contains("replay");
    change.seconds = number(object, "s");
    change.heartbeat_seconds = number(object, "hb");
    change.attempt = number(object, "n");
    if (object.contains("due")) change.due = from_epoch_ms(number(object, "due"));
    change.callback_id = text(object, "callback").value_or("");
    if (object.contains("timed_from")) change.timed_from = from_epoch_ms(number(object, "timed_from"));
    change.function = text(object, "fn").value_or("");
    change.tenant_id = text(object, "tenant").value_or("");
    change.trace_header = text(object, "trace").value_or("");
    change.version = text(object, "version").value_or("");
    change.invoked_arn = text(object, "arn").value_or("");
    if (const auto status = text(object, "status")) change.status = read_enum(*status, kStatuses);
    change.request_id = text(object, "request").value_or("");
    change.invocation_started_at = from_epoch_ms(number(object, "from"));
    return change;
}

}  // namespace

std::string encode_changes(const std::vector<Change>& changes) {
    std::array<unsigned char, 4096> first;  // more comes from the heap
    json::monotonic_resource memory(first.data(), first.size());
    json::array array(&memory);
    array.reserve(changes.size());
    for (const Change& change : changes) array.emplace_back(encode(change, &memory));
    return json::serialize(array);
}

std::vector<Change> decode_changes(std::string_view text) {
    const json::value entry = json::parse(text);
    std::vector<Change> changes;
    for (const json::value& value : entry.as_array()) changes.push_back(decode(value.as_object()));
    return changes;
}

}  // namespace holdpoint::core
