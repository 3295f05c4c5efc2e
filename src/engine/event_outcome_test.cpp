// What becomes known of an asynchronous invocation that is over.
#include "engine/event_outcome.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "store/store.hpp"
#include "topics/subscriptions.hpp"
#include "topics/topics.hpp"

namespace holdpoint::engine {
namespace {

TEST(DestinationRecord, IsTextWhateverTheFunctionAnswered) {
    EventOutcome outcome;
    outcome.tries = 1;
    outcome.payload = "{}";
    outcome.result.body = "\xff\xfe";
    EXPECT_EQ(boost::json::parse(destination_record(outcome)).at("responsePayload").as_string(), "\uFFFD\uFFFD");
    outcome.result.body = std::string(100, '[') + std::string(100, ']');
    EXPECT_EQ(boost::json::parse(destination_record(outcome)).at("responsePayload").as_string(), outcome.result.body);
}

TEST(DestinationRecord, OfWhatWasNeverInvokedThereIsNoResponse) {
    EventOutcome outcome;
    outcome.payload = "{}";
    outcome.condition = EventCondition::event_age_exceeded;
    const auto record = boost::json::parse(destination_record(outcome)).as_object();
    EXPECT_EQ(record.at("requestContext").at("approximateInvokeCount"), 0);
    EXPECT_FALSE(record.contains("responseContext"));
    EXPECT_FALSE(record.contains("responsePayload"));
}

class DeadLetter : public ::testing::Test {
protected:
    DeadLetter() {
        const auto topic =
            topics::create_topic(*rows_, {.region = "r", .account = "1"}, {"letters", {}}, from_epoch_ms(1000)).value();
        topic_ = topic.answer;
        rows_->apply(topic.writes);
        const topics::Subscribe request{.topic_arn = topic_,
                                        .protocol = "lambda",
                                        .endpoint = "arn:aws:lambda:us-east-1:000000000000:function:f",
                                        .attributes = {}};
        rows_->apply(topics::subscribe(*rows_, request, "1", from_epoch_ms(1000), "nonce")->writes);
    }

    /// Of an event that failed for this reason.
    std::string error_message(const std::string& why) const {
        EventOutcome outcome;
        outcome.request_id = "id";
        outcome.payload = "{}";
        outcome.result.error = wire::ErrorObject{.message = why, .type = {}, .data = {}, .stack_trace = {}};
        const auto writes = publish_dead_letter(*rows_, topic_, outcome, "another nonce");
        for (const RowWrite& write : writes.value()) {
            if (write.space != Space::deliveries) continue;
            return topics::decode_delivery(write.value.value()).attributes.at("ErrorMessage").value;
        }
        return "no message";
    }

    std::unique_ptr<store::Store> store_ = store::make_memory_store();
    std::unique_ptr<store::Transaction> rows_ = store_->begin();
    std::string topic_;
};

TEST_F(DeadLetter, TheReasonIsTheFirstKilobyteOfItInWholeCharacters) {
    EXPECT_EQ(error_message("no"), "no");
    EXPECT_EQ(error_message(std::string(2000, 'x')), std::string(1024, 'x'));
    EXPECT_EQ(error_message(std::string(1023, 'x') + "\u00e9"), std::string(1023, 'x'));
}

}  // namespace
}  // namespace holdpoint::engine
