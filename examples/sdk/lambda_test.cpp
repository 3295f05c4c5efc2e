// Functions that are not durable: docs/sdk/lambda.md.
#include <gtest/gtest.h>

#include <durable/durable.hpp>

using namespace std::chrono_literals;

namespace {

// [lambda]
struct Question {
    std::string article;
    int count = 1;
};
BOOST_DESCRIBE_STRUCT(Question, (), (article, count))

struct Price {
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(Price, (), (cents))

Price price(durable::LambdaContext& context, const Question& question) {
    context.logger().info("asked", {{"article", question.article}});
    if (question.count < 1) throw durable::Error("BadCount", "the count is " + std::to_string(question.count));
    return {.cents = 350 * question.count};
}
// [/lambda]

// [serve]
int serve_prices() {  // what main answers
    return durable::run_lambda(price);
}
// [/serve]

// [test]
TEST(PriceFunction, Multiplies) {
    // As run_lambda makes it: request id, function ARN, deadline, logger.
    durable::LambdaContext context("request-1", "arn:aws:lambda:eu-west-1:123456789012:function:price",
                                   std::chrono::system_clock::now() + 30s, durable::Logger({}, nullptr));
    EXPECT_EQ(price(context, {.article = "tea", .count = 2}).cents, 700);
    EXPECT_THROW(price(context, {.article = "tea", .count = 0}), durable::Error);
}
// [/test]

TEST(PriceFunction, NeedsALambdaService) {
    unsetenv("AWS_LAMBDA_RUNTIME_API");
    EXPECT_EQ(serve_prices(), 1);
}

}  // namespace
