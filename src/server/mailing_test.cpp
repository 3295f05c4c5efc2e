// Where mail goes that no mail server takes.
#include "server/mailing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <future>

#include "store/store.hpp"

namespace holdpoint::server {
namespace {

using ::testing::HasSubstr;

class MailingTest : public ::testing::Test {
protected:
    std::string folder = ::testing::TempDir() + "mailing-" + std::to_string(::getpid());
    void SetUp() override { std::filesystem::create_directories(folder); }
    void TearDown() override { std::filesystem::remove_all(folder); }

    std::unique_ptr<store::LogStore> logs() const { return store::open_log_store(folder + "/logs.db"); }
    static std::vector<std::string> kept(const store::LogStore& logs) {
        std::vector<std::string> messages;
        for (const auto& event : logs.events({.group = std::string(kOutboxGroup)})) messages.push_back(event.message);
        return messages;
    }
    mail::Mail mail_to(const std::string& address) const {
        return {.from = "h@x",
                .from_name = {},
                .to = address,
                .subject = "s",
                .text = "t",
                .unsubscribe_url = {},
                .id = "1",
                .at = now};
    }

    const TimePoint now = from_epoch_ms(1'795'694'400'000);
};

TEST_F(MailingTest, IsTheOutboxWhereThereIsNoMailServer) {
    const auto outbox = logs();
    const auto send = make_mailing({.data = folder}, *outbox, now);
    EXPECT_EQ(outbox->groups(kOutboxGroup, "", 1).front().retention_days, 30);
    topics::Delivery delivery;
    delivery.topic_arn = "arn:t";
    delivery.attributes = {{"recipient", {"String", "ann k"}}, {"photo", {"Binary", "\xff"}}, {"n", {"Number", "1"}}};
    EXPECT_TRUE(send(mail_to("Ann@Example.com"), delivery).accepted);
    EXPECT_EQ(kept(*outbox), std::vector<std::string>{
                                 R"({"to":"ann@example.com","subject":"s","text":"t","at":"2026-11-26T12:00:00.000Z",)"
                                 R"("topic_arn":"arn:t","attributes":{"n":"1","recipient":"ann k"}})"});
    const auto again = make_mailing({.data = folder, .smtp_url = "smtp://mail", .mail_from = "h@x"}, *outbox, now);
    EXPECT_EQ(kept(*outbox).size(), 1U) << "what was kept stays";
}

TEST_F(MailingTest, WhatTheMailServerDoesNotTakeIsInTheLogWithItsReasonAndNobodysAddress) {
    const auto outbox = logs();
    // Nobody can listen on port 0.
    const auto send =
        make_mailing({.data = folder, .smtp_url = "smtp://127.0.0.1:0", .mail_from = "h@x"}, *outbox, now);
    topics::Delivery delivery;
    delivery.topic_arn = "arn:t";
    delivery.subscription_id = "sub";
    delivery.message_id = "m";
    delivery.failures = 2;
    const auto logged = [&](const std::string& address) {
        ::testing::internal::CaptureStderr();
        EXPECT_FALSE(send(mail_to(address), delivery).accepted);
        return ::testing::internal::GetCapturedStderr();
    };
    EXPECT_THAT(logged("ann@example.com"),
                HasSubstr(" warn holdpoint: a mail was not taken subscription=arn:t:sub message_id=m "
                          "tries=3 why=\"cannot connect to 127.0.0.1:0: "));
    EXPECT_THAT(logged("ann @example.com"),
                HasSubstr("a mail was refused and is given up subscription=arn:t:sub message_id=m tries=3 "
                          "why=\"the recipient is no address that mail can go to\""));
}

TEST_F(MailingTest, MailsOfEarlierVersionsMoveToTheOutbox) {
    const auto outbox = logs();
    const auto store = store::make_memory_store();
    const ManualClock clock(now);
    engine::Writer writer(clock, *store);
    writer.submit([](store::Transaction& rows, TimePoint) -> engine::AfterCommit {
        rows.apply(
            {{.space = Space::outbox,
              .key = "1",
              .value = R"({"at":1000,"to":"ann@x","subject":"s","body":"b","topic_arn":"t","message_id":"m"})"}});
        return {};
    });
    move_old_outbox(writer, *outbox);
    std::promise<void> done;
    writer.submit([&](store::Transaction&, TimePoint) -> engine::AfterCommit { return [&] { done.set_value(); }; });
    done.get_future().wait();
    EXPECT_EQ(kept(*outbox),
              std::vector<std::string>{R"({"to":"ann@x","subject":"s","text":"b","at":"1970-01-01T00:00:01.000Z",)"
                                       R"("topic_arn":"t"})"});
    EXPECT_TRUE(store->snapshot()->scan(Space::outbox, "", "", 1).empty());
    writer.stop();
}

}  // namespace
}  // namespace holdpoint::server
