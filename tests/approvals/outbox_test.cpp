// The outbox: who finds which message, whatever the service answers.
#include "approvals/repository/outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A log group that is read without a filter.
class FakeLogs final : public net::Transport {
public:
    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                           const net::Timeouts&) override {
        asked = request.body;
        boost::json::array events;
        for (const auto& entry : entries)
            events.push_back({{"logStreamName", stream}, {"message", boost::json::serialize(entry)}});
        const boost::json::object page{{"events", std::move(events)}};
        return net::Response{.status = 200, .headers = {}, .body = boost::json::serialize(page)};
    }
    std::vector<boost::json::object> entries;
    std::string stream = "mail";
    std::string asked;
};

class OutboxTest : public ::testing::Test {
protected:
    /// The texts, the newest first.
    std::vector<std::string> found(const std::string& person, std::size_t limit = 100) {
        const auto messages =
            read_outbox(client, {.topics = {"arn:main", "arn:mail"}, .person = person, .limit = limit});
        std::vector<std::string> texts;
        for (const auto& message : messages.value().value()) texts.push_back(message.text);
        return texts;
    }

    FakeLogs logs;
    ManualClock clock{from_epoch_ms(1'795'694'400'000)};
    SeededRandom random{1};
    aws::Client client{configuration_of_tests(), logs, clock, random};
};

TEST_F(OutboxTest, PeopleFindWhatIsForThemByNameAndByAddress) {
    logs.entries = {
        {{"to", "vk@x"}, {"text", "personal"}, {"topic_arn", "arn:mail"}, {"attributes", {{"recipient", "vera k"}}}},
        {{"to", "vk@x"}, {"text", "question"}, {"topic_arn", "arn:mail"}},
        {{"to", "ann@x"}, {"text", "another's"}, {"topic_arn", "arn:mail"}, {"attributes", {{"recipient", "ann"}}}},
        {{"to", "ann@x"}, {"text", "odd"}, {"topic_arn", "arn:mail"}, {"attributes", {{"recipient", 7}}}},
    };
    EXPECT_THAT(found("Vera  K"), ElementsAre("personal"));
    EXPECT_THAT(logs.asked, HasSubstr(R"({ $.to = \"vera k\" || $.attributes.recipient = \"vera k\" })"));
    EXPECT_THAT(logs.asked, HasSubstr(R"("logStreamNamePrefix":"mail")"));
    EXPECT_THAT(found("VK@x"), ElementsAre("question", "personal"));
    EXPECT_THAT(found(""), ElementsAre("odd", "another's", "question", "personal"));
    EXPECT_THAT(found("", 1), ElementsAre("odd"));
    EXPECT_THAT(found("k"), IsEmpty());
    // What would mean more in a filter than itself is looked for here alone.
    for (const std::string person : {"*", R"(" || $.to = "*)"}) {
        EXPECT_THAT(found(person), IsEmpty());
        EXPECT_THAT(logs.asked, Not(HasSubstr("filterPattern")));
    }
}

TEST_F(OutboxTest, WhatOthersWroteIsNoMail) {
    logs.entries = {{{"to", "ann@x"}, {"text", "forged"}, {"topic_arn", "arn:mail"}}};
    EXPECT_THAT(found("ann@x"), ElementsAre("forged"));
    logs.stream = "mailbox";
    EXPECT_THAT(found("ann@x"), IsEmpty());
}

TEST_F(OutboxTest, TheyFindWhatIsOfTheirStackAndWhatEarlierVersionsKept) {
    logs.entries = {
        {{"to", "ann@x"}, {"text", "kept by an earlier version"}},
        {{"to", "ann@x"}, {"text", "main"}, {"topic_arn", "arn:main"}},
        {{"to", "ann@x"}, {"text", "of another stack"}, {"topic_arn", "arn:other-mail"}},
        {{"to", "x@x"}, {"text", "and its name"}, {"topic_arn", "arn:o"}, {"attributes", {{"recipient", "ann@x"}}}},
    };
    for (const std::string person : {"", "Ann@x"})
        EXPECT_THAT(found(person), ElementsAre("main", "kept by an earlier version"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
