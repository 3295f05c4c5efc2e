// What an endpoint's answer means for the message that it was sent: taken, to be sent again, or given up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/deliveries.hpp"
#include "topics/deliveries.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

/// Answers with this status to whatever it is sent; 0: not at all.
class Endpoint final : public net::Transport {
public:
    explicit Endpoint(int status) : status_(status) {}
    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                           const net::Timeouts&) override {
        requests.push_back(request);
        if (status_ == 0) return std::unexpected(net::TransportError{.message = "connection refused"});
        return net::Response{.status = status_, .headers = {}, .body = "as it likes"};
    }

    std::vector<net::Request> requests;

private:
    int status_;
};

struct Told {
    std::vector<net::Request> requests;
    std::uint64_t taken = 0;
    std::uint64_t failed = 0;
    std::uint64_t given_up = 0;
    bool is_due_again = false;
};

/// Sends an endpoint the message that asks for its confirmation.
Told tell(int status, const std::string& url = "http://example.com/hook", const topics::Attributes& attributes = {}) {
    const ManualClock clock(from_epoch_ms(1'800'000'000'000));
    const auto store = store::make_memory_store();
    Writer writer(clock, *store, WriterThread::none);
    Endpoint endpoint(status);
    Deliveries deliveries(
        clock, *store, writer, endpoint,
        {.base_url = {},
         .sign = [](std::string_view, auto version) { return version == topics::SignatureVersion::v1 ? "one" : "two"; },
         .signing_cert_url = {}},
        [](const std::string&, const std::string&) { return std::expected<void, std::string>{}; },
        [](const mail::Mail&, const topics::Delivery&) { return mail::Sent{.accepted = true}; }, {.threads = 0});
    const auto run = [&] {
        while (writer.has_queued()) writer.run_queued();
    };
    writer.submit([&](store::Transaction& rows, TimePoint now) -> AfterCommit {
        const auto topic = topics::create_topic(rows, {.region = "r", .account = "1"}, {"t", attributes}, now).value();
        rows.apply(topic.writes);
        const topics::Subscribe request{
            .topic_arn = topic.answer, .protocol = "http", .endpoint = url, .attributes = {}};
        rows.apply(topics::subscribe(rows, request, "1", now, "nonce")->writes);
        return {};
    });
    run();
    deliveries.send_due();
    run();
    deliveries.send_due();  // nothing is due: what failed has its pause
    run();
    return {.requests = endpoint.requests,
            .taken = deliveries.meters().delivered.value(),
            .failed = deliveries.meters().failed.value(),
            .given_up = deliveries.meters().dead.value(),
            .is_due_again = topics::next_delivery_due(*store->snapshot(), topics::Lane::endpoints).has_value()};
}

TEST(EndpointAnswers, SuccessIsAnyStatusOfTheTwoHundreds) {
    for (const int status : {200, 204, 299}) {
        const Told told = tell(status);
        EXPECT_EQ(told.taken, 1U) << status;
        EXPECT_EQ(told.failed, 0U) << status;
        EXPECT_FALSE(told.is_due_again) << status;
    }
}

TEST(EndpointAnswers, WhatMayPassIsTriedAgainAfterAPause) {
    for (const int status : {0, 301, 429, 500, 503}) {
        const Told told = tell(status);
        EXPECT_EQ(told.requests.size(), 1U) << status;
        EXPECT_EQ(told.taken, 0U) << status;
        EXPECT_EQ(told.failed, 1U) << status;
        EXPECT_EQ(told.given_up, 0U) << status;
        EXPECT_TRUE(told.is_due_again) << status;
    }
}

TEST(EndpointAnswers, WhoDoesNotWantItIsNotSentItAgain) {
    for (const int status : {400, 403, 404, 410, 499}) {
        const Told told = tell(status);
        EXPECT_EQ(told.taken, 0U) << status;
        EXPECT_EQ(told.failed, 1U) << status;
        EXPECT_EQ(told.given_up, 1U) << status;
        EXPECT_FALSE(told.is_due_again) << status;
    }
}

TEST(EndpointAnswers, ANameAndPasswordInTheAddressAreSentAsBasicAuthentication) {
    EXPECT_THAT(tell(200, "http://ann:secret@example.com/hook").requests.at(0).headers,
                Contains(Pair("Authorization", "Basic YW5uOnNlY3JldA==")));
}

TEST(EndpointAnswers, AMessageIsSignedAsItsTopicWantsIt) {
    const auto body_of = [](const topics::Attributes& attributes) {
        return tell(200, "http://example.com/hook", attributes).requests.at(0).body;
    };
    EXPECT_THAT(body_of({}), HasSubstr(R"("SignatureVersion":"2","Signature":"two")"));
    EXPECT_THAT(body_of({{"SignatureVersion", "1"}}), HasSubstr(R"("SignatureVersion":"1","Signature":"one")"));
}

}  // namespace
}  // namespace holdpoint::engine
