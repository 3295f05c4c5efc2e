#include "wire/durable_json.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace holdpoint::wire {
namespace {

std::string refusal_of(std::string_view body) {
    const auto read = read_checkpoint_request(boost::json::parse(body));
    return read ? "none" : read.error().name + ": " + read.error().message;
}

TEST(CheckpointRequestJson, WhatIsMissingOrNoKnownNameBreaksAConstraint) {
    EXPECT_EQ(refusal_of(R"({})"),
              "ValidationException: 1 validation error detected: Value null at 'checkpointToken' failed to satisfy "
              "constraint: Member must not be null");
    EXPECT_EQ(refusal_of(R"({"CheckpointToken":"t","Updates":[{"Id":"1","Type":"STEP","Action":"START"},{"Id":"2"}]})"),
              "ValidationException: 1 validation error detected: Value null at 'updates.2.member.type' failed to "
              "satisfy constraint: Member must not be null");
    EXPECT_EQ(refusal_of(R"({"CheckpointToken":"t","Updates":[{"Id":"1","Type":"STEP","Action":"Start"}]})"),
              "ValidationException: 1 validation error detected: Value 'Start' at 'updates.1.member.action' failed to "
              "satisfy constraint: Member must satisfy enum value set: [START, SUCCEED, FAIL, RETRY, CANCEL]");
    EXPECT_EQ(
        refusal_of(
            R"({"CheckpointToken":"t","Updates":[{"Id":"1","Type":"CHAINED_INVOKE","Action":"START","ChainedInvokeOptions":{}}]})"),
        "ValidationException: 1 validation error detected: Value null at "
        "'updates.1.member.chainedInvokeOptions.functionName' failed to satisfy constraint: Member must not be null");
}

TEST(CheckpointRequestJson, WhatHasAnotherTypeCannotBeRead) {
    EXPECT_EQ(refusal_of(R"({"CheckpointToken":"t","Updates":[{"Id":1}]})"),
              "SerializationException: $.Updates[0].Id: expected a string, got an integer");
}

TEST(CheckpointRequestJson, NullIsNotThereAndAFractionIsNoInteger) {
    EXPECT_EQ(refusal_of(R"({"CheckpointToken":"t","ClientToken":null,"Updates":[{"Id":"1","Name":null,"Type":"WAIT",
                             "Action":"START","StepOptions":null,"WaitOptions":{"WaitSeconds":null}}]})"),
              "none");
    const auto wait = [](const std::string& seconds) {
        return refusal_of(R"({"CheckpointToken":"t","Updates":[{"Id":"1","Type":"WAIT","Action":"START",)"
                          R"("WaitOptions":{"WaitSeconds":)" +
                          seconds + "}}]}");
    };
    EXPECT_EQ(wait("2.0"), "none");
    EXPECT_EQ(wait("1.5"),
              "SerializationException: $.Updates[0].WaitOptions.WaitSeconds: expected an integer, got a number with a "
              "fraction");
    EXPECT_NE(wait("1e300"), "none");
    EXPECT_NE(wait("18446744073709551615"), "none");
}

// JavaScript and Python write such halves; the workflow's error would be lost with them.
TEST(InvocationOutputJson, HalfAPairOfSurrogatesIsAReplacementCharacter) {
    const auto message_of = [](const std::string& text) {
        const auto read = parse_invocation_output(R"({"Status":"FAILED","Error":{"ErrorMessage":")" + text + R"("}})");
        return read ? read->error->message.value_or("") : "refused";
    };
    EXPECT_EQ(message_of(R"(caf\udce9.txt)"), "caf\xEF\xBF\xBD.txt");
    EXPECT_EQ(message_of(R"(\ud83d)"), "\xEF\xBF\xBD");
    EXPECT_EQ(message_of(R"(\ud83d\n\\ud83d)"), "\xEF\xBF\xBD\n\\ud83d") << "an escaped backslash begins nothing";
    EXPECT_EQ(message_of(R"(\uD83D\uDE00 \ud83d\ud83d\ude00)"), "\xF0\x9F\x98\x80 \xEF\xBF\xBD\xF0\x9F\x98\x80");
    EXPECT_EQ(message_of(R"(\udfff\ud800\u0041)"),
              "\xEF\xBF\xBD\xEF\xBF\xBD"
              "A");
    EXPECT_EQ(message_of(R"(\ud83d \q)"), "refused");
    EXPECT_EQ(message_of(R"(\ud8)"), "refused");
}

TEST(OperationJson, TimesAreMillisecondsInTheEnvelopeAndSecondsElsewhere) {
    Operation operation;
    operation.id = "1";
    operation.started_at = from_epoch_ms(1'800'000'000'500);
    EXPECT_EQ(to_json(operation, TimeFormat::envelope_milliseconds).at("StartTimestamp"), 1'800'000'000'500);
    EXPECT_EQ(to_json(operation, TimeFormat::api_seconds).at("StartTimestamp"), 1'800'000'000.5);
    const auto started_at = [](const std::string& time) {
        const auto read = read_operation(
            boost::json::parse(R"({"Id":"1","Type":"STEP","Status":"STARTED","StartTimestamp":)" + time + "}"));
        return read ? std::optional(read->started_at) : std::nullopt;
    };
    EXPECT_EQ(started_at("1800000000500"), operation.started_at);
    EXPECT_EQ(started_at("1800000000.5"), operation.started_at);
    EXPECT_EQ(started_at("1e300"), std::nullopt);
}

}  // namespace
}  // namespace holdpoint::wire
