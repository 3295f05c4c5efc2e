// Items: records as DynamoDB items and back. (AWS API, DynamoDB, AttributeValue)
#pragma once

#include <boost/json.hpp>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/models.hpp"
#include "approvals/domain/service_levels.hpp"

namespace holdpoint::approvals {

[[nodiscard]] boost::json::object to_item(const ApprovalRequest& approval);
[[nodiscard]] boost::json::object to_item(const AuditRecord& record);
/// Any JSON value as an attribute value.
[[nodiscard]] boost::json::object to_attribute(const durable::Json& value);
/// What to_attribute made it of; null for what it makes of nothing.
[[nodiscard]] durable::Json of_attribute(const boost::json::value& attribute);
/// A JSON object as an item, and back.
[[nodiscard]] boost::json::object item_of(const durable::Json& document);
[[nodiscard]] durable::Json document_of(const boost::json::object& item);
// Each throws durable::SerdesError when the item is no such record.
[[nodiscard]] ApprovalRequest approval_from_item(const boost::json::object& item);
[[nodiscard]] RequestTiming timing_from_item(const boost::json::object& item);
[[nodiscard]] AuditRecord audit_from_item(const boost::json::object& item);

}  // namespace holdpoint::approvals
