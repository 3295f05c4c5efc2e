// A small database for this folder's tests: rows in maps, operations by name, a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tables/operations.hpp"

namespace holdpoint::tables {

/// Key (customer, placed: a number); global index by-status (status, placed), everything projected.
inline constexpr const char* kOrders = R"({"TableName":"orders","BillingMode":"PAY_PER_REQUEST",
    "AttributeDefinitions":[{"AttributeName":"customer","AttributeType":"S"},{"AttributeName":"placed","AttributeType":"N"},
                            {"AttributeName":"status","AttributeType":"S"}],
    "KeySchema":[{"AttributeName":"customer","KeyType":"HASH"},{"AttributeName":"placed","KeyType":"RANGE"}],
    "GlobalSecondaryIndexes":[{"IndexName":"by-status","Projection":{"ProjectionType":"ALL"},
        "KeySchema":[{"AttributeName":"status","KeyType":"HASH"},{"AttributeName":"placed","KeyType":"RANGE"}]}]})";

[[nodiscard]] inline json::value parse(std::string_view text) {
    return json::parse(text);
}

class MapRows final : public RowReader {
public:
    std::optional<std::string> get(Space space, std::string_view key) const override {
        const auto rows = spaces_.find(space);
        if (rows == spaces_.end()) return std::nullopt;
        const auto found = rows->second.find(key);
        return found == rows->second.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        std::vector<Row> all;
        if (const auto rows = spaces_.find(space); rows != spaces_.end()) {
            for (const auto& [key, value] : rows->second) {
                if (key >= from && (to.empty() || key < to)) all.push_back({.key = key, .value = value});
            }
        }
        if (reverse) std::ranges::reverse(all);
        if (all.size() > limit) all.resize(limit);
        return all;
    }
    void apply(const std::vector<RowWrite>& writes) {
        for (const auto& write : writes) {
            if (write.value)
                spaces_[write.space].insert_or_assign(write.key, *write.value);
            else
                spaces_[write.space].erase(write.key);
        }
    }
    [[nodiscard]] std::size_t size(Space space) const {
        const auto rows = spaces_.find(space);
        return rows == spaces_.end() ? 0 : rows->second.size();
    }

private:
    std::map<Space, std::map<std::string, std::string, std::less<>>> spaces_;
};

class Database {
public:
    /// Does the operation and applies what it decided.
    Result<json::object> call(std::string_view operation, const std::string& request) {
        json::parse_options options;
        options.max_depth = 200;  // items nest
        return call(operation, json::parse(request, {}, options).as_object());
    }
    Result<json::object> call(std::string_view operation, const json::object& request) {
        using Reading = Result<json::object> (*)(const RowReader&, const json::object&);
        using Writing = Result<Change> (*)(const RowReader&, const json::object&);
        static const std::map<std::string_view, Reading> kReads = {{"DescribeTable", describe_table},
                                                                   {"ListTables", list_tables},
                                                                   {"DescribeTimeToLive", describe_time_to_live},
                                                                   {"DescribeLimits", describe_limits},
                                                                   {"ListTagsOfResource", list_tags_of_resource},
                                                                   {"GetItem", get_item},
                                                                   {"Query", query},
                                                                   {"Scan", scan},
                                                                   {"BatchGetItem", batch_get_item},
                                                                   {"TransactGetItems", transact_get_items}};
        static const std::map<std::string_view, Writing> kWrites = {
            {"DeleteTable", delete_table}, {"UpdateTable", update_table},     {"UpdateTimeToLive", update_time_to_live},
            {"TagResource", tag_resource}, {"UntagResource", untag_resource}, {"PutItem", put_item},
            {"UpdateItem", update_item},   {"DeleteItem", delete_item},       {"BatchWriteItem", batch_write_item}};
        if (const auto read = kReads.find(operation); read != kReads.end()) return read->second(rows_, request);
        Result<Change> change;
        if (operation == "CreateTable") {
            change = create_table(rows_, request, {.region = "us-east-1", .account = "000000000000"}, now_,
                                  "00000000-0000-4000-8000-000000000000");
        } else if (operation == "TransactWriteItems") {
            change = transact_write_items(rows_, request, now_);
        } else {
            change = kWrites.at(operation)(rows_, request);
        }
        if (!change) return std::unexpected(change.error());
        rows_.apply(change->writes);
        return std::move(change->answer);
    }
    json::object ok(std::string_view operation, const std::string& request) {
        const auto answer = call(operation, request);
        if (!answer) ADD_FAILURE() << operation << ": " << answer.error().name << ": " << answer.error().message;
        return answer.value_or(json::object());
    }
    /// "Name: message" of the refusal.
    std::string error(std::string_view operation, const std::string& request) {
        const auto answer = call(operation, request);
        return answer ? "no error" : answer.error().name + ": " + answer.error().message;
    }

    void apply(const std::vector<RowWrite>& writes) { rows_.apply(writes); }
    void advance(Milliseconds by) { now_ += by; }
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] const MapRows& rows() const { return rows_; }
    [[nodiscard]] bool is_empty() const {
        return rows_.size(Space::tables) + rows_.size(Space::items) + rows_.size(Space::index_items) == 0;
    }

private:
    MapRows rows_;
    TimePoint now_ = from_epoch_ms(1'800'000'000'000);
};

}  // namespace holdpoint::tables
