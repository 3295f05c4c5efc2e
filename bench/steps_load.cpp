// steps_load: synchronous invocations of a workflow of sequential steps, in a closed loop against a running server;
// prints one JSON document. Server and credentials come from AWS's environment variables (`holdpoint env`).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "bench/closed_loop.hpp"
#include "bench/measurements.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

struct Options {
    LoopOptions loop;
    std::string function = "bench-cpp";
    std::int64_t steps = 10;
};

aws::RestRequest invocation(const Options& options) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(options.function) + "/invocations";
    request.query = {{"Qualifier", "$LATEST"}};
    request.body = json::serialize(json::object{{"workflow", "steps"}, {"count", options.steps}});
    request.idempotent = false;
    return request;
}

/// Has connections of its own, as a program of its own would.
class Invoker {
public:
    explicit Invoker(const Options& options) : request_(invocation(options)), expected_(std::to_string(options.steps)) {
        auto configuration = aws::configuration_from_environment();
        if (!configuration) throw std::runtime_error(configuration.error().message);
        client_ = std::make_unique<aws::Client>(std::move(*configuration), *transport_, clock_, random_);
    }

    /// Milliseconds of one execution.
    double run() {
        const auto begin = Stopwatch::now();
        const auto answer = client_->rest("lambda", request_);
        const auto end = Stopwatch::now();
        if (!answer) throw std::runtime_error(answer.error().name + ": " + answer.error().message);
        if (answer->body != expected_) throw std::runtime_error("the wrong result: " + answer->body);
        return milliseconds(end - begin);
    }

private:
    aws::RestRequest request_;
    std::string expected_;
    SystemClock clock_;
    SystemRandom random_;
    std::unique_ptr<net::Transport> transport_ = net::make_transport();
    std::unique_ptr<aws::Client> client_;
};

void run(const Options& options) {
    const std::vector<double> took = run_closed_loop<double>(options.loop, [&](std::size_t) {
        return [invoker = std::make_unique<Invoker>(options)] { return invoker->run(); };
    });
    const double steps = static_cast<double>(took.size()) * static_cast<double>(options.steps);
    const json::object report{
        {"function", options.function}, {"clients", options.loop.clients},
        {"steps_each", options.steps},  {"seconds", options.loop.seconds},
        {"executions", took.size()},    {"steps_per_second", rounded(steps / options.loop.seconds)},
        {"execution_ms", summary(took)}};
    std::printf("%s\n", json::serialize(report).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app(
        "Synchronous invocations of a workflow of sequential steps, in a closed loop against a running server.");
    app.add_option("--function", options.function, "a function of bench/template.yaml")->capture_default_str();
    app.add_option("--clients", options.loop.clients, "executions under way at a time")->capture_default_str();
    app.add_option("--steps", options.steps, "of each execution")->capture_default_str();
    app.add_option("--seconds", options.loop.seconds, "how long is measured")->capture_default_str();
    app.add_option("--warm-up", options.loop.warm_up_seconds, "seconds before that")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "steps_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
