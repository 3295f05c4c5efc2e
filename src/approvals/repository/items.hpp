// Items: records as DynamoDB items and back. (AWS API, DynamoDB, AttributeValue)
#pragma once

#include <boost/json.hpp>

#include "approvals/domain/audit.hpp"
#include "approvals/domain/models.hpp"
#include "approvals/domain/service_levels.hpp"

namespace holdpoint::approvals {

[[nodiscard]] boost::json::object to_item(const ApprovalRequest& approval);
[[nodiscard]] boost::json::object to_item(const AuditRecord& record);
/// Any JSON value as an attribute value; text and whole numbers by themselves, too.
[[nodiscard]] boost::json::object to_attribute(const durable::Json& value);
[[nodiscard]] boost::json::object to_attribute(std::string_view text);
[[nodiscard]] boost::json::object to_attribute(std::int64_t number);
/// A JSON object as an item, and back.
[[nodiscard]] boost::json::object item_of(const durable::Json& document);
[[nodiscard]] durable::Json document_of(const boost::json::object& item);
/// Of an item of the approvals table, whatever else is in it.
[[nodiscard]] std::string id_of(const boost::json::object& item);
// Each throws durable::SerdesError when the item is no such record.
[[nodiscard]] ApprovalRequest approval_from_item(const boost::json::object& item);
[[nodiscard]] RequestTiming timing_from_item(const boost::json::object& item);
[[nodiscard]] AuditRecord audit_from_item(const boost::json::object& item);

}  // namespace holdpoint::approvals
