// Records that cannot be read, because something else wrote them: they hide no other, and are named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "browser.hpp"

namespace holdpoint::approvals::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class UnreadableRecord : public Inbox {
protected:
    void SetUp() override {
        Inbox::SetUp();
        put("approvals",
            R"({"approval_id":{"S":"odd"},"status":{"S":"pending"},"expires_at":{"S":"2026-01-01T00:00:00Z"},
            "created_at":{"S":"2026-01-01T00:00:00Z"},"policy":{"M":{"policy":{"M":{"stages":{"S":"none"}}}}}})");
    }

    void put(const std::string& table, const std::string& item) {
        const auto answer = alone.tables.send({},
                                              {.method = "POST",
                                               .target = "/",
                                               .headers = {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}},
                                               .body = R"({"TableName":")" + table + R"(","Item":)" + item + "}"},
                                              {});
        ASSERT_EQ(answer.value().status, 200) << answer.value().body;
    }
    static std::vector<std::string> ids(const Json& list, std::string_view name) {
        std::vector<std::string> found;
        if (list.find(name) == nullptr) return found;
        for (const Json& one : *list.find(name)->get_if<Json::Array>())
            found.push_back(*one.find("approval_id")->get_if<std::string>());
        return found;
    }
};

TEST_F(UnreadableRecord, TheListHasTheOthersAndNamesIt) {
    const Answer listed = world.api(R"({"action":"list"})");
    EXPECT_EQ(listed.status, 200);
    EXPECT_THAT(ids(listed.body, "approvals"), ElementsAre(id));
    EXPECT_THAT(ids(listed.body, "unreadable"), ElementsAre("odd"));
    EXPECT_THAT(listed.body.find("unreadable")->dump(), HasSubstr("$.document_id is missing"));
    (void)ann.sign_in_as("ann@example.com");
    EXPECT_THAT(ids(ann.json(ann.get("/api/approvals")), "approvals"), ElementsAre(id));
    EXPECT_THAT(ids(ann.json(ann.get("/api/approvals", {{"limit", "1"}, {"order", "urgent"}})), "approvals"),
                ElementsAre(id));
}

TEST_F(UnreadableRecord, WhoAsksForItIsToldWhatIsWrong) {
    const Answer got = world.api(R"({"action":"get","approval_id":"odd"})");
    EXPECT_EQ(got.status, 500);
    EXPECT_EQ(got.text("error.code"), "RECORD_UNREADABLE");
    EXPECT_EQ(got.text("error.message"), "odd: its record cannot be read ($.document_id is missing)");
    (void)ann.sign_in_as("ann@example.com");
    EXPECT_EQ(ann.text(ann.get("/api/approvals/odd"), "error.code"), "RECORD_UNREADABLE");
}

TEST_F(UnreadableRecord, ServiceLevelsAreThoseOfTheOthersAndSaySo) {
    (void)ann.sign_in_as("ann@example.com");
    const Json levels = ann.json(ann.get("/api/service-levels"));
    ASSERT_NE(levels.find("complete"), nullptr) << levels.dump();
    EXPECT_EQ(*levels.find("complete"), Json(Json::Data(false)));
    EXPECT_EQ(levels.find("groups")->get_if<Json::Array>()->size(), 1U);
}

TEST_F(UnreadableRecord, ATrailWithOneIsNamed) {
    put("audit", R"({"approval_id":{"S":")" + id + R"("},"seq":{"N":"3"}})");
    (void)ann.sign_in_as("ann@example.com");
    const HttpAnswer detail = ann.get("/api/approvals/" + id);
    EXPECT_EQ(detail.status, 500);
    EXPECT_THAT(ann.text(detail, "error.message"), HasSubstr(id + ": its audit trail cannot be read"));
}

}  // namespace
}  // namespace holdpoint::approvals::testing
