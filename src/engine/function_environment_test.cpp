#include "engine/function_environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

namespace holdpoint::engine {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> environment(const InvokerOptions& options) {
    return function_environment(functions::Function{}, options, {}, {}, {}, {.secret = "s3", .address = "127.5.6.7"});
}

// AWS's runtimes for Rust and Python end when there is anything behind the port.
TEST(FunctionEnvironmentTest, TheRuntimeApisAddressIsHostAndPort) {
    InvokerOptions options;
    options.process_port = 40000;
    options.socket_path = "/data/functions.sock";
    const auto variables = environment(options);
    EXPECT_THAT(variables, Contains("AWS_LAMBDA_RUNTIME_API=127.5.6.7:40000"));
    EXPECT_THAT(variables, Contains("HOLDPOINT_FUNCTIONS_SOCKET=/data/functions.sock"));
    EXPECT_THAT(variables, Contains("HOLDPOINT_RUNTIME_PATH=/runtime/s3"));
    EXPECT_THAT(variables, Not(Contains(StartsWith("HOLDPOINT_SOCKET="))));
}

TEST(FunctionEnvironmentTest, WhereProcessesHaveNoAddressTheyHaveAPath) {
    InvokerOptions options;
    options.runtime_address = "127.0.0.1:1";
    const auto variables = environment(options);
    EXPECT_THAT(variables, Contains("AWS_LAMBDA_RUNTIME_API=127.0.0.1:1/runtime/s3"));
    EXPECT_THAT(variables, Not(Contains(StartsWith("HOLDPOINT_"))));
}

/// Chance that a test has decided.
class GivenRandom final : public Random {
public:
    explicit GivenRandom(std::deque<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    std::uint64_t next() override {
        const std::uint64_t number = numbers_.front();
        numbers_.pop_front();
        return number;
    }

private:
    std::deque<std::uint64_t> numbers_;
};

TEST(ProcessNameTest, NoTwoProcessesHaveOneAddress) {
    FunctionProcesses others;
    GivenRandom first({1, 1, 7});
    others[1] = std::make_unique<FunctionProcess>();
    others[1]->name = name_process(first, others);
    GivenRandom second({2, 2, 7, 7, 8});
    EXPECT_NE(name_process(second, others).address, others[1]->name.address);
}

TEST(ProcessNameTest, NoAddressIsAmongThoseThatOtherProgramsHave) {
    SeededRandom random(1);
    for (int i = 0; i < 10000; ++i) {
        const std::string address = name_process(random, {}).address;
        EXPECT_THAT(address, StartsWith("127."));
        EXPECT_THAT(address, Not(StartsWith("127.0.")));
        EXPECT_THAT(address, Not(StartsWith("127.255.")));
    }
}

}  // namespace
}  // namespace holdpoint::engine
