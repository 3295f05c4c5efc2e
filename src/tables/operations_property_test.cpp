#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <tuple>

#include "tables/operations.hpp"
#include "tables/testing_rows.hpp"

namespace holdpoint::tables {
namespace {

struct Key {
    std::string customer;
    int at = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
};
/// What the table should hold: key -> status; empty: the item has none.
using Model = std::map<Key, std::string>;

json::object key_json(const Key& key) {
    return {{"customer", json::object{{"S", key.customer}}}, {"placed", json::object{{"N", std::to_string(key.at)}}}};
}

Key random_key() {
    // NUL and 0xff-like bytes are where an escaped key could go wrong; few keys, so that operations meet.
    return {.customer = *rc::gen::element<std::string>("a", "b", std::string("a\0", 2), std::string("a\0b", 3), "ab"),
            .at = *rc::gen::element(-100, -10, -9, -1, 0, 1, 9, 10, 11, 100)};
}

void change(Database& db, Model& model) {
    const auto key = random_key();
    const auto status = *rc::gen::element<std::string>("open", "done", "");
    switch (*rc::gen::inRange(0, 3)) {
        case 0: {
            json::object item = key_json(key);
            if (!status.empty()) item["status"] = json::object{{"S", status}};
            RC_ASSERT(db.call("PutItem", json::object{{"TableName", "orders"}, {"Item", item}}).has_value());
            model[key] = status;
            break;
        }
        case 1: {
            json::object request{{"TableName", "orders"},
                                 {"Key", key_json(key)},
                                 {"UpdateExpression", status.empty() ? "REMOVE #s" : "SET #s = :s"},
                                 {"ExpressionAttributeNames", json::object{{"#s", "status"}}}};
            if (!status.empty())
                request["ExpressionAttributeValues"] = json::parse(R"({":s":{"S":")" + status + R"("}})");
            RC_ASSERT(db.call("UpdateItem", request).has_value());
            if (!status.empty() || model.contains(key)) model[key] = status;
            break;
        }
        default:
            RC_ASSERT(db.call("DeleteItem", json::object{{"TableName", "orders"}, {"Key", key_json(key)}}).has_value());
            model.erase(key);
    }
}

/// Every item, page by page.
std::vector<Key> all_pages(Database& db, std::string_view action, json::object request, int limit) {
    std::vector<Key> keys;
    request["TableName"] = "orders";
    request["Limit"] = limit;
    while (true) {
        const auto page = db.call(std::string(action), request);
        RC_ASSERT(page.has_value());
        for (const auto& item : page->at("Items").as_array()) {
            keys.push_back({.customer = std::string(item.at("customer").at("S").as_string()),
                            .at = std::stoi(std::string(item.at("placed").at("N").as_string()))});
        }
        const auto* last = page->if_contains("LastEvaluatedKey");
        if (last == nullptr) return keys;
        request["ExclusiveStartKey"] = *last;
    }
}

TEST(TablesProperty, QueriesAgreeWithAMap) {
    EXPECT_TRUE(rc::check("random writes, then queries of the table and its index in both directions", [] {
        Database db;
        RC_ASSERT(db.call("CreateTable", kOrders).has_value());
        Model model;
        const auto count = *rc::gen::inRange(0, 60);
        for (int i = 0; i < count; ++i) change(db, model);
        const auto limit = *rc::gen::inRange(1, 5);
        const bool forward = *rc::gen::arbitrary<bool>();

        const auto customer = random_key().customer;
        const auto low = *rc::gen::inRange(-101, 101);
        std::vector<Key> expected;
        for (const auto& [key, status] : model) {
            if (key.customer == customer && key.at >= low) expected.push_back(key);
        }
        if (!forward) std::ranges::reverse(expected);
        json::object values{{":c", json::object{{"S", customer}}}, {":l", json::object{{"N", std::to_string(low)}}}};
        RC_ASSERT(all_pages(db, "Query",
                            {{"KeyConditionExpression", "customer = :c AND placed >= :l"},
                             {"ExpressionAttributeValues", values},
                             {"ScanIndexForward", forward}},
                            limit) == expected);

        expected.clear();
        for (const auto& [key, status] : model) {
            if (status == "open") expected.push_back(key);
        }
        std::ranges::sort(expected, {}, [](const Key& key) { return std::tie(key.at, key.customer); });
        if (!forward) std::ranges::reverse(expected);
        RC_ASSERT(all_pages(db, "Query",
                            {{"IndexName", "by-status"},
                             {"KeyConditionExpression", "#s = :s"},
                             {"ExpressionAttributeNames", json::object{{"#s", "status"}}},
                             {"ExpressionAttributeValues", json::parse(R"({":s":{"S":"open"}})")},
                             {"ScanIndexForward", forward}},
                            limit) == expected);
        RC_ASSERT(db.rows().size(Space::items) == model.size());
    }));
}

std::vector<Key> segment_of(Database& db, json::object request, int segment, int total, int limit) {
    request["Segment"] = segment;
    request["TotalSegments"] = total;
    return all_pages(db, "Scan", std::move(request), limit);
}

TEST(TablesProperty, EveryItemIsInOneSegmentWithItsPartition) {
    EXPECT_TRUE(rc::check("random writes, then every segment of the table and of its index", [] {
        Database db;
        RC_ASSERT(db.call("CreateTable", kOrders).has_value());
        Model model;
        const auto count = *rc::gen::inRange(0, 40);
        for (int i = 0; i < count; ++i) change(db, model);
        const auto total = *rc::gen::inRange(1, 6);
        const auto limit = *rc::gen::inRange(1, 5);
        std::vector<Key> all;
        std::map<std::string, int> segments;
        for (int segment = 0; segment < total; ++segment) {
            for (const Key& key : segment_of(db, {}, segment, total, limit)) {
                all.push_back(key);
                RC_ASSERT(segments.emplace(key.customer, segment).first->second == segment);
            }
        }
        std::ranges::sort(all);
        std::vector<Key> expected;
        for (const auto& [key, status] : model) expected.push_back(key);
        RC_ASSERT(all == expected);

        all.clear();
        for (int segment = 0; segment < total; ++segment) {
            std::ranges::copy(segment_of(db, {{"IndexName", "by-status"}}, segment, total, limit),
                              std::back_inserter(all));
        }
        std::ranges::sort(all);
        std::erase_if(expected, [&](const Key& key) { return model.at(key).empty(); });
        RC_ASSERT(all == expected);
    }));
}

}  // namespace
}  // namespace holdpoint::tables
