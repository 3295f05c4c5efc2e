#include "server/item_care.hpp"

#include <gtest/gtest.h>

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
    expire_items(writer);
    int commands = 0;
    for (; writer.has_queued() && commands < 100; ++commands) writer.run_queued();
    EXPECT_EQ(store->count(Space::item_expiry, {}, {}, 2000), 0U);
    EXPECT_EQ(commands, 4) << "a little at a time, and no more than are needed";
}

}  // namespace
}  // namespace holdpoint::server
