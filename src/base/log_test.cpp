// Log lines: one line each, whatever is in them.
#include "base/log.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace holdpoint::log {
namespace {

const TimePoint kAt = from_epoch_ms(1'790'000'000'123);

TEST(Log, TextKeepsFieldsApart) {
    EXPECT_EQ(line(kAt, Level::warn, "request failed",
                   {{"request_id", "a-1"}, {"why", "no \"space\"\nleft"}, {"none", ""}}, Format::text),
              "2026-09-21T14:13:20.123Z warn holdpoint: request failed request_id=a-1 why=\"no \\\"space\\\"\\nleft\" "
              "none=\"\"\n");
}

TEST(Log, NothingInALineSteersTheTerminalThatShowsIt) {
    const std::string steering =
        "\x1b[31m\x7f\xc2\x9b"
        "2J";
    EXPECT_EQ(
        line(kAt, Level::warn, "e", {{"why", steering}, {"name", "\xc3\xa9t\xc3\xa9"}}, Format::text),
        "2026-09-21T14:13:20.123Z warn holdpoint: e why=\"\\u001b[31m\\u007f\\u009b2J\" name=\"\xc3\xa9t\xc3\xa9\"\n");
    EXPECT_EQ(line(kAt, Level::warn, "e", {{"why", steering}}, Format::json),
              R"({"time":"2026-09-21T14:13:20.123Z","level":"warn","event":"e","why":"\u001b[31m\u007f\u009b2J"})"
              "\n");
}

TEST(Log, JsonIsOneObjectInOneLine) {
    const std::string text = line(kAt, Level::error, "it broke", {{"why", "a\nb"}}, Format::json);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    const auto object = boost::json::parse(text).as_object();
    EXPECT_EQ(object.at("time"), "2026-09-21T14:13:20.123Z");
    EXPECT_EQ(object.at("level"), "error");
    EXPECT_EQ(object.at("event"), "it broke");
    EXPECT_EQ(object.at("why"), "a\nb");
}

// A byte that is no text steers terminals that know no UTF-8, and makes the line no JSON.
TEST(Log, WhatIsNoTextIsShownAsText) {
    EXPECT_EQ(line(kAt, Level::warn, "e", {{"why", "\x9b[2J"}}, Format::text),
              "2026-09-21T14:13:20.123Z warn holdpoint: e why=\"\xef\xbf\xbd[2J\"\n");
    EXPECT_EQ(
        line(kAt, Level::warn, "e", {{"why", "\x9b[2J"}}, Format::json),
        "{\"time\":\"2026-09-21T14:13:20.123Z\",\"level\":\"warn\",\"event\":\"e\",\"why\":\"\xef\xbf\xbd[2J\"}\n");
}

TEST(Log, OnlyWhatIsAskedForComesOut) {
    set_up(Level::warn, Format::text);
    EXPECT_FALSE(is_on(Level::info));
    EXPECT_TRUE(is_on(Level::error));
    set_up(Level::info, Format::text);
}

}  // namespace
}  // namespace holdpoint::log
