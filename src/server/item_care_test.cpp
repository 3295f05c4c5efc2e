#include "server/item_care.hpp"

#include <gtest/gtest.h>

#include "core/rows.hpp"
#include "tables/operations.hpp"

namespace holdpoint::server {
namespace {

// Five hundred a second went: with more the tables grew for ever.
TEST(ItemCareTest, WhateverIsDueGoesWithinTheSecond) {
    const ManualClock clock(from_epoch_ms(1'800'000'000'000));
    const auto store = store::make_memory_store();
    engine::Writer writer(clock, *store, engine::WriterThread::none);
    writer.submit([](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        for (std::uint64_t i = 1; i <= 1800; ++i) {
            std::string key;
            append_key_number(key, i);  // due long ago
            rows.apply({{.space = Space::item_expiry, .key = key, .value = ""}});
        }
        return {};
    });
    writer.run_queued();
    ItemCare care(writer);
    care.each_second();
    care.each_second();  // it is at it already
    int commands = 0;
    for (; writer.has_queued() && commands < 100; ++commands) writer.run_queued();
    EXPECT_EQ(store->count(Space::item_expiry, {}, {}, 2000), 0U);
    EXPECT_EQ(commands, 4) << "a little at a time, and no more than are needed";
}

// They went with the next one that was given up: where none was, they and the links in them stayed for ever.
TEST(ItemCareTest, MessagesThatNobodyTookGoAfterFourteenDays) {
    constexpr std::uint64_t kDead = std::uint64_t{1} << 63;
    const ManualClock clock(from_epoch_ms(1'800'000'000'000));
    const auto store = store::make_memory_store();
    engine::Writer writer(clock, *store, engine::WriterThread::none);
    const auto died = [&](TimePoint at, int count) {
        for (int i = 0; i < count; ++i) {
            writer.submit([=](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
                std::string key;
                append_key_number(key, kDead | static_cast<std::uint64_t>(to_epoch_ms(at)));
                rows.apply({{.space = Space::deliveries, .key = key + std::to_string(i), .value = "{}"}});
                return {};
            });
        }
    };
    died(clock.now() - std::chrono::days{14} - Milliseconds{1}, 600);
    died(clock.now() - std::chrono::days{14} + Milliseconds{1}, 3);
    while (writer.has_queued()) writer.run_queued();
    ItemCare care(writer);
    care.each_second();
    while (writer.has_queued()) writer.run_queued();
    EXPECT_EQ(store->count(Space::deliveries, {}, {}, 2000), 3U);
}

// In one transaction that kept everybody waiting for seconds.
TEST(ItemCareTest, ALargeTableGoesInManyCommandsAndAfterACrashToo) {
    const ManualClock clock(from_epoch_ms(1'800'000'000'000));
    const auto store = store::make_memory_store();
    const auto count = [&](Space space) { return store->count(space, {}, {}, 5000); };
    {
        engine::Writer writer(clock, *store, engine::WriterThread::none);
        writer.submit([](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
            const auto table = boost::json::parse(R"({"TableName":"things","BillingMode":"PAY_PER_REQUEST",
                "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
                "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
            rows.apply(tables::create_table(rows, table.as_object(), {}, now, "i").value().writes);
            for (int i = 0; i < 3000; ++i) {
                const std::string item = R"({"TableName":"things","Item":{"id":{"S":")" + std::to_string(i) + R"("}}})";
                rows.apply(tables::put_item(rows, boost::json::parse(item).as_object()).value().writes);
            }
            rows.apply(tables::delete_table(rows, {{"TableName", "things"}}).value().writes);
            return {};
        });
        ItemCare care(writer);
        care.each_second();
        writer.run_queued();
        writer.run_queued();
        EXPECT_EQ(count(Space::items), 1500U);
        EXPECT_TRUE(writer.has_queued());
    }
    engine::Writer writer(clock, *store, engine::WriterThread::none);
    ItemCare care(writer);
    care.each_second();
    int commands = 0;
    for (; writer.has_queued() && commands < 100; ++commands) writer.run_queued();
    EXPECT_EQ(commands, 5);
    EXPECT_EQ(count(Space::items) + count(Space::tables) + count(Space::meta), 0U);
    care.each_second();
    EXPECT_TRUE(writer.has_queued()) << "it looks again";
    writer.run_queued();
}

TEST(ItemCareTest, WhatIsLeftOfALongJournalGoesWithinTheSecond) {
    const ManualClock clock(from_epoch_ms(1'800'000'000'000));
    const auto store = store::make_memory_store();
    engine::Writer writer(clock, *store, engine::WriterThread::none);
    writer.submit([](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        core::Head head;
        head.number = 1;
        for (std::uint64_t entry = 0; entry < 1600; ++entry)
            rows.apply({{.space = Space::journal, .key = core::journal_key(1, entry), .value = "[]"}});
        rows.apply(core::erase_writes(rows, head));
        return {};
    });
    writer.run_queued();
    ItemCare care(writer);
    care.each_second();
    int commands = 0;
    for (; writer.has_queued() && commands < 100; ++commands) writer.run_queued();
    EXPECT_EQ(store->count(Space::journal, {}, {}, 2000), 0U);
    EXPECT_EQ(commands, 4) << "512 at a time, and a last look";
}

}  // namespace
}  // namespace holdpoint::server
