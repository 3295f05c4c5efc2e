#include "approvals/repository/cancellation.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "aws/client.hpp"

namespace holdpoint::approvals {

namespace json = boost::json;

std::vector<CancellationReason> reasons_of(const Error& error) {
    std::vector<CancellationReason> found;
    boost::system::error_code problem;
    const json::value body = json::parse(error.details_json, problem);
    const json::object* object = problem ? nullptr : body.if_object();
    const json::value* reasons = object == nullptr ? nullptr : object->if_contains("CancellationReasons");
    if (reasons == nullptr || !reasons->is_array()) return found;
    for (const json::value& reason : reasons->get_array())
        found.push_back({.code = aws::text_of(reason, "Code"), .message = aws::text_of(reason, "Message")});
    return found;
}

bool is_conflict(const Error& error) {
    if (error.name == "TransactionConflictException" || error.name == "TransactionInProgressException") return true;
    return std::ranges::any_of(reasons_of(error), [](const CancellationReason& reason) {
        return reason.code == "ConditionalCheckFailed" || reason.code == "TransactionConflict";
    });
}

}  // namespace holdpoint::approvals
