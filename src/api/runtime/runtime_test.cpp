// The Runtime API over real processes: each script only says how the server knows it, and stays; the test asks for it.
#include "api/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "engine/test_kit.hpp"

namespace holdpoint::api {
namespace {

using namespace engine::test;

constexpr const char* kNext = "/2018-06-01/runtime/invocation/next";
constexpr const char* kInitError = "/2018-06-01/runtime/init/error";

class RuntimeTest : public ::testing::Test {
protected:
    ~RuntimeTest() override { invoker_.stop(); }

    engine::InvokerOptions options() const {
        engine::InvokerOptions made = options_in(folder_);
        made.process_port = 40000;
        made.socket_path = "/s";
        return made;
    }

    /// Starts a process of a function of its own; answers its address and its path, as its environment has them.
    std::pair<std::string, std::string> start(const std::string& name, const std::string& payload) {
        functions::Function function;
        function.name = name;
        function.version = "1";
        function.executable = "script";
        function.code_sha256 = "script";
        function.log_group = "/aws/lambda/" + name;
        engine::Work work;
        work.function = function;
        work.begin = [payload](const std::string&, const auto& proceed) { proceed(payload); };
        work.done = [this](const engine::InvocationResult& result) { done_.put(result); };
        (void)folder_.script("script",
                             "echo \"$AWS_LAMBDA_RUNTIME_API $HOLDPOINT_RUNTIME_PATH\" > "
                             "$AWS_LAMBDA_FUNCTION_NAME.part; mv $AWS_LAMBDA_FUNCTION_NAME.part "
                             "$AWS_LAMBDA_FUNCTION_NAME; exec sleep 60");
        invoker_.invoke(std::move(work));
        (void)eventually([&] { return !folder_.read(name).empty(); });
        std::istringstream text(folder_.read(name));
        std::string address;
        std::string path;
        text >> address >> path;
        return {address.substr(0, address.find(':')), path};
    }

    net::Response at(const std::string& address, const std::string& method, const std::string& target,
                     const std::string& body = {}, const net::Headers& trailers = {}) {
        return answer(handle_runtime_at_address, {.method = method,
                                                  .target = target,
                                                  .headers = {},
                                                  .body = body,
                                                  .trailers = trailers,
                                                  .local_address = address});
    }
    net::Response by_path(const std::string& method, const std::string& target) {
        return answer(handle_runtime, {.method = method, .target = target, .headers = {}, .body = {}});
    }

    SystemClock clock_;
    SystemRandom random_;  // a stream that is called the same in two tests would mean the same process
    TestFolder folder_;
    MemoryLogs logs_;
    engine::Invoker invoker_ = engine::test::make_invoker(clock_, random_, logs_, options());
    Box<engine::InvocationResult> done_;

private:
    template <class Handle>
    net::Response answer(const Handle& handle, const net::Request& request) {
        auto answered = std::make_shared<Box<net::Response>>();
        handle(invoker_, request, [answered](net::Response response) { answered->put(std::move(response)); });
        return answered->take().value_or(net::Response{.status = 0, .headers = {}, .body = "no answer"});
    }
};

TEST_F(RuntimeTest, AProcessIsKnownByTheAddressThatItWasGiven) {
    const auto [address, path] = start("one", "first");
    const auto next = at(address, "GET", kNext);
    EXPECT_EQ(next.status, 200);
    EXPECT_EQ(next.body, "first");
    const std::string request_id(next.header("Lambda-Runtime-Aws-Request-Id"));
    EXPECT_EQ(at(address, "POST", "/2018-06-01/runtime/invocation/" + request_id + "/response", "done").status, 202);
    EXPECT_EQ(done_.take().value().body, "done");
}

TEST_F(RuntimeTest, NoProcessIsTakenForAnother) {
    const auto [one, one_path] = start("one", "first");
    const auto [two, two_path] = start("two", "second");
    ASSERT_NE(one, two);
    const auto next = at(two, "GET", kNext);
    EXPECT_EQ(next.body, "second");
    const std::string request_id(next.header("Lambda-Runtime-Aws-Request-Id"));
    const std::string invocation = "/2018-06-01/runtime/invocation/" + request_id;
    EXPECT_EQ(at(one, "POST", invocation + "/response", "{}").status, 400);
    EXPECT_EQ(at(one, "POST", invocation + "/error", "{}").status, 400);
    for (const char* nobodys : {"127.0.0.1", "127.1.1.1", ""}) {
        EXPECT_EQ(at(nobodys, "GET", kNext).status, 403) << nobodys;
        EXPECT_EQ(at(nobodys, "POST", kInitError, "{}").status, 403) << nobodys;
    }
}

// JavaScript and Python write it so, of an emoji that was cut or a file's name that is no UTF-8.
TEST_F(RuntimeTest, AnErrorWithHalfACharacterIsKept) {
    const auto [address, path] = start("one", "first");
    const std::string request_id(at(address, "GET", kNext).header("Lambda-Runtime-Aws-Request-Id"));
    const std::string body = R"({"errorType":"E","errorMessage":"half \ud83d"})";
    EXPECT_EQ(at(address, "POST", "/2018-06-01/runtime/invocation/" + request_id + "/error", body).status, 202);
    const auto result = done_.take().value();
    EXPECT_EQ(result.error->message, "half \xEF\xBF\xBD");
    EXPECT_EQ(result.error->type, "E");
    EXPECT_EQ(result.body, body);
}

// As the runtimes of Go, Rust and JavaScript say it of a response that they stream.
TEST_F(RuntimeTest, AResponseThatBrokeOffIsAnError) {
    const std::string error = R"({"errorMessage":"order 7","errorType":"NoSuchOrder"})";
    const net::Headers whole = {{"Lambda-Runtime-Function-Error-Type", "NoSuchOrder"},
                                {"Lambda-Runtime-Function-Error-Body", base64_encode(error)}};
    const net::Headers unreadable = {whole[0], {"Lambda-Runtime-Function-Error-Body", "no base64"}};
    for (const auto& [trailers, body] : {std::pair{whole, error}, {unreadable, std::string()}}) {
        const auto [address, path] = start("one", "first");
        const std::string request_id(at(address, "GET", kNext).header("Lambda-Runtime-Aws-Request-Id"));
        const std::string response = "/2018-06-01/runtime/invocation/" + request_id + "/response";
        EXPECT_EQ(at(address, "POST", response, "half", trailers).status, 202);
        const auto result = done_.take().value();
        ASSERT_TRUE(result.error);
        EXPECT_EQ(result.error->type, "NoSuchOrder");
        EXPECT_EQ(result.body, body);
    }
}

class ExtensionsTest : public RuntimeTest {
protected:
    using Answer = std::shared_ptr<Box<net::Response>>;

    /// Its `use_count` is 2 as long as the request is open.
    Answer ask(const std::string& method, const std::string& what, const net::Headers& headers,
               const std::string& body = {}) {
        auto answered = std::make_shared<Box<net::Response>>();
        handle_runtime_at_address(invoker_,
                                  {.method = method,
                                   .target = "/2020-01-01/extension/" + what,
                                   .headers = headers,
                                   .body = body,
                                   .local_address = address_},
                                  [answered](net::Response response) { answered->put(std::move(response)); });
        return answered;
    }
    Answer next_of(const std::string& id) { return ask("GET", "event/next", {{"Lambda-Extension-Identifier", id}}); }

    std::string address_ = start("one", "first").first;
};

// The runtimes of Go and Rust do so where a function wants to hear of its end.
TEST_F(ExtensionsTest, OneThatWantsNoEventsWaitsForEver) {
    const net::Headers named = {{"Lambda-Extension-Name", "mine"}};
    const auto registered = ask("POST", "register", named, R"({"events":[]})")->take().value();
    EXPECT_EQ(registered.status, 200);
    EXPECT_FALSE(registered.header("Lambda-Extension-Identifier").empty());
    EXPECT_EQ(registered.body, R"({"functionName":"one","functionVersion":"1","handler":""})");
    EXPECT_EQ(ask("POST", "register", named, R"({"events":["INVOKE"]})")->take().value().status, 403);
    EXPECT_EQ(ask("POST", "register", {}, R"({"events":[]})")->take().value().status, 400);
    const auto next = next_of("mine");
    EXPECT_EQ(at(address_, "GET", kNext).body, "first") << "who waits for events keeps nobody from work";
    EXPECT_EQ(next.use_count(), 2) << "it is kept, and so not answered";
}

TEST_F(ExtensionsTest, EachOfAProcessWaitsUntilThatEnds) {
    const auto one = next_of("one");
    const auto two = next_of("two");
    EXPECT_EQ(one.use_count(), 2);
    EXPECT_EQ(two.use_count(), 2);
    const auto again = next_of("one");
    EXPECT_EQ(one.use_count(), 1) << "whoever asks again does not wait for the answer before";
    EXPECT_EQ(ask("GET", "event/next", {})->take().value().status, 403);
    const std::string request_id(at(address_, "GET", kNext).header("Lambda-Runtime-Aws-Request-Id"));
    (void)at(address_, "POST", "/2018-06-01/runtime/invocation/" + request_id + "/response", "{}");
    handle_runtime_at_address(invoker_,
                              {.method = "GET", .target = kNext, .headers = {}, .body = {}, .local_address = address_},
                              [](const net::Response&) {});
    invoker_.retire("one");
    EXPECT_TRUE(eventually([&] { return two.use_count() == 1 && again.use_count() == 1; }));
}

// Each takes a connection of the server's.
TEST_F(ExtensionsTest, AreAsManyAsOnAws) {
    for (int number = 1; number <= 10; ++number) {
        EXPECT_EQ(next_of(std::to_string(number)).use_count(), 2) << number;
    }
    EXPECT_EQ(next_of("11")->take().value().status, 403);
    EXPECT_EQ(next_of("10").use_count(), 2);
}

TEST_F(RuntimeTest, AnAddressIsNoSecret) {
    const auto [address, path] = start("one", "first");
    EXPECT_EQ(by_path("GET", "/runtime/" + address + kNext).status, 403) << "anybody can read it";
    EXPECT_EQ(at(address, "GET", path + kNext).status, 404) << "where addresses count, paths do not";
    EXPECT_EQ(at(address, "GET", "/health").status, 404);
    EXPECT_EQ(by_path("GET", path + kNext).body, "first") << "as functions come that were built before";
}

}  // namespace
}  // namespace holdpoint::api
