#include "api/logs/logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>

namespace holdpoint::api {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kArn = "arn:aws:logs:us-east-1:000000000000:log-group:";

class LogsTest : public ::testing::Test {
protected:
    LogsTest()
        : path_(std::filesystem::temp_directory_path() / ("logs-api-" + std::to_string(::getpid()) + ".db")),
          clock_(from_epoch_ms(1'800'000'000'000)),
          random_(1),
          store_(store::make_memory_store()),
          writer_(clock_, *store_) {
        remove();
        logs_ = store::open_log_store(path_);
        service_ = make_logs_service({.clock = clock_, .random = random_, .store = *store_, .writer = writer_}, *logs_);
    }
    ~LogsTest() override {
        logs_.reset();
        remove();
    }
    void remove() const {
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    }

    net::Response send(const std::string& name, const json::object& body, const std::string& role = "") {
        net::Response answer;
        service_->handle(
            {.request = {.method = "POST",
                         .target = "/",
                         .headers = {{"X-Amz-Target", "Logs_20140328." + name}},
                         .body = json::serialize(body)},
             .caller = {.account = "000000000000", .arn = "arn:me", .user_id = "u", .role_name = role},
             .authorize = [this](const std::string& action, const std::string& resource, const auto&) -> Result<void> {
                 asked_.push_back(action + " " + resource);
                 return {};
             },
             .request_id = "r",
             .respond = [&](net::Response response) { answer = std::move(response); }});
        return answer;
    }
    json::value ok(const std::string& name, const json::object& body, const std::string& role = "") {
        const net::Response answer = send(name, body, role);
        EXPECT_EQ(answer.status, 200) << name << ' ' << answer.body;
        return json::parse(answer.body);
    }
    std::string refused(const std::string& name, const json::object& body, const std::string& role = "") {
        const net::Response answer = send(name, body, role);
        EXPECT_EQ(answer.status, 400) << name << ' ' << answer.body;
        return answer.body;
    }
    void put(const std::string& stream, std::vector<std::string> messages) {
        if (!logs_->has_stream("g", stream)) logs_->create_stream("g", stream, clock_.now());
        json::array events;
        for (auto& message : messages) {
            events.push_back({{"timestamp", ++at_}, {"message", std::move(message)}});
        }
        ok("PutLogEvents", {{"logGroupName", "g"}, {"logStreamName", stream}, {"logEvents", std::move(events)}});
    }

    /// More than one request may bring.
    void keep(const std::vector<std::string>& messages) {
        for (const std::string& message : messages) {
            const TimePoint at = from_epoch_ms(++at_);
            logs_->append("g", "s", {{.stream = "s", .at = at, .ingested_at = at, .message = message}});
        }
    }

    std::string path_;
    ManualClock clock_;
    SeededRandom random_;
    std::unique_ptr<store::Store> store_;
    engine::Writer writer_;
    std::unique_ptr<store::LogStore> logs_;
    std::unique_ptr<Service> service_;
    std::vector<std::string> asked_;
    std::int64_t at_ = 1'800'000'000'000;
};

const json::object kGroup{{"logGroupName", "g"}};
const json::object kStream{{"logGroupName", "g"}, {"logStreamName", "s"}};

TEST_F(LogsTest, WhatIsDoneWithAStreamIsAskedAboutTheStream) {
    ok("CreateLogGroup", kGroup);
    ok("CreateLogStream", kStream);
    put("s", {"a"});
    ok("GetLogEvents", kStream);
    ok("FilterLogEvents", kGroup);
    ok("DescribeLogStreams", kGroup);
    ok("DescribeLogGroups", {});
    const std::string group = std::string(kArn) + "g:";
    EXPECT_THAT(
        asked_,
        ElementsAre("logs:CreateLogGroup " + group + "*", "logs:CreateLogStream " + group + "log-stream:s",
                    "logs:PutLogEvents " + group + "log-stream:s", "logs:GetLogEvents " + group + "log-stream:s",
                    "logs:FilterLogEvents " + group + "*", "logs:DescribeLogStreams " + group + "*",
                    "logs:DescribeLogGroups " + std::string(kArn) + "*:*"));
}

TEST_F(LogsTest, NamesAreAsTheModelSays) {
    ok("CreateLogGroup", kGroup);
    ok("CreateLogGroup", {{"logGroupName", "/aws/lambda/a.b-c_d#E9"}});
    ok("CreateLogGroup", {{"logGroupName", std::string(512, 'a')}});
    for (const std::string& name : {std::string("a b"), std::string("a*"), std::string("a:log-stream:b"),
                                    std::string("\xc3\xa9"), std::string("a\n"), std::string(513, 'a')}) {
        EXPECT_THAT(refused("CreateLogGroup", {{"logGroupName", name}}), HasSubstr("InvalidParameterException"));
    }
    for (const std::string& name : {std::string("a:b"), std::string("a*"), std::string(513, 'a')}) {
        const json::object stream{{"logGroupName", "g"}, {"logStreamName", name}};
        EXPECT_THAT(refused("CreateLogStream", stream), HasSubstr("InvalidParameterException"));
        json::object events = stream;
        events["logEvents"] = {{{"timestamp", 1}, {"message", "m"}}};
        EXPECT_THAT(refused("PutLogEvents", events), HasSubstr("InvalidParameterException"));
    }
}

TEST_F(LogsTest, TheServersOwnGroupsAreOnlyReadByRoles) {
    const json::object outbox{{"logGroupName", "/holdpoint/outbox"}};
    json::object stream = outbox;
    stream["logStreamName"] = "s";
    json::object events = stream;
    events["logEvents"] = {{{"timestamp", at_}, {"message", "m"}}};
    json::object days = outbox;
    days["retentionInDays"] = 1;
    EXPECT_THAT(refused("CreateLogGroup", outbox, "role"), HasSubstr("AccessDeniedException"));
    ok("CreateLogGroup", outbox);
    ok("CreateLogStream", stream);
    ok("PutLogEvents", events);
    EXPECT_THAT(refused("CreateLogStream", stream, "role"), HasSubstr("AccessDeniedException"));
    EXPECT_THAT(refused("PutLogEvents", events, "role"), HasSubstr("arn:me is not authorized to perform"));
    EXPECT_THAT(refused("PutRetentionPolicy", days, "role"), HasSubstr("AccessDeniedException"));
    EXPECT_THAT(refused("DeleteRetentionPolicy", outbox, "role"), HasSubstr("AccessDeniedException"));
    EXPECT_THAT(refused("DeleteLogGroup", outbox, "role"), HasSubstr("AccessDeniedException"));
    json::object by_arn{{"logGroupIdentifier", std::string(kArn) + "/holdpoint/outbox:*"}};
    EXPECT_EQ(ok("FilterLogEvents", by_arn, "role").at("events").as_array().size(), 1U);
    EXPECT_EQ(ok("GetLogEvents", stream, "role").at("events").as_array().size(), 1U);
}

TEST_F(LogsTest, TheLatestTimeThereIsIsAnEnd) {
    ok("CreateLogGroup", kGroup);
    put("s", {"a"});
    json::object query = kStream;
    query["endTime"] = INT64_MAX;
    EXPECT_EQ(ok("GetLogEvents", query).at("events").as_array().size(), 1U);
    query.erase("logStreamName");
    EXPECT_EQ(ok("FilterLogEvents", query).at("events").as_array().size(), 1U);
}

std::vector<std::size_t> sizes_of(const json::value& page) {
    std::vector<std::size_t> sizes;
    for (const json::value& event : page.at("events").as_array())
        sizes.push_back(event.at("message").as_string().size());
    return sizes;
}

TEST_F(LogsTest, APageHoldsAMegabyte) {
    constexpr std::size_t kHalf = (std::size_t{1} << 20) / 2 - 26;
    ok("CreateLogGroup", kGroup);
    keep({std::string(kHalf, 'a'), std::string(kHalf, 'b'), "c", std::string(2 << 20, 'd'), "e"});
    json::object query = kGroup;
    std::vector<std::vector<std::size_t>> pages;
    while (true) {
        const json::value page = ok("FilterLogEvents", query);
        pages.push_back(sizes_of(page));
        if (!page.as_object().contains("nextToken")) break;
        query["nextToken"] = page.at("nextToken");
    }
    EXPECT_THAT(pages, ElementsAre(ElementsAre(kHalf, kHalf), ElementsAre(1), ElementsAre(2 << 20), ElementsAre(1)));
}

TEST_F(LogsTest, EventsOfAStreamComeByTheMegabyteBothWays) {
    const std::string third(std::size_t{400} << 10, 'x');
    ok("CreateLogGroup", kGroup);
    keep({third, third, third, third, third});
    json::object query = kStream;
    const json::value last = ok("GetLogEvents", query);
    EXPECT_EQ(last.at("events").as_array().size(), 2U);
    EXPECT_EQ(last.at("events").at(1).at("timestamp"), at_) << "the latest, without startFromHead";
    query["nextToken"] = last.at("nextBackwardToken");
    EXPECT_EQ(ok("GetLogEvents", query).at("events").at(1).at("timestamp"), at_ - 2);
    query["nextToken"] = nullptr;
    query["startFromHead"] = true;
    std::vector<std::size_t> counts;
    while (true) {
        const json::value page = ok("GetLogEvents", query);
        if (page.at("events").as_array().empty()) break;
        counts.push_back(page.at("events").as_array().size());
        query["nextToken"] = page.at("nextForwardToken");
    }
    EXPECT_THAT(counts, ElementsAre(2, 2, 1));
}

std::vector<std::string> messages_of(const json::value& page) {
    std::vector<std::string> messages;
    for (const json::value& event : page.at("events").as_array())
        messages.emplace_back(event.at("message").as_string());
    return messages;
}

TEST_F(LogsTest, WhoTurnsAroundAtAnEndMissesNothing) {
    ok("CreateLogGroup", kGroup);
    keep({"a", "b", "c"});
    json::object query = kStream;
    query["limit"] = 2;
    query["startFromHead"] = true;
    const auto page = [&](const json::value& token) {
        query["nextToken"] = token;
        return ok("GetLogEvents", query);
    };
    const json::value first = page(nullptr);
    const json::value before = page(first.at("nextBackwardToken"));
    EXPECT_THAT(messages_of(before), ElementsAre());
    EXPECT_EQ(before.at("nextBackwardToken"), first.at("nextBackwardToken"));
    EXPECT_THAT(messages_of(page(before.at("nextForwardToken"))), ElementsAre("a", "b"));
    const json::value last = page(first.at("nextForwardToken"));
    const json::value after = page(last.at("nextForwardToken"));
    EXPECT_THAT(messages_of(after), ElementsAre());
    EXPECT_EQ(after.at("nextForwardToken"), last.at("nextForwardToken"));
    EXPECT_THAT(messages_of(page(after.at("nextBackwardToken"))), ElementsAre("b", "c"));
}

constexpr std::int64_t kHour = 3'600'000;

/// An event for each time, relative to now.
json::object batch_at(const ManualClock& clock, const std::vector<std::int64_t>& times) {
    json::array events;
    for (const std::int64_t time : times) {
        events.push_back({{"timestamp", to_epoch_ms(clock.now()) + time}, {"message", "m"}});
    }
    json::object request = kStream;
    request["logEvents"] = std::move(events);
    return request;
}

TEST_F(LogsTest, ABatchKeepsWithinTheBoundsOfAws) {
    ok("CreateLogGroup", kGroup);
    ok("CreateLogStream", kStream);
    EXPECT_THAT(refused("PutLogEvents", batch_at(clock_, {0, -1})), HasSubstr("chronological order"));
    EXPECT_THAT(refused("PutLogEvents", batch_at(clock_, {-25 * kHour, 0})), HasSubstr("span more than 24 hours"));
    EXPECT_THAT(refused("PutLogEvents", batch_at(clock_, std::vector<std::int64_t>(10001))), HasSubstr("10000"));
    ok("PutLogEvents", batch_at(clock_, std::vector<std::int64_t>(10000)));
    json::object large = batch_at(clock_, {0, 0});
    large["logEvents"].at(0).at("message") = std::string((1 << 20) - 2 * 26, 'x');
    EXPECT_THAT(refused("PutLogEvents", large), HasSubstr("Upload too large: 1048577 bytes exceeds limit of 1048576"));
    large["logEvents"].at(0).at("message") = std::string((1 << 20) - 2 * 26 - 1, 'x');
    ok("PutLogEvents", large);
    large["logEvents"].at(0).at("message") = "";
    EXPECT_THAT(refused("PutLogEvents", large), HasSubstr("not empty"));
}

TEST_F(LogsTest, EventsTooOldOrTooNewAreLeftOutAndNamed) {
    constexpr std::int64_t kDay = 24 * kHour;
    ok("CreateLogGroup", kGroup);
    ok("CreateLogStream", kStream);
    const auto put_at = [&](const std::vector<std::int64_t>& times) {
        return ok("PutLogEvents", batch_at(clock_, times)).as_object();
    };
    EXPECT_FALSE(put_at({-14 * kDay, -13 * kDay}).contains("rejectedLogEventsInfo"));
    EXPECT_FALSE(put_at({0, 2 * kHour}).contains("rejectedLogEventsInfo"));
    EXPECT_EQ(put_at({-14 * kDay - 1, -14 * kDay}).at("rejectedLogEventsInfo"),
              (json::object{{"tooOldLogEventEndIndex", 1}}));
    EXPECT_EQ(put_at({0, 2 * kHour, 2 * kHour + 1}).at("rejectedLogEventsInfo"),
              (json::object{{"tooNewLogEventStartIndex", 2}}));
    EXPECT_EQ(ok("FilterLogEvents", kGroup).at("events").as_array().size(), 2 + 2 + 1 + 2U);
    json::object days = kGroup;
    days["retentionInDays"] = 3;
    ok("PutRetentionPolicy", days);
    EXPECT_EQ(put_at({-3 * kDay - 1, -3 * kDay}).at("rejectedLogEventsInfo"),
              (json::object{{"expiredLogEventEndIndex", 1}}));
    EXPECT_EQ(put_at({-15 * kDay}).at("rejectedLogEventsInfo"),
              (json::object{{"tooOldLogEventEndIndex", 1}, {"expiredLogEventEndIndex", 1}}));
}

TEST_F(LogsTest, AStreamIsCreatedBeforeEventsArePutThere) {
    ok("CreateLogGroup", kGroup);
    const auto is_not_there =
        HasSubstr(R"("__type":"ResourceNotFoundException","message":"The specified log stream does not exist.")");
    EXPECT_THAT(refused("GetLogEvents", kStream), is_not_there);
    EXPECT_THAT(refused("PutLogEvents", batch_at(clock_, {0})), is_not_there);
    json::object query = kGroup;
    query["logStreamNames"] = json::array{kStream.at("logStreamName")};
    EXPECT_THAT(refused("FilterLogEvents", query), is_not_there);
    ok("CreateLogStream", kStream);
    ok("PutLogEvents", batch_at(clock_, {0}));
    EXPECT_EQ(ok("GetLogEvents", kStream).at("events").as_array().size(), 1U);
}

TEST_F(LogsTest, NoMoreStreamsAreNamedThanTheModelSays) {
    ok("CreateLogGroup", kGroup);
    json::object query = kGroup;
    query["logStreamNames"] = json::array(101, "a");
    EXPECT_THAT(refused("FilterLogEvents", query), HasSubstr("logStreamNames"));
}

}  // namespace
}  // namespace holdpoint::api
