#include "server/log_care.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace holdpoint::server {
namespace {

/// So many lines whose time is over; each thousand takes ten milliseconds.
class OldLogs final : public store::LogStore {
public:
    OldLogs(ManualClock& clock, std::size_t count) : lines(count), clock_(clock) {}
    std::size_t expire(TimePoint, std::int64_t, std::size_t limit) override {
        ++asked;
        const std::size_t erased = std::min(limit, lines);
        lines -= erased;
        clock_.advance(Milliseconds(10));
        return erased;
    }
    void create_group(const std::string&, TimePoint) override {}
    void delete_group(const std::string&) override {}
    bool has_group(const std::string&) const override { return true; }
    void create_stream(const std::string&, const std::string&, TimePoint) override {}
    void append(const std::string&, const std::string&, std::vector<store::LogEvent>) override {}
    void flush() override {}
    void set_retention(const std::string&, std::optional<std::int64_t>) override {}
    std::vector<store::LogGroup> groups(std::string_view, std::string_view, std::size_t) const override { return {}; }
    std::vector<store::LogStream> streams(const store::LogStreamQuery&) const override { return {}; }
    bool has_stream(const std::string&, const std::string&) const override { return true; }
    std::vector<store::LogEvent> events(const store::LogQuery&) const override { return {}; }

    std::size_t lines;
    int asked = 0;

private:
    ManualClock& clock_;
};

TEST(LogCareTest, LinesAreErasedAsFastAsTheyCome) {
    ManualClock clock(from_epoch_ms(1000));
    OldLogs logs(clock, 100'000);
    LogCare care(clock, logs, 1);
    care.each_second();
    EXPECT_LE(logs.lines, 90'000U) << "ten thousand lines a second at least";
    EXPECT_GE(logs.lines, 50'000U) << "others wait for it";
    while (logs.lines > 0) {
        clock.advance(std::chrono::seconds(1));
        care.each_second();
    }
    EXPECT_LT(clock.monotonic(), std::chrono::seconds(10));
}

TEST(LogCareTest, WhenNothingIsLeftItLooksAgainAfterAMinute) {
    ManualClock clock(from_epoch_ms(1000));
    OldLogs logs(clock, 10);
    LogCare care(clock, logs, 1);
    for (int i = 0; i < 50; ++i) {
        care.each_second();
        clock.advance(std::chrono::seconds(1));
    }
    EXPECT_EQ(logs.asked, 1);
}

}  // namespace
}  // namespace holdpoint::server
