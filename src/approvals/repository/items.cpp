#include "approvals/repository/items.hpp"

#include "base/text.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;
using durable::Json;

namespace {

Json from_attribute(const json::value& value) {
    const json::object* attribute = value.if_object();
    if (attribute == nullptr || attribute->size() != 1) return Json();
    const auto& [type, data] = *attribute->begin();
    if (type == "S") return Json(std::string(data.as_string()));
    if (type == "N") {
        if (const auto number = read_number<std::int64_t>(data.as_string())) return Json(*number);
    }
    if (type == "BOOL") return Json(data.as_bool());
    if (type == "L") {
        Json::Array array;
        for (const json::value& element : data.as_array()) array.push_back(from_attribute(element));
        return Json(std::move(array));
    }
    if (type == "M") {
        Json::Object object;
        object.reserve(data.as_object().size());
        for (const auto& [name, member] : data.as_object()) object.emplace_back(name, from_attribute(member));
        return Json(std::move(object));
    }
    return Json();
}

// What timings read of a record, and of its policy.
struct TimedPolicyText {
    std::vector<Stage> stages;
};
BOOST_DESCRIBE_STRUCT(TimedPolicyText, (), (stages))

struct TimedPolicy {
    TimedPolicyText policy;
};
BOOST_DESCRIBE_STRUCT(TimedPolicy, (), (policy))

struct TimedRequest {
    ApprovalStatus status = ApprovalStatus::pending;
    std::string created_at;
    std::optional<std::string> decided_at;
    std::optional<std::string> approver;
    std::optional<TimedPolicy> policy;
};
BOOST_DESCRIBE_STRUCT(TimedRequest, (), (status, created_at, decided_at, approver, policy))

}  // namespace

json::object to_attribute(std::string_view text) {
    return {{"S", text}};
}

json::object to_attribute(std::int64_t number) {
    return {{"N", std::to_string(number)}};
}

json::object to_attribute(const Json& value) {
    if (const std::string* s = value.get_if<std::string>()) return to_attribute(*s);
    if (const std::int64_t* n = value.get_if<std::int64_t>()) return to_attribute(*n);
    if (const bool* flag = value.get_if<bool>()) return {{"BOOL", *flag}};
    if (const Json::Array* array = value.get_if<Json::Array>()) {
        json::array list;
        list.reserve(array->size());
        for (const Json& element : *array) list.push_back(to_attribute(element));
        return {{"L", std::move(list)}};
    }
    if (const Json::Object* object = value.get_if<Json::Object>()) {
        json::object map;
        map.reserve(object->size());
        for (const auto& [name, member] : *object) map[name] = to_attribute(member);
        return {{"M", std::move(map)}};
    }
    return {{"NULL", true}};
}

json::object item_of(const Json& document) {
    const Json::Object& members = *document.get_if<Json::Object>();
    json::object item;
    item.reserve(members.size());
    for (const auto& [name, value] : members) item[name] = to_attribute(value);
    return item;
}

Json document_of(const json::object& item) {
    Json::Object object;
    object.reserve(item.size());
    for (const auto& [name, value] : item) object.emplace_back(name, from_attribute(value));
    return Json(std::move(object));
}

json::object to_item(const ApprovalRequest& approval) {
    return item_of(durable::to_json(approval));
}

json::object to_item(const AuditRecord& record) {
    return item_of(durable::to_json(record));
}

std::string id_of(const json::object& item) {
    return std::string(item.at("approval_id").at("S").as_string());
}

ApprovalRequest approval_from_item(const json::object& item) {
    return durable::from_json<ApprovalRequest>(document_of(item));
}

RequestTiming timing_from_item(const json::object& item) {
    const auto request = durable::from_json<TimedRequest>(document_of(item));
    RequestTiming timing{.groups = groups_of(request.policy ? request.policy->policy.stages : std::vector<Stage>{}),
                         .status = request.status,
                         .created_at = parse_iso8601(request.created_at).value_or(TimePoint{}),
                         .decided_at = {}};
    // What its deadline decided has nobody who did.
    const auto decided_at = parse_iso8601(request.decided_at.value_or(""));
    if (request.approver && decided_at) timing.decided_at = *decided_at;
    return timing;
}

AuditRecord audit_from_item(const json::object& item) {
    return durable::from_json<AuditRecord>(document_of(item));
}

}  // namespace holdpoint::approvals
