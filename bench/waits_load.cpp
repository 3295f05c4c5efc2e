// waits_load: many executions that wait, started by some clients at a time; how late each goes on. Prints one JSON
// document. The function notes in a file when it called its wait and when its code went on; when the server committed
// the wait's end, the execution's history says. Server and credentials come from AWS's environment variables.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "bench/measurements.hpp"

namespace holdpoint::bench {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kPatience{120};  // without any wait that goes on

struct Options {
    std::size_t count = 5000;
    std::size_t clients = 64;
    std::int64_t seconds = 5;
    std::int64_t spread = 0;  // seconds over which the ends of all waits are spread evenly; 0: they are not
    std::string function = "bench-cpp";
};

/// What became of one wait; milliseconds since 1970.
struct Wait {
    std::string arn;
    std::int64_t seconds = 0;
    double called = 0;
    double resumed = 0;
    double due = 0;        // by the server
    double succeeded = 0;  // by the server: the time of the commit that ended it
};

double epoch_ms(const SystemClock& clock) {
    return static_cast<double>(to_epoch_ms(clock.now()));
}

/// A client with connections of its own, as a program of its own would have.
class Caller {
public:
    Caller() {
        auto configuration = aws::configuration_from_environment();
        if (!configuration) throw std::runtime_error(configuration.error().message);
        client_ = std::make_unique<aws::Client>(std::move(*configuration), *transport_, clock_, random_);
    }

    net::Response send(const aws::RestRequest& request) {
        auto answer = client_->rest("lambda", request);
        if (!answer) throw std::runtime_error(answer.error().name + ": " + answer.error().message);
        return std::move(*answer);
    }

private:
    SystemClock clock_;
    SystemRandom random_;
    std::unique_ptr<net::Transport> transport_ = net::make_transport();
    std::unique_ptr<aws::Client> client_;
};

/// Does `each(caller, number)` for every number below `count`, `clients` at a time.
template <class Each>
void for_all(std::size_t count, std::size_t clients, const Each& each) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;  // guards the problem
    std::string problem;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < clients; ++i) {
        threads.emplace_back([&] {
            try {
                Caller caller;
                for (std::size_t number = next++; number < count; number = next++) each(caller, number);
            } catch (const std::exception& error) {
                const std::lock_guard lock(mutex);
                problem = error.what();
                next = count;
            }
        });
    }
    threads.clear();
    if (!problem.empty()) throw std::runtime_error(problem);
}

std::string start(Caller& caller, const Options& options, const std::string& notes, std::size_t number,
                  std::int64_t seconds) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(options.function) + "/invocations";
    request.query = {{"Qualifier", "$LATEST"}};
    request.headers = {{"X-Amz-Invocation-Type", "Event"}};
    request.body =
        json::serialize(json::object{{"workflow", "wait"}, {"count", seconds}, {"notes", notes}, {"number", number}});
    request.idempotent = false;
    return std::string(caller.send(request).header("X-Amz-Durable-Execution-Arn"));
}

/// Reads what was noted so far into the waits; answers how many have gone on.
std::size_t read_notes(const std::string& notes, std::vector<Wait>& waits) {
    std::ifstream file(notes);
    std::size_t number = 0;
    double at = 0;
    std::string what;
    std::size_t resumed = 0;
    while (file >> number >> at >> what) {
        Wait& wait = waits.at(number);
        double& moment = what == "called" ? wait.called : wait.resumed;
        if (moment > 0) continue;
        moment = at / 1000.0;
        if (what == "resumed") ++resumed;
    }
    return resumed;
}

void wait_for_all(const std::string& notes, std::vector<Wait>& waits, std::int64_t longest_seconds) {
    const auto first_end = Stopwatch::now() + std::chrono::seconds(longest_seconds);
    auto progress_at = first_end;
    std::size_t before = 0;
    while (true) {
        std::vector<Wait> seen = waits;
        const std::size_t resumed = read_notes(notes, seen);
        if (resumed == waits.size()) return waits.swap(seen);
        if (resumed > before) progress_at = std::max(first_end, Stopwatch::now());
        before = resumed;
        if (Stopwatch::now() > progress_at + kPatience) {
            throw std::runtime_error("only " + std::to_string(resumed) + " waits went on");
        }
        // Reading the notes of many waits is a load of its own: seldom is enough.
        std::this_thread::sleep_for(waits.size() > 10000 ? kLook * 50 : kLook);
    }
}

void read_history(Caller& caller, Wait& wait) {
    aws::RestRequest request;
    request.method = "GET";
    request.path = "/2025-12-01/durable-executions/" + percent_encode(wait.arn) + "/history";
    const json::value history = json::parse(caller.send(request).body);
    for (const json::value& event : history.at("Events").as_array()) {
        const std::string_view type = event.at("EventType").as_string();
        if (type == "WaitStarted") {
            wait.due = event.at("WaitStartedDetails").at("ScheduledEndTimestamp").to_number<double>() * 1000.0;
        } else if (type == "WaitSucceeded") {
            wait.succeeded = event.at("EventTimestamp").to_number<double>() * 1000.0;
        }
    }
    if (wait.due == 0 || wait.succeeded == 0) throw std::runtime_error(wait.arn + " has no wait that is over");
}

json::object report(const Options& options, const std::vector<Wait>& waits, double starting_seconds) {
    std::vector<double> code;
    std::vector<double> commit;
    std::vector<double> resumed;
    for (const Wait& wait : waits) {
        code.push_back(wait.resumed - wait.called - static_cast<double>(wait.seconds) * 1000.0);
        commit.push_back(wait.succeeded - wait.due);
        resumed.push_back(wait.resumed);
    }
    const auto [first, last] = std::ranges::minmax(resumed);
    return {{"waits", waits.size()},
            {"clients", options.clients},
            {"spread_seconds", options.spread},
            {"starting_seconds", rounded(starting_seconds)},
            {"resumptions_per_second", rounded(static_cast<double>(waits.size()) * 1000.0 / (last - first))},
            {"late_ms", {{"code", summary(std::move(code))}, {"commit", summary(std::move(commit))}}}};
}

void run(const Options& options) {
    std::string notes = "/tmp/waits_load.XXXXXX";
    const int file = ::mkstemp(notes.data());
    if (file < 0) throw std::runtime_error("cannot make " + notes);
    ::close(file);
    const SystemClock clock;
    std::vector<Wait> waits(options.count);
    const auto begin = Stopwatch::now();
    // With a spread, `seconds` is the time that starting all of them may take; each then waits as long as is left.
    const double ends_begin = epoch_ms(clock) + static_cast<double>(options.seconds) * 1000.0;
    const double gap = static_cast<double>(options.spread) * 1000.0 / static_cast<double>(options.count);
    // Evenly over most of the time there is: what is accepted faster than it is run would call its wait late.
    const auto start_gap =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::milliseconds(800 * options.seconds)) /
        options.count;
    for_all(options.count, options.clients, [&](Caller& caller, std::size_t number) {
        Wait& wait = waits[number];
        wait.seconds = options.seconds;
        if (options.spread > 0) {
            std::this_thread::sleep_until(begin + start_gap * number);
            const double left = ends_begin + gap * static_cast<double>(number) - epoch_ms(clock);
            if (left < 1000.0) throw std::runtime_error("starting them all takes longer than --seconds");
            wait.seconds = std::lround(left / 1000.0);
        }
        wait.arn = start(caller, options, notes, number, wait.seconds);
    });
    const double starting_seconds = milliseconds(Stopwatch::now() - begin) / 1000.0;
    wait_for_all(notes, waits, options.seconds + options.spread);
    ::unlink(notes.c_str());
    for_all(options.count, options.clients,
            [&](Caller& caller, std::size_t number) { read_history(caller, waits[number]); });
    std::printf("%s\n", json::serialize(report(options, waits, starting_seconds)).c_str());
}

}  // namespace
}  // namespace holdpoint::bench

int main(int argc, char** argv) {
    holdpoint::bench::Options options;
    CLI::App app("Executions that wait, and how late they go on, against a running server.");
    app.add_option("--count", options.count, "waits in all")->capture_default_str();
    app.add_option("--clients", options.clients, "that start them")->capture_default_str();
    app.add_option("--seconds", options.seconds, "of each wait; with --spread: from now until the first ends")
        ->capture_default_str();
    app.add_option("--spread", options.spread, "seconds over which their ends are spread evenly")
        ->capture_default_str();
    app.add_option("--function", options.function, "a function of bench/template.yaml")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        holdpoint::bench::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "waits_load: %s\n", error.what());
        return 1;
    }
    return 0;
}
