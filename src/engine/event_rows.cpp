#include "engine/event_rows.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "base/log.hpp"

namespace holdpoint::engine {

namespace json = boost::json;

namespace {

/// Throws what boost::json does of a row that is none of write_of's.
Queued read(const Row& row) {
    const json::value value = json::parse(row.value);
    const json::object& object = value.as_object();
    Queued queued;
    queued.request_id = std::string(object.at("request_id").as_string());
    queued.event.function.name = std::string(object.at("function").as_string());
    queued.event.function.qualifier = std::string(object.at("qualifier").as_string());
    queued.event.payload = std::string(object.at("payload").as_string());
    queued.tries = object.at("tries").as_int64();
    if (const json::value* tenant = object.if_contains("tenant_id")) {
        queued.event.tenant_id = std::string(tenant->as_string());
    }
    if (const json::value* at = object.if_contains("submitted_at")) queued.submitted_at = from_epoch_ms(at->as_int64());
    return queued;
}

}  // namespace

std::string event_key(TimePoint due, const std::string& request_id) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(due)));
    return key + request_id;
}

std::string id_of_event(const std::string& key) {
    return key.substr(std::min(key.size(), sizeof(std::uint64_t)));
}

RowWrite write_of(TimePoint due, const Queued& queued) {
    const Event& event = queued.event;
    json::object object{{"request_id", queued.request_id},
                        {"function", event.function.name},
                        {"qualifier", event.function.qualifier},
                        {"payload", event.payload},
                        {"tries", queued.tries}};
    if (!event.tenant_id.empty()) object["tenant_id"] = event.tenant_id;
    if (queued.submitted_at) object["submitted_at"] = to_epoch_ms(*queued.submitted_at);
    return {Space::events, event_key(due, queued.request_id), json::serialize(object)};
}

std::optional<Queued> try_read(const Row& row) {
    try {
        return read(row);
    } catch (const std::exception& problem) {
        log::write(log::Level::error, "an event cannot be read and is dropped", {{"why", problem.what()}});
        return std::nullopt;
    }
}

}  // namespace holdpoint::engine
