#include "sim/processes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "sdk/durable_service.hpp"
#include "sdk/hooks.hpp"
#include "sdk/invocation.hpp"
#include "sdk/jitter.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::sim {

using engine::InvocationResult;

namespace {

/// The longest that a process goes on after it lost its server or its time.
constexpr Milliseconds kAfterlife{30'000};
constexpr Milliseconds kPlainTimeout{30'000};

InvocationResult failure(std::string type, std::string message) {
    return {
        .body = {},
        .error =
            wire::ErrorObject{.message = std::move(message), .type = std::move(type), .data = {}, .stack_trace = {}},
        .log_tail = {}};
}

}  // namespace

struct Processes::Process : std::enable_shared_from_this<Process> {
    std::string name;  // of the function, and a number
    std::string request_id;
    std::optional<engine::Work> work;  // nothing once it was settled or its server ended
    bool is_dead = false;
    std::uint64_t waits_for = 0;  // counts its waits, so that what comes too late wakes nobody
    std::optional<net::Response> answer;
    InvocationResult result;
    std::unique_ptr<net::Transport> transport;
    std::unique_ptr<aws::Client> client;
    std::unique_ptr<aws::Client> tables;
    std::function<void(bool died)> over;  // of a plain function
    std::unique_ptr<Turn> turn;
};

/// The process's connection to the server. The client above it repeats calls as the SDK's does in production.
class Processes::Transport final : public net::Transport {
public:
    Transport(Processes& processes, Process& process) : processes_(processes), process_(process) {}

    std::expected<net::Response, net::TransportError> send(const net::Endpoint&, const net::Request& request,
                                                           const net::Timeouts&) override {
        processes_.may_die("before a call");
        const auto call = ++process_.waits_for;
        process_.answer.reset();
        const std::string what = " " + name_of(request);
        processes_.network_.call(
            process_.name + what, serve_function(request, processes_.ledger_),
            [&processes = processes_, process = process_.shared_from_this(), call](const auto& response) {
                if (process->waits_for != call || process->turn->is_over()) return;
                process->answer = response;
                processes.resume(process);
            });
        process_.turn->give_back();
        processes_.may_die("after a call");
        if (!process_.answer) {
            return std::unexpected(net::TransportError{.message = "no answer", .request_was_sent = true});
        }
        return std::move(*process_.answer);
    }

private:
    Processes& processes_;
    Process& process_;
};

Processes::Processes(Nature& nature, Random& ids, Network& network, const Server& server, Ledger& ledger,
                     FindHandler find_handler, PlainHandler plain_handler)
    : nature_(nature),
      ids_(ids),
      network_(network),
      server_(server),
      ledger_(ledger),
      find_handler_(std::move(find_handler)),
      plain_handler_(std::move(plain_handler)) {}

void Processes::stop() {
    while (!alive_.empty()) kill(alive_.front(), "the world ends");
}

void Processes::later_on_this_server(Milliseconds delay, std::function<void()> act) {
    nature_.schedule.after(delay, [this, boot = server_.boot(), act = std::move(act)] {
        if (server_.is_up() && server_.boot() == boot) act();
    });
}

void Processes::invoke(engine::Work work) {
    later_on_this_server(nature_.chance.between(Milliseconds(1), Milliseconds(60)),
                         [this, work = std::move(work)]() mutable { take(std::move(work)); });
}

void Processes::take(engine::Work work) {
    const auto process = std::make_shared<Process>();
    process->name = fmt::format("{}#{}", work.function.name, ++last_number_);
    process->request_id = ids_.uuid();
    process->work = std::move(work);
    const bool dies = nature_.chance.fault(10, "process dies before it gets its work: " + process->name);
    nature_.trace.event("process takes work: " + process->name);
    const functions::Function& function = process->work->function;
    if (function.version != functions::kLatest)
        ledger_.code_ran(function.name + ":" + function.version, function.code_sha256);
    const bool is_plain = !function.durable;
    process->work->begin(
        process->request_id, [this, process, dies, is_plain](const std::optional<std::string>& payload) {
            if (!payload) return;
            if (is_plain) ledger_.plain_began(*payload);
            if (dies) return settle(*process, failure("Runtime.ExitError", "the process ended"));
            later_on_this_server(Milliseconds(1), [this, process, text = *payload] { start(process, text); });
        });
}

void Processes::start(const Handle& process, const std::string& payload) {
    nature_.trace.event("handler starts: " + process->name);
    begin(
        process, [this, raw = process.get(), payload] { raw->result = run_invocation(*raw, payload); },
        std::chrono::seconds(process->work->function.timeout_seconds));
}

void Processes::run(const std::string& name, std::function<void()> body, std::function<void(bool died)> over) {
    const auto process = std::make_shared<Process>();
    process->name = fmt::format("{}#{}", name, ++last_number_);
    process->over = std::move(over);
    nature_.trace.event("function starts: " + process->name);
    begin(process, std::move(body), kPlainTimeout);
}

void Processes::begin(const Handle& process, std::function<void()> body, Milliseconds timeout) {
    process->transport = std::make_unique<Transport>(*this, *process);
    process->client = make_client(*process, 4);  // as durable::run does
    process->tables = make_client(*process, 1000);
    process->turn = std::make_unique<Turn>([body = std::move(body)] {
        try {
            body();
        } catch (const ProcessDeath&) {  // NOLINT(bugprone-empty-catch): nobody asks a dead process
        }
    });
    alive_.push_back(process);
    nature_.schedule.after(timeout, [this, process] { time_out(process); });
    resume(process);
}

std::unique_ptr<aws::Client> Processes::make_client(Process& process, int attempts_max) {
    aws::Configuration configuration;
    configuration.credentials = {.access_key_id = "id", .secret_access_key = "key", .session_token = {}};
    configuration.region = kRegion;
    configuration.endpoint_url = "http://server";
    configuration.attempts_max = attempts_max;
    return std::make_unique<aws::Client>(std::move(configuration), *process.transport, nature_.clock, ids_,
                                         [this](Milliseconds length) { pause(length); });
}

InvocationResult Processes::run_invocation(Process& process, const std::string& payload) {
    const durable::detail::JitterFrom jitter(ids_);
    if (!process.work->function.durable) return {.body = plain_handler_(payload), .error = {}, .log_tail = {}};
    durable::detail::LambdaDurableService service(*process.client, ids_);
    durable::detail::Hooks hooks({});
    const auto answer = durable::detail::run_invocation(
        find_handler_(process.work->function.name), payload,
        {.service = service, .hooks = hooks, .request_id = process.request_id, .trace_header = {}, .threads = 0});
    if (const auto* failed = std::get_if<durable::detail::InvocationFailure>(&answer)) {
        return failure(failed->error.type, failed->error.message);
    }
    return {.body = boost::json::serialize(wire::to_json(std::get<wire::InvocationOutput>(answer))),
            .error = {},
            .log_tail = {}};
}

void Processes::resume(const Handle& process) {
    Process* const outer = std::exchange(current_, process.get());
    process->turn->run();
    current_ = outer;
    if (process->turn->is_over()) end(process);
}

void Processes::end(const Handle& process) {
    std::erase(alive_, process);
    if (process->over) return process->over(process->is_dead);
    if (process->is_dead || nature_.chance.fault(10, "process dies before it answers: " + process->name)) {
        return settle(*process, failure("Runtime.ExitError", "the process ended"));
    }
    nature_.trace.event(fmt::format("handler answers: {}{}", process->name, process->result.error ? " (failed)" : ""));
    settle(*process, std::move(process->result));
}

void Processes::settle(Process& process, InvocationResult result) {
    if (!process.work) return;
    later_on_this_server(nature_.chance.between(Milliseconds(1), Milliseconds(10)),
                         [done = std::move(process.work->done), result = std::move(result)] { done(result); });
    process.work.reset();
}

void Processes::kill(const Handle& process, const std::string& why) {
    if (process->is_dead || process->turn->is_over()) return;
    nature_.trace.event(fmt::format("process ends: {}: {}", process->name, why));
    process->is_dead = true;
    resume(process);
}

void Processes::time_out(const Handle& process) {
    if (process->is_dead || process->turn->is_over()) return;
    nature_.trace.event("invocation times out: " + process->name);
    settle(*process, failure("Sandbox.Timedout", "Task timed out"));
    if (nature_.chance.fault(400, "process outlives its time: " + process->name)) {
        return nature_.schedule.after(kAfterlife, [this, process] { kill(process, "its time was over long ago"); });
    }
    kill(process, "timed out");
}

void Processes::lose_server() {
    const std::list<Handle> orphans = alive_;
    for (const Handle& process : orphans) {
        process->work.reset();
        if (nature_.chance.fault(250, "process outlives its server: " + process->name)) {
            const auto left = nature_.chance.between(Milliseconds(1), kAfterlife);
            nature_.schedule.after(left, [this, process] { kill(process, "its server is gone"); });
            continue;
        }
        kill(process, "its server ended");
    }
}

void Processes::pause(Milliseconds length) {
    Process& process = *current_;
    if (process.is_dead) throw ProcessDeath{};
    const auto wait = ++process.waits_for;
    nature_.schedule.after(length, [this, handle = process.shared_from_this(), wait] {
        if (handle->waits_for == wait && !handle->turn->is_over()) resume(handle);
    });
    process.turn->give_back();
    if (process.is_dead) throw ProcessDeath{};
}

void Processes::may_die(const std::string& where) {
    Process& process = *current_;
    if (!process.is_dead)
        process.is_dead = nature_.chance.fault(8, fmt::format("process dies {}: {}", where, process.name));
    if (process.is_dead) throw ProcessDeath{};
}

aws::Client& Processes::client() {
    return *current_->client;
}

aws::Client& Processes::tables() {
    return *current_->tables;
}

bool Processes::is_current() const {
    return current_->work.has_value();
}

}  // namespace holdpoint::sim
