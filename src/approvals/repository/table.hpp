// Table: a DynamoDB table of JSON items. Every write has a condition, so doing it again changes nothing.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "aws/client.hpp"
#include "durable/json.hpp"

namespace holdpoint::approvals {

/// When a write may happen. (AWS API, DynamoDB, ConditionExpression)
struct Condition {
    std::string expression;
    durable::Json::Object values = {};  // ":name" -> value
    durable::Json::Object names = {};   // "#name" -> attribute
};

class Table {
public:
    Table(aws::Client& client, std::string name) : client_(client), name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    /// A PutItem request, or the Put of a transaction.
    [[nodiscard]] boost::json::object put_request(const durable::Json& item, const Condition& condition) const;
    /// Puts the item where the condition holds; false where it does not, also because an earlier try got through.
    [[nodiscard]] Result<bool> put(const durable::Json& item, const Condition& condition);
    /// A consistent read; nothing when there is no such item.
    [[nodiscard]] Result<std::optional<durable::Json>> find(const durable::Json& key);

    template <class T>
    [[nodiscard]] Result<std::optional<T>> find_as(const durable::Json& key) {
        const auto item = find(key);
        if (!item) return std::unexpected(item.error());
        if (!*item) return std::nullopt;
        return durable::from_json<T>(**item);
    }

private:
    aws::Client& client_;
    std::string name_;
};

}  // namespace holdpoint::approvals
