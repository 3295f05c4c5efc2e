#include "approvals/repository/cancellation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

namespace holdpoint::approvals {

namespace json = boost::json;

namespace {

std::string text_of(const json::value& object, std::string_view name) {
    const json::object* members = object.if_object();
    const json::value* value = members == nullptr ? nullptr : members->if_contains(name);
    return value == nullptr || !value->is_string() ? std::string() : std::string(value->get_string());
}

}  // namespace

std::vector<CancellationReason> reasons_of(const Error& error) {
    std::vector<CancellationReason> found;
    boost::system::error_code problem;
    const json::value body = json::parse(error.details_json, problem);
    const json::object* object = problem ? nullptr : body.if_object();
    const json::value* reasons = object == nullptr ? nullptr : object->if_contains("CancellationReasons");
    if (reasons == nullptr || !reasons->is_array()) return found;
    for (const json::value& reason : reasons->get_array())
        found.push_back({.code = text_of(reason, "Code"), .message = text_of(reason, "Message")});
    return found;
}

bool is_conflict(const Error& error) {
    if (error.name == "TransactionConflictException" || error.name == "TransactionInProgressException") return true;
    return std::ranges::any_of(reasons_of(error), [](const CancellationReason& reason) {
        return reason.code == "ConditionalCheckFailed" || reason.code == "TransactionConflict";
    });
}

}  // namespace holdpoint::approvals
