#include "core/history_page.hpp"

#include <gtest/gtest.h>

#include "base/overlay_rows.hpp"
#include "core/rows.hpp"

namespace holdpoint::core {
namespace {

namespace json = boost::json;

/// Tells how many rows were read, all together and at once.
class CountingRows final : public RowReader {
public:
    explicit CountingRows(const RowReader& rows) : rows_(rows) {}
    std::optional<std::string> get(Space space, std::string_view key) const override { return rows_.get(space, key); }
    std::vector<Row> scan(Space space, std::string_view from, std::string_view to, std::size_t limit,
                          bool reverse) const override {
        auto found = rows_.scan(space, from, to, limit, reverse);
        read += found.size();
        largest = std::max(largest, found.size());
        return found;
    }
    mutable std::size_t read = 0;
    mutable std::size_t largest = 0;  // of one scan

private:
    const RowReader& rows_;
};

/// An execution with events that are numbered from 1: its start, then a step's start and end for each two.
class HistoryPageTest : public ::testing::Test {
protected:
    HistoryPageTest() {
        head_.number = 7;
        Change started;
        started.kind = ChangeKind::execution_started;
        started.payload = "{}";
        write({started});
    }

    void write(const std::vector<Change>& changes) {
        journal_.write({{Space::journal, journal_key(7, entries_++), encode_changes(changes)}});
    }
    static Change step(ChangeKind kind, int number, const std::string& payload = {}) {
        Change change;
        change.kind = kind;
        change.id = std::to_string(number);
        if (kind == ChangeKind::started) change.definition.emplace().name = "step-" + change.id;
        if (kind == ChangeKind::succeeded) change.payload = payload;
        return change;
    }
    void write_steps(int count, const std::string& payload = {}) {
        for (int i = 0; i < count; ++i) {
            write({step(ChangeKind::started, i)});
            write({step(ChangeKind::ready, i)});  // an entry without an event
            write({step(ChangeKind::succeeded, i, payload)});
        }
    }

    /// The ids of all pages, each with the same index, or each with a new one.
    std::vector<std::vector<std::uint64_t>> pages(HistoryRequest request, bool same_index = true) {
        std::vector<std::vector<std::uint64_t>> all;
        HistoryIndex index(7);
        do {
            if (!same_index) index = HistoryIndex(7);
            const auto page = history_page(rows_, head_, index, request);
            all.emplace_back();
            for (const auto& event : page.value().events)
                all.back().push_back(json::parse(event).at("EventId").to_number<std::uint64_t>());
            request.first = page->next;
        } while (request.first);
        return all;
    }

    Head head_;
    NoRows nothing_;
    OverlayRows journal_{nothing_};
    CountingRows rows_{journal_};
    std::uint64_t entries_ = 0;
};

TEST_F(HistoryPageTest, PagesFollowEachOtherInBothDirections) {
    write_steps(3);
    using Pages = std::vector<std::vector<std::uint64_t>>;
    for (const bool same_index : {true, false}) {
        EXPECT_EQ(pages({.first = {}, .count = 3}, same_index), (Pages{{1, 2, 3}, {4, 5, 6}, {7}}));
        EXPECT_EQ(pages({.first = {}, .count = 3, .reverse = true}, same_index), (Pages{{7, 6, 5}, {4, 3, 2}, {1}}));
    }
    EXPECT_EQ(pages({.first = {}, .count = 7}).size(), 1U);
    EXPECT_EQ(pages({.first = {}, .count = 7, .reverse = true}).size(), 1U);
    EXPECT_EQ(pages({.first = 5, .count = 9}), (Pages{{5, 6, 7}}));
    HistoryIndex index(7);
    EXPECT_FALSE(history_page(rows_, head_, index, {.first = 8}).has_value());
    EXPECT_FALSE(history_page(rows_, head_, index, {.first = 0, .reverse = true}).has_value());
    write({step(ChangeKind::started, 3)});
    EXPECT_TRUE(history_page(rows_, head_, index, {.first = 8}).has_value()) << "it goes on meanwhile";
    const auto page = history_page(rows_, head_, index, {.first = 7}).value();
    EXPECT_EQ(json::parse(page.events.at(0)).at("Name").as_string(), "step-2") << "the name is in an entry before";
}

TEST_F(HistoryPageTest, APageMayBeginAndEndWithinWhatHappenedAtOnce) {
    for (int i = 0; i < 2; ++i) write({step(ChangeKind::started, i), step(ChangeKind::succeeded, i)});
    using Pages = std::vector<std::vector<std::uint64_t>>;
    EXPECT_EQ(pages({.first = {}, .count = 2}), (Pages{{1, 2}, {3, 4}, {5}}));
    EXPECT_EQ(pages({.first = {}, .count = 2, .reverse = true}), (Pages{{5, 4}, {3, 2}, {1}}));
}

TEST_F(HistoryPageTest, AnAttemptThatFailedLeavesItsErrorAlsoWhenAnotherFollows) {
    Change failed = step(ChangeKind::retried, 0);
    failed.error = wire::ErrorObject{.message = "no", .type = "Bad", .data = {}, .stack_trace = {}};
    failed.seconds = 7;
    write({step(ChangeKind::started, 0), failed});
    HistoryIndex index(7);
    const auto event = json::parse(history_page(rows_, head_, index, {.first = 3}).value().events.at(0));
    EXPECT_EQ(event.at("EventType"), "StepFailed");
    const auto& details = event.at("StepFailedDetails").as_object();
    EXPECT_EQ(details.at("Error").at("Payload").at("ErrorType"), "Bad");
    EXPECT_FALSE(details.contains("Result"));
    EXPECT_EQ(details.at("RetryDetails").at("NextAttemptDelaySeconds").to_number<int>(), 7);
}

// Each page read the whole journal, twice: the 61 pages of 6,001 events took 14 seconds.
TEST_F(HistoryPageTest, APageReadsWhatItShows) {
    constexpr std::size_t kEntries = 901;
    write_steps(300);
    for (const bool reverse : {false, true}) {
        rows_.read = 0;
        EXPECT_EQ(pages({.first = {}, .count = 30, .reverse = reverse}).size(), 21U);
        EXPECT_LE(rows_.read, kEntries * (reverse ? 2 : 1) + 21 * 20UL) << reverse;
    }
    rows_.read = 0;
    HistoryIndex index(7);
    (void)history_page(rows_, head_, index, {.first = {}, .count = 10});
    EXPECT_LE(rows_.read, 32U);
}

TEST_F(HistoryPageTest, APageIsNotTooLargeForAnAnswer) {
    write_steps(40, std::string(512UL * 1024, 'x'));
    std::size_t events = 0;
    HistoryIndex index(7);
    HistoryRequest request;
    do {
        const auto page = history_page(rows_, head_, index, request).value();
        std::size_t bytes = 0;
        for (const std::string& event : page.events) bytes += event.size();
        EXPECT_LE(bytes, 5'300'000U);
        EXPECT_GT(page.events.size(), 4U);
        events += page.events.size();
        request.first = page.next;
    } while (request.first);
    EXPECT_EQ(events, 81U);
    EXPECT_EQ(pages({.first = {}, .with_data = false}).size(), 1U) << "what is not shown does not count";
    // One event that is larger comes alone.
    write({step(ChangeKind::started, 90)});
    write({step(ChangeKind::succeeded, 90, std::string(6UL * 1024 * 1024, 'x'))});
    EXPECT_EQ(pages({.first = 83}), (std::vector<std::vector<std::uint64_t>>{{83}}));
}

// A journal may have 100 MB, which were in memory twice.
TEST_F(HistoryPageTest, ALongJournalIsFoldedAndErasedAPartAtATime) {
    write_steps(50);
    journal_.write(start_writes(head_));
    EXPECT_EQ(load_execution(rows_, 7).value().journal_entries(), 151U);
    journal_.write(erase_writes(rows_, head_));
    EXPECT_LE(rows_.largest, 64U);
    EXPECT_TRUE(journal_.scan(Space::journal, {}, {}, 1, false).empty());
    EXPECT_TRUE(continue_erasing(rows_).empty());
}

TEST_F(HistoryPageTest, ErasingLeavesANameThatALaterExecutionHas) {
    Head later = head_;
    later.number = 8;
    journal_.write(start_writes(head_));
    journal_.write(start_writes(later));
    journal_.write(erase_writes(rows_, head_));
    EXPECT_EQ(journal_.get(Space::execution_names, name_key(head_.function, head_.name)), "8");
}

// In one command it kept everybody else waiting for a second.
TEST_F(HistoryPageTest, ALongJournalIsErasedInSlices) {
    const auto left = [this] { return journal_.scan(Space::journal, {}, {}, SIZE_MAX, false).size(); };
    write_steps(400);
    write({step(ChangeKind::started, 500)});
    for (int i = 0; i < 20; ++i) write({step(ChangeKind::succeeded, 500, std::string(200'000, 'x'))});
    const std::size_t all = left();
    journal_.write(start_writes(head_));
    journal_.write(erase_writes(rows_, head_));
    EXPECT_FALSE(read_head(rows_, head_.number)) << "it is gone at once";
    EXPECT_TRUE(journal_.scan(Space::execution_names, {}, {}, 1, false).empty());
    std::vector<std::size_t> gone = {all - left()};
    while (true) {
        const std::size_t before = left();
        const auto writes = continue_erasing(rows_);
        if (writes.empty()) break;
        journal_.write(writes);
        gone.push_back(before - left());
    }
    EXPECT_EQ(left(), 0U);
    EXPECT_EQ(gone, (std::vector<std::size_t>{512, 512, 192, 6})) << "large entries are fewer at a time";
    EXPECT_TRUE(journal_.scan(Space::meta, {}, {}, 1, false).empty());
}

}  // namespace
}  // namespace holdpoint::core
