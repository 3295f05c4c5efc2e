#include "store/log_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace holdpoint::store {
namespace {

using ::testing::ElementsAre;

LogEvent line(long long ms, std::string message) {
    return {.id = 0,
            .stream = {},
            .at = from_epoch_ms(ms),
            .ingested_at = from_epoch_ms(ms),
            .message = std::move(message)};
}

class LogStoreTest : public ::testing::Test {
protected:
    LogStoreTest() : path_(std::filesystem::temp_directory_path() / ("logs-" + std::to_string(::getpid()) + ".db")) {
        remove();
        logs_ = open_log_store(path_);
        logs_->create_group("g", from_epoch_ms(0));
        logs_->create_group("other", from_epoch_ms(0));
        logs_->append("g", "one", {line(10, "a"), line(20, "b")});
        logs_->append("g", "two", {line(15, "c")});
        logs_->append("other", "one", {line(1, "x")});
    }
    ~LogStoreTest() override {
        logs_.reset();
        remove();
    }
    void remove() const {
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    }
    std::vector<std::string> messages(const LogQuery& query) const {
        std::vector<std::string> result;
        for (const auto& event : logs_->events(query)) result.push_back(event.message);
        return result;
    }

    std::string path_;
    std::unique_ptr<LogStore> logs_;
};

TEST_F(LogStoreTest, EventsComeInTimeOrderAcrossStreams) {
    EXPECT_THAT(messages({.group = "g"}), ElementsAre("a", "c", "b"));
    EXPECT_THAT(messages({.group = "g", .reverse = true}), ElementsAre("b", "c", "a"));
    EXPECT_THAT(messages({.group = "g", .streams = {"two"}}), ElementsAre("c"));
    EXPECT_THAT(messages({.group = "g", .stream_prefix = "o"}), ElementsAre("a", "b"));
    EXPECT_THAT(messages({.group = "g", .from = from_epoch_ms(15), .to = from_epoch_ms(20)}), ElementsAre("c"));
}

TEST_F(LogStoreTest, PagesGoOnWhereTheLastEnded) {
    const auto first = logs_->events({.group = "g", .limit = 1});
    EXPECT_THAT(messages({.group = "g", .after_id = first[0].id, .after_at = first[0].at}), ElementsAre("c", "b"));
}

TEST_F(LogStoreTest, GroupsAndStreamsAreListed) {
    EXPECT_EQ(logs_->groups("", "", 10).size(), 2U);
    EXPECT_EQ(logs_->groups("o", "", 10).at(0).name, "other");
    const auto streams = logs_->streams("g", "");
    ASSERT_EQ(streams.size(), 2U);
    EXPECT_EQ(streams[0].last_event_at, from_epoch_ms(20));
}

TEST_F(LogStoreTest, DeletedGroupsAreGoneAndEventsOutliveARestart) {
    logs_->delete_group("other");
    logs_.reset();
    logs_ = open_log_store(path_);
    EXPECT_FALSE(logs_->has_group("other"));
    EXPECT_THAT(messages({.group = "g"}), ElementsAre("a", "c", "b"));
}

}  // namespace
}  // namespace holdpoint::store
