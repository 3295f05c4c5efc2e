// Topics, subscriptions and messages for this folder's tests, over rows in a map.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "topics/deliveries.hpp"
#include "topics/publish.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::topics {

/// Rows in a map; the topics room may not see the store.
class MapRows final : public RowReader {
public:
    std::optional<std::string> get(Space space, std::string_view key) const override {
        const auto found = rows_.find({space, std::string(key)});
        if (found == rows_.end()) return std::nullopt;
        return found->second;
    }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        std::vector<Row> found;
        for (const auto& [key, value] : rows_) {
            if (key.first == space && key.second >= from && (to.empty() || key.second < to))
                found.push_back({key.second, value});
        }
        if (reverse) std::ranges::reverse(found);
        if (found.size() > limit) found.resize(limit);
        return found;
    }
    void apply(const std::vector<RowWrite>& writes) {
        for (const auto& write : writes) {
            if (write.value)
                rows_[{write.space, write.key}] = *write.value;
            else
                rows_.erase({write.space, write.key});
        }
    }

private:
    std::map<std::pair<Space, std::string>, std::string> rows_;
};

struct TopicsTest : testing::Test {
    MapRows rows;
    TimePoint now = from_epoch_ms(1'760'000'000'000);
    int nonces = 0;
    std::string arn = created("approvals");

    std::string nonce() { return "nonce-" + std::to_string(++nonces); }
    std::string created(const std::string& name) {
        auto decided = create_topic(rows, {.region = "us-east-1", .account = "000000000000"},
                                    {.name = name, .attributes = {}}, now);
        rows.apply(decided->writes);
        return decided->answer;
    }
    Result<std::string> subscribed(const std::string& protocol, const std::string& endpoint,
                                   Attributes attributes = {}) {
        auto decided = subscribe(rows,
                                 {.topic_arn = arn,
                                  .protocol = protocol,
                                  .endpoint = endpoint,
                                  .attributes = std::move(attributes),
                                  .return_arn = true},
                                 "000000000000", now, nonce());
        if (!decided) return std::unexpected(decided.error());
        rows.apply(decided->writes);
        return decided->answer;
    }
    Result<std::string> published(Message message) {
        auto decided = publish(rows, arn, message, now, nonce());
        if (!decided) return std::unexpected(decided.error());
        rows.apply(decided->writes);
        return decided->answer;
    }
    std::string confirmed_http(Attributes attributes = {}) {
        const auto subscription = *subscribed("http", "http://localhost:9/hook", std::move(attributes));
        const auto parts = *split_subscription_arn(subscription);
        rows.apply(
            confirm_subscription(rows, arn, find_subscription(rows, parts.first, parts.second)->token, false, now)
                ->writes);
        for (const auto& each : due_deliveries(rows, Lane::endpoints, now, 10)) rows.apply(finish_delivery(rows, each));
        return subscription;
    }
};

}  // namespace holdpoint::topics
