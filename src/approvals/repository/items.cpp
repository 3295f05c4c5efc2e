#include "approvals/repository/items.hpp"

#include <charconv>

namespace holdpoint::approvals {

namespace json = boost::json;
using durable::Json;

namespace {

json::object text(const std::string& value) {
    return {{"S", value}};
}
json::object number(std::int64_t value) {
    return {{"N", std::to_string(value)}};
}

json::object attribute_of(const Json& value) {
    if (const std::string* s = value.get_if<std::string>()) return text(*s);
    if (const std::int64_t* n = value.get_if<std::int64_t>()) return number(*n);
    if (const bool* flag = value.get_if<bool>()) return {{"BOOL", *flag}};
    if (const Json::Array* array = value.get_if<Json::Array>()) {
        json::array list;
        for (const Json& element : *array) list.push_back(attribute_of(element));
        return {{"L", std::move(list)}};
    }
    if (const Json::Object* object = value.get_if<Json::Object>()) {
        json::object map;
        for (const auto& [name, member] : *object) map[name] = attribute_of(member);
        return {{"M", std::move(map)}};
    }
    return {{"NULL", true}};
}

Json from_attribute(const json::value& value) {
    const json::object* attribute = value.if_object();
    if (attribute == nullptr || attribute->size() != 1) return Json();
    const auto& [type, data] = *attribute->begin();
    if (type == "S") return Json(Json::Data(std::string(data.as_string())));
    if (type == "N") {
        const std::string_view digits = data.as_string();
        std::int64_t result = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
        if (error == std::errc{} && end == digits.data() + digits.size()) return Json(Json::Data(result));
    }
    if (type == "BOOL") return Json(Json::Data(data.as_bool()));
    if (type == "L") {
        Json::Array array;
        for (const json::value& element : data.as_array()) array.push_back(from_attribute(element));
        return Json(Json::Data(std::move(array)));
    }
    if (type == "M") {
        Json::Object object;
        for (const auto& [name, member] : data.as_object()) object.emplace_back(name, from_attribute(member));
        return Json(Json::Data(std::move(object)));
    }
    return Json();
}

Json to_document(const json::object& item) {
    Json::Object object;
    for (const auto& [name, value] : item) object.emplace_back(name, from_attribute(value));
    return Json(Json::Data(std::move(object)));
}

json::object to_item(const Json& document) {
    json::object item;
    for (const auto& [name, value] : *document.get_if<Json::Object>()) item[name] = attribute_of(value);
    return item;
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

json::object to_attribute(const Json& value) {
    return attribute_of(value);
}

Json of_attribute(const json::value& attribute) {
    return from_attribute(attribute);
}

json::object item_of(const Json& document) {
    return to_item(document);
}

Json document_of(const json::object& item) {
    return to_document(item);
}

json::object to_item(const ApprovalRequest& approval) {
    return to_item(durable::to_json(approval));
}

json::object to_item(const AuditRecord& record) {
    return to_item(durable::to_json(record));
}

ApprovalRequest approval_from_item(const json::object& item) {
    return durable::from_json<ApprovalRequest>(to_document(item));
}

RequestTiming timing_from_item(const json::object& item) {
    const auto request = durable::from_json<TimedRequest>(to_document(item));
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
    return durable::from_json<AuditRecord>(to_document(item));
}

}  // namespace holdpoint::approvals
