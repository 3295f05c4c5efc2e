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

}  // namespace
}  // namespace holdpoint::wire
