// Content: what becomes of it, and how long it waits.
#include "approvals/use_cases/content_moderation/content.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdpoint::approvals {
namespace {

using ::testing::HasSubstr;

TEST(Content, OnlyADecisionPublishesAndOnlyWhatIsUrgentExpires) {
    for (const bool urgent : {false, true}) {
        EXPECT_EQ(state_after(ApprovalStatus::approved, urgent), ContentState::published);
        EXPECT_EQ(state_after(ApprovalStatus::rejected, urgent), ContentState::removed);
        EXPECT_EQ(state_after(ApprovalStatus::pending, urgent), ContentState::held);
    }
    EXPECT_EQ(state_after(ApprovalStatus::timeout, true), ContentState::removed);
    EXPECT_EQ(state_after(ApprovalStatus::timeout, false), ContentState::held);
}

TEST(Content, WhatIsUrgentHasItsOwnTimeout) {
    ModerationRules rules;
    rules.moderators = *parse_approvers("may");
    rules.urgent_timeout_seconds = 60;
    Content content{.content_id = "c",
                    .title = "A threat",
                    .author = "w",
                    .reason = "r",
                    .excerpt = {},
                    .link = {},
                    .timeout_seconds = {}};
    EXPECT_EQ(make_request(content, rules).timeout_seconds, std::nullopt);
    EXPECT_EQ(make_request(content, rules).kind, ApprovalKind::content);
    EXPECT_EQ(make_request(content, rules).fields.at(0), (DocumentField{.name = "Reason", .value = "r"}));
    EXPECT_EQ(make_request(content, rules).fields.at(2).value, "it stays held");
    content.urgent = true;
    EXPECT_EQ(make_request(content, rules).fields.at(2).value, "it is removed");
    EXPECT_EQ(make_request(content, rules).timeout_seconds, 60);
    EXPECT_EQ(make_request(content, rules).document_name, "Urgent: A threat");
    content.timeout_seconds = 7;
    EXPECT_EQ(make_request(content, rules).timeout_seconds, 7);
}

TEST(Content, EventsAreReadStrictly) {
    const std::pair<std::string, std::string> cases[] = {
        {R"("title":"t","author":"w","reason":"r")", "content_id: expected text"},
        {R"("content_id":"c","title":"t","author":"w")",
         "reason: expected text of 1 to 900 characters, found nothing."},
        {R"("content_id":"c","title":"t","author":"w","reason":"r","urgent":"yes")", "urgent: expected true or false"},
        {R"("content_id":"c","title":"t","author":"w","reason":"r","state":"published")", "found 'state'."},
        {R"("content_id":"c","title":"t","author":"w","reason":"r","link":"ftp://x")", "link: expected an http"},
        {R"("content_id":"c","title":"t","author":"w","reason":"r","timeout_seconds":61)",
         "timeout_seconds: expected a whole number from 1 to 60, found 61."},
    };
    for (const auto& [members, problem] : cases) {
        const auto content = read_content(durable::Json::parse("{" + members + "}"), 60);
        ASSERT_FALSE(content) << members;
        EXPECT_EQ(content.error().name, "InvalidEvent");
        EXPECT_THAT(content.error().message, HasSubstr(problem));
    }
}

TEST(Content, AnExcerptMayHaveLines) {
    const auto content = read_content(
        durable::Json::parse(
            R"({"content_id":"c","title":"t","author":"w","reason":"r","excerpt":"One line,\n\tanother."})"),
        60);
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(content->excerpt, "One line,\n\tanother.");
}

}  // namespace
}  // namespace holdpoint::approvals
