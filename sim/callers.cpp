#include "sim/callers.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "functions/registry.hpp"

namespace holdpoint::sim {

using namespace std::chrono_literals;

namespace {

template <class T>
net::Response response_of(const Result<T>& result) {
    return result ? net::Response{.status = 200, .headers = {}, .body = {}} : error_response(result.error());
}

}  // namespace

void Callers::repeat(const std::string& what, const Serve& serve, std::function<void(const net::Response&)> done) {
    ++busy_;
    network_.call(what, serve, [this, what, serve, done = std::move(done)](const auto& response) {
        --busy_;
        if (response) return done(*response);
        ++busy_;
        nature_.schedule.after(nature_.chance.between(100ms, 2s), [this, what, serve, done] {
            --busy_;
            repeat(what, serve, done);
        });
    });
}

void Callers::start(const std::string& function, const std::string& name, const std::string& input) {
    ++busy_;
    nature_.schedule.after(nature_.chance.between(0s, 60s), [this, function, name, input] {
        --busy_;
        send_start(function, name, input);
        if (nature_.chance.fault(100, "a second caller starts " + name)) send_start(function, name, input);
    });
}

void Callers::send_start(const std::string& function, const std::string& name, const std::string& input) {
    const Serve serve = [this, function, name, input](Server& server, const net::Respond& respond) {
        const functions::Reference reference{.name = function, .qualifier = "1", .account = {}, .region = {}};
        auto resolved = functions::resolve(*server.disk().snapshot(), reference, kRegion, kAccount);
        if (!resolved) return respond(error_response(resolved.error()));
        const auto answer = [this, name, respond](const Result<engine::Started>& started) {
            if (!started) return respond(error_response(started.error()));
            ledger_.start_acknowledged(name, started->arn);
            respond({.status = 200, .headers = {}, .body = started->arn});
        };
        server.executions().start({.function = std::move(*resolved), .name = name, .input = input, .trace_header = {}},
                                  answer, {});
    };
    repeat("start " + name, serve, [this, name](const net::Response& response) {
        if (response.status != 200) return ledger_.broken("a start was refused: " + response.body);
        if (nature_.chance.fault(60, "somebody stops " + name)) stop(name, response.body);
    });
}

void Callers::send_event(const std::string& payload) {
    const Serve serve = [this, payload](Server& server, const net::Respond& respond) {
        server.events().submit(
            {.function = {.name = "doubler", .qualifier = {}, .account = {}, .region = {}}, .payload = payload},
            [this, payload, respond](const std::string& request_id) {
                ledger_.event_acknowledged(payload);
                respond({.status = 202, .headers = {}, .body = request_id});
            });
    };
    ++busy_;
    nature_.schedule.after(nature_.chance.between(0s, 90s), [this, serve] {
        --busy_;
        repeat("event", serve, [](const net::Response&) {});
    });
}

void Callers::stop(const std::string& name, const std::string& arn) {
    const Serve serve = [arn](Server& server, const net::Respond& respond) {
        server.executions().stop(arn, {.message = "stopped by a caller", .type = {}, .data = {}, .stack_trace = {}},
                                 [respond](const Result<TimePoint>& ended) { respond(response_of(ended)); });
    };
    nature_.schedule.after(nature_.chance.between(0s, 20s), [this, name, arn, serve] {
        ledger_.stop_sent(arn);
        repeat("stop " + name, serve, [this](const net::Response& response) {
            if (response.status != 200) ledger_.broken("a stop was refused: " + response.body);
        });
    });
}

void Callers::take_callback(const std::string& id) {
    if (!callbacks_.insert(id).second) return;
    const auto number = callbacks_.size();
    const auto choice = nature_.chance.below(10);
    // Who takes long sends heartbeats; who sends none may be too late.
    if (choice < 7) beat(id, static_cast<int>(nature_.chance.below(5)));
    const auto answer_later = [this, id](const CallbackOutcome& outcome) {
        nature_.schedule.after(nature_.chance.between(0s, 100s), [this, id, outcome] { answer_callback(id, outcome); });
    };
    if (choice < 6) answer_later(fmt::format("success yes-{}", number));
    if (choice == 6 || choice == 7) answer_later("failure");
    // Two deciders race, whatever the first one says.
    if (nature_.chance.fault(300, "two callers answer one callback"))
        answer_later(fmt::format("success no-{}", number));
    if (choice < 6 && nature_.chance.fault(200, "a callback is answered again, with the same"))
        answer_later(fmt::format("success yes-{}", number));
}

void Callers::answer_callback(const std::string& id, const CallbackOutcome& outcome) {
    ledger_.callback_sent(id, outcome);
    const Serve serve = [this, id, outcome](Server& server, const net::Respond& respond) {
        const auto answer = [this, id, outcome, respond](const Result<std::monostate>& result) {
            if (result) ledger_.callback_acknowledged(id, outcome);
            respond(response_of(result));
        };
        if (outcome == "failure") {
            return server.executions().fail_callback(
                id, {.message = "no", .type = "Refused", .data = {}, .stack_trace = {}}, answer);
        }
        const std::string value = outcome.substr(outcome.find(' ') + 1);
        server.executions().succeed_callback(id, boost::json::serialize(boost::json::value(value)), answer);
    };
    repeat("callback " + outcome, serve, [](const net::Response&) {});
}

void Callers::beat(const std::string& id, int left) {
    if (left == 0) return;
    nature_.schedule.after(nature_.chance.between(10s, 40s), [this, id, left] {
        network_.call(
            "heartbeat",
            [id](Server& server, const net::Respond& respond) {
                server.executions().heartbeat_callback(
                    id, [respond](const Result<std::monostate>& result) { respond(response_of(result)); });
            },
            [](const auto&) {});
        beat(id, left - 1);
    });
}

}  // namespace holdpoint::sim
