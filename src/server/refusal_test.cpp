// Refusals: each service's own words for one and the same reason.
#include "server/refusal.hpp"

#include <gtest/gtest.h>

namespace holdpoint::server {
namespace {

std::string words(ServiceId service, const std::string& name) {
    const Error error = in_words_of(service, {.name = name, .http_status = 418, .message = "m", .details_json = {}});
    return std::to_string(error.http_status) + " " + error.name;
}

TEST(RefusalTest, EachServiceHasItsOwnWords) {
    EXPECT_EQ(words(ServiceId::sts, "IncompleteSignature"), "400 IncompleteSignature");
    EXPECT_EQ(words(ServiceId::sts, "SignatureDoesNotMatch"), "403 SignatureDoesNotMatch");
    EXPECT_EQ(words(ServiceId::sns, "AccessDenied"), "403 AuthorizationError");
    EXPECT_EQ(words(ServiceId::cloudformation, "AccessDenied"), "403 AccessDenied");
    EXPECT_EQ(words(ServiceId::dynamodb, "ExpiredToken"), "400 ExpiredTokenException");
    EXPECT_EQ(words(ServiceId::logs, "InvalidClientTokenId"), "400 UnrecognizedClientException");
    EXPECT_EQ(words(ServiceId::lambda, "ExpiredToken"), "403 ExpiredTokenException");
    EXPECT_EQ(words(ServiceId::lambda, "AccessDenied"), "403 AccessDeniedException");
}

}  // namespace
}  // namespace holdpoint::server
