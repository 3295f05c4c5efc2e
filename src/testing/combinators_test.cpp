// Combinators over futures that cannot be read, were moved from, or are none at all; the same on replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/local_service.hpp"

namespace durable::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

/// The error that fails the execution.
std::string refusal(const std::function<void(Context&)>& body) {
    LocalService runner([&](Context& context, Json) { body(context); });
    runner.start();
    return runner.error_type() + ": " + runner.error_message();
}

TEST(Futures, OfAnotherContextAreNamed) {
    const auto inside = [](const char* name) {
        return refusal([&](Context& context) {
            auto future = context.step_async(name, [] { return 1; });
            context.run_in_child_context("child", [&](Context&) { return future.get(); });
        });
    };
    EXPECT_THAT(inside("charge"), StartsWith("ValidationError: The durable operation Future::get 'charge' was called "
                                             "on a context that the running body was not given"));
    EXPECT_THAT(inside(""), StartsWith("ValidationError: The durable operation Future::get was called on a context"));
}

}  // namespace
}  // namespace durable::testing
