#include "sim/network.hpp"

#include <boost/json.hpp>

#include "base/encoding.hpp"
#include "core/rows.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::sim {

namespace json = boost::json;

namespace {

/// How long a caller waits for its answer.
constexpr Milliseconds kPatience{3000};
constexpr Milliseconds kLatest{40'000};

}  // namespace

void Network::call(const std::string& what, Serve serve, Answered answered) {
    const auto call =
        std::make_shared<Call>(Call{.what = what, .serve = std::move(serve), .answered = std::move(answered)});
    Chance& chance = nature_.chance;
    nature_.schedule.after(kPatience, [call] { call->finish(std::nullopt); });
    if (chance.fault(15, "request lost: " + what)) return;
    const bool late = chance.fault(10, "request late: " + what);
    const auto delay = late ? chance.between(kPatience, kLatest) : chance.between(Milliseconds(1), Milliseconds(20));
    nature_.schedule.after(delay, [this, call] { deliver(call); });
    if (!chance.fault(15, "request doubled: " + what)) return;
    const auto second = chance.one_in(2) ? kLatest : Milliseconds(40);
    nature_.schedule.after(chance.between(Milliseconds(1), second), [this, call] { deliver(call); });
}

void Network::deliver(const std::shared_ptr<Call>& call) {
    if (!server_.is_up()) {
        nature_.trace.event("no connection: " + call->what);
        return call->finish(std::nullopt);
    }
    nature_.trace.event("request: " + call->what);
    call->serve(server_, [this, call](const net::Response& response) {
        nature_.trace.event("answer " + std::to_string(response.status) + ": " + call->what);
        if (nature_.chance.fault(15, "answer lost: " + call->what)) return;
        nature_.schedule.after(nature_.chance.between(Milliseconds(1), Milliseconds(20)),
                               [call, response] { call->finish(response); });
    });
}

net::Response error_response(const Error& error) {
    return {.status = error.http_status,
            .headers = {{"x-amzn-ErrorType", error.name}},
            .body = json::serialize(json::object{{"message", error.message}})};
}

namespace {

void serve_checkpoint(Server& server, const net::Request& request, const std::string& arn, Ledger& ledger,
                      const net::Respond& respond) {
    auto read = wire::read_checkpoint_request(json::parse(request.body));
    if (!read) return respond(error_response(read.error()));
    const wire::CheckpointRequest sent = *read;
    server.executions().checkpoint(arn, std::move(*read), {},
                                   [&ledger, arn, sent, respond](const Result<std::string>& answer) {
                                       if (!answer) return respond(error_response(answer.error()));
                                       ledger.checkpoint_acknowledged(arn, sent);
                                       respond({.status = 200, .headers = {}, .body = *answer});
                                   });
}

void serve_state(Server& server, const net::Request& request, const std::string& arn, const net::Respond& respond) {
    std::map<std::string, std::string> query;
    for (auto& [name, value] : request.query()) query[name] = value;
    server.executions().state(arn, query["CheckpointToken"], query["Marker"], 1000, [respond](const auto& page) {
        if (!page) return respond(error_response(page.error()));
        json::array operations;
        for (const auto& operation : page->operations) {
            operations.push_back(wire::to_json(operation, wire::TimeFormat::api_seconds));
        }
        json::object body{{"Operations", std::move(operations)}};
        if (!page->next_marker.empty()) body["NextMarker"] = page->next_marker;
        respond({.status = 200, .headers = {}, .body = json::serialize(body)});
    });
}

void serve_tables(Server& server, const net::Request& request, const net::Respond& respond) {
    server.tables().handle(as_user(request, respond));
}

void serve_status(Server& server, const std::string& arn, const net::Respond& respond) {
    const auto head = core::find_execution(*server.disk().snapshot(), arn);
    if (!head) return respond(error_response(head.error()));
    const auto status = wire::to_string(head->status);
    respond({.status = 200, .headers = {}, .body = json::serialize(json::object{{"Status", status}})});
}

void serve_success(Server& server, const net::Request& request, const std::string& id, const net::Respond& respond) {
    server.executions().succeed_callback(id, request.body, [respond](const Result<std::monostate>& result) {
        respond(result ? net::Response{.status = 200, .headers = {}, .body = "{}"} : error_response(result.error()));
    });
}

}  // namespace

std::string name_of(const net::Request& request) {
    const std::string_view action = request.header("X-Amz-Target");
    if (!action.empty()) return std::string(action.substr(action.find('.') + 1));
    const std::string_view path = request.path();
    const std::string_view last = path.substr(path.rfind('/') + 1);
    return std::string(last == "checkpoint" || last == "state" || last == "succeed" ? last : "status");
}

Serve serve_function(net::Request request, Ledger& ledger) {
    return [request = std::move(request), &ledger](Server& server, const net::Respond& respond) {
        const std::string what = name_of(request);
        if (!request.header("X-Amz-Target").empty()) return serve_tables(server, request, respond);
        // /2025-12-01/durable-executions/<arn>, or with /<what>; the same for callbacks
        std::string_view path = request.path();
        if (what != "status") path = path.substr(0, path.rfind('/'));
        const std::string subject = percent_decode(path.substr(path.rfind('/') + 1));
        if (what == "checkpoint") return serve_checkpoint(server, request, subject, ledger, respond);
        if (what == "succeed") return serve_success(server, request, subject, respond);
        if (what == "status") return serve_status(server, subject, respond);
        serve_state(server, request, subject, respond);
    };
}

}  // namespace holdpoint::sim
