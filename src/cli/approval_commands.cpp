// approvals …: testing and managing approvals through the deployed functions, here or on AWS.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <thread>

#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kWatchEvery{1};

struct Arguments {
    std::string stack = "app-sam";
    bool json = false;
    std::string approval_id;
    std::string status;
    int limit = 20;
    std::string approver;
    std::string comments;
    // submit
    std::string document_id;
    std::string document_name;
    std::string requester;
    std::string timeout;
    std::string event;
    bool wait = false;
};

std::string output(Session& session, const Arguments& arguments, const std::string& key) {
    auto outputs = session.stack_outputs(arguments.stack);
    if (!outputs.contains(key)) {
        throw CommandError(fmt::format("stack {} has no output {}; is it the approvals stack?", arguments.stack, key));
    }
    return outputs[key];
}

/// Calls the approval API function; its body, or a CommandError with its refusal.
json::value call_api(Session& session, const Arguments& arguments, const json::object& event) {
    const json::value answer = session.invoke(output(session, arguments, "ApprovalApiFunctionName"), event);
    const json::value body = json::parse(text_of(answer, "body"));
    if (answer.at("statusCode").to_number<int>() == 200) return body;
    const json::value& error = body.at("error");
    throw CommandError(text_of(error, "code") + ": " + text_of(error, "message"));
}

void print_approval(const json::value& approval) {
    constexpr std::string_view kFields[] = {"approval_id", "status",     "document_id", "document_name",
                                            "requester",   "created_at", "expires_at",  "decision",
                                            "approver",    "comments",   "decided_at"};
    for (const std::string_view field : kFields) {
        const std::string value = text_of(approval, field);
        if (!value.empty()) print(fmt::format("{:<14} {}\n", field, printable(value)));
    }
}

void list(const Arguments& arguments) {
    Session session;
    json::object event{{"action", "list"}, {"limit", arguments.limit}};
    if (!arguments.status.empty()) event["status"] = arguments.status;
    const json::value body = call_api(session, arguments, event);
    if (arguments.json) return print_json(body);
    Table table({"APPROVAL", "STATUS", "DOCUMENT", "REQUESTER", "CREATED", "EXPIRES", "APPROVER"});
    for (const json::value& approval : body.at("approvals").as_array()) {
        table.add({text_of(approval, "approval_id"), text_of(approval, "status"),
                   printable(text_of(approval, "document_name")), printable(text_of(approval, "requester")),
                   short_time(text_of(approval, "created_at")), short_time(text_of(approval, "expires_at")),
                   printable(text_of(approval, "approver"))});
    }
    print(table.empty() ? "No approvals.\n" : table.text());
}

void get(const Arguments& arguments) {
    Session session;
    const json::value body = call_api(session, arguments, {{"action", "get"}, {"approval_id", arguments.approval_id}});
    arguments.json ? print_json(body) : print_approval(body);
}

void decide(const Arguments& arguments, std::string_view decision) {
    Session session;
    json::object event{{"action", "decide"},
                       {"approval_id", arguments.approval_id},
                       {"decision", decision},
                       {"approver", arguments.approver}};
    if (!arguments.comments.empty()) event["comments"] = arguments.comments;
    const json::value body = call_api(session, arguments, event);
    arguments.json ? print_json(body) : print_approval(body);
}

void print_result(const Arguments& arguments, const json::value& execution) {
    const std::string status = text_of(execution, "Status");
    if (status != "SUCCEEDED") {
        const json::object* members = execution.if_object();
        const json::value* error = members->if_contains("Error");
        throw CommandError(fmt::format("the workflow ended as {}: {}", status,
                                       error == nullptr ? "" : text_of(*error, "ErrorMessage")));
    }
    const json::value result = json::parse(text_of(execution, "Result"));
    if (arguments.json) return print_json(result);
    for (const auto& [name, value] : result.as_object()) {
        print(fmt::format("{:<14} {}\n", std::string_view(name), printable(text_of(result, name))));
    }
}

void wait_for_execution(Session& session, const Arguments& arguments, const std::string& arn) {
    while (true) {
        const json::value execution =
            session.lambda("GET", "/2025-12-01/durable-executions/" + percent_encode(arn), {});
        if (text_of(execution, "Status") != "RUNNING") return print_result(arguments, execution);
        if (!arguments.json) std::fputc('.', stderr);
        std::this_thread::sleep_for(kWatchEvery);
    }
}

json::object read_event(const Arguments& arguments) {
    if (!arguments.event.empty()) {
        boost::system::error_code problem;
        const json::value event = json::parse(arguments.event, problem);
        if (problem || !event.is_object()) throw CommandError("--event must be a JSON object");
        return event.get_object();
    }
    json::object event{{"document_id", arguments.document_id},
                       {"document_name", arguments.document_name},
                       {"requester", arguments.requester}};
    if (!arguments.timeout.empty()) {
        std::int64_t seconds = 0;
        const char* last = arguments.timeout.data() + arguments.timeout.size();
        const auto [end, error] = std::from_chars(arguments.timeout.data(), last, seconds);
        if (error != std::errc{} || end != last) throw CommandError("--timeout must be a whole number of seconds");
        event["timeout_seconds"] = seconds;
    }
    return event;
}

void submit(const Arguments& arguments) {
    Session session;
    const json::object event = read_event(arguments);
    const std::string function = output(session, arguments, "WorkflowFunctionName");
    // Publishing what is published already answers that version.
    const json::value version =
        session.lambda("POST", "/2015-03-31/functions/" + percent_encode(function) + "/versions", {}, "{}");
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(function) + "/invocations";
    request.query = {{"Qualifier", text_of(version, "Version")}};
    request.headers = {{"X-Amz-Invocation-Type", "Event"}};
    request.body = json::serialize(event);
    request.idempotent = false;
    const net::Response response = require(session.client().rest("lambda", request));
    const std::string arn(response.header("X-Amz-Durable-Execution-Arn"));
    if (arguments.json && !arguments.wait) {
        return print_json(json::object{{"execution_arn", arn}, {"function_version", text_of(version, "Version")}});
    }
    if (!arguments.json) print(fmt::format("Submitted: {}\n", arn));
    if (arguments.wait) wait_for_execution(session, arguments, arn);
}

void watch(const Arguments& arguments) {
    Session session;
    while (true) {
        const json::value body =
            call_api(session, arguments, {{"action", "get"}, {"approval_id", arguments.approval_id}});
        if (text_of(body, "status") != "pending") {
            if (!arguments.json) std::fputc('\n', stderr);
            return arguments.json ? print_json(body) : print_approval(body);
        }
        if (!arguments.json) std::fputc('.', stderr);
        std::this_thread::sleep_for(kWatchEvery);
    }
}

void outbox(const Arguments& arguments) {
    Session session;
    const std::string xml = require(session.client().query("sns", "2010-03-31", "HoldpointListOutbox", {}));
    json::array mails;
    for (const std::string& member : aws::xml_each(xml, "member")) {
        mails.push_back({{"to", aws::xml_text(member, "To")},
                         {"subject", aws::xml_text(member, "Subject")},
                         {"at", aws::xml_text(member, "At")},
                         {"body", aws::xml_text(member, "Body")}});
    }
    if (arguments.json) return print_json(mails);
    if (mails.empty()) print("The outbox is empty.\n");
    for (const json::value& mail : mails) {
        print(fmt::format("To:      {}\nAt:      {}\nSubject: {}\n\n{}\n----\n", printable(text_of(mail, "to")),
                          text_of(mail, "at"), printable(text_of(mail, "subject")),
                          printable(text_of(mail, "body"), true)));
    }
}

}  // namespace

void add_approval_commands(CLI::App& app, int& status) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* group = app.add_subcommand("approvals", "submit, list and decide approvals");
    group->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& what, auto run) {
        CLI::App* command = group->add_subcommand(name, what);
        command->add_option("--stack-name", arguments->stack, "the approvals stack")->capture_default_str();
        command->add_flag("--json", arguments->json, "print JSON");
        command->callback([=, &status] { run_command(status, [&] { run(*arguments); }); });
        return command;
    };
    CLI::App* submit_command = add("submit", "start a workflow that asks for approval", submit);
    submit_command->add_option("--document-id", arguments->document_id, "what is to be approved");
    submit_command->add_option("--document-name", arguments->document_name, "its name, for people");
    submit_command->add_option("--requester", arguments->requester, "who asks");
    submit_command->add_option("--timeout", arguments->timeout, "seconds until it times out");
    submit_command->add_option("--event", arguments->event, "the whole event as JSON, instead of the above");
    submit_command->add_flag("--wait", arguments->wait, "wait for the result");

    CLI::App* list_command = add("list", "requests, newest first", list);
    list_command->add_option("--status", arguments->status,
                             "pending, approved, rejected or timeout (default: pending)");
    list_command->add_option("--limit", arguments->limit, "at most this many")->capture_default_str();

    for (CLI::App* command : {add("get", "show one request", get), add("watch", "wait until it is decided", watch)}) {
        command->add_option("approval_id", arguments->approval_id, "the request")->required();
    }
    for (const std::string decision : {"approve", "reject"}) {
        CLI::App* command = add(decision, decision + " a request", [decision](const Arguments& given) {
            decide(given, decision == "approve" ? "approved" : "rejected");
        });
        command->add_option("approval_id", arguments->approval_id, "the request")->required();
        command->add_option("--approver", arguments->approver, "who decides")->required();
        command->add_option("--comments", arguments->comments, "why");
    }
    add("outbox", "e-mail that the local server would have sent", outbox);
}

}  // namespace holdpoint::cli
