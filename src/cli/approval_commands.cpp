// approvals …: testing and managing approvals through the deployed functions, here or on AWS.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <optional>
#include <thread>

#include "approvals/repository/agreements.hpp"
#include "approvals/repository/repository.hpp"
#include "base/encoding.hpp"
#include "base/text.hpp"
#include "cli/approval_text.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

constexpr std::int64_t kListPageMax = 100;  // of the API's list
constexpr std::chrono::seconds kWatchEvery{1};
/// How long `submit` waits for the request's record: a cold start, and retries where a service is slow.
constexpr std::chrono::seconds kRecordWithin{30};
constexpr std::chrono::milliseconds kLookEvery{100};

struct Arguments : StackArguments {
    std::string approval_id;
    std::string status;
    std::int64_t limit = 20;
    std::string approver;
    std::string comments;
    std::string shown_digest;
    std::string stage;
    std::vector<std::string> fields;
    std::optional<std::string> link;
    // submit
    std::string document_id;
    std::string document_name;
    std::string requester;
    std::string timeout;
    std::optional<std::string> event;
    std::string name;
    bool wait = false;
    bool quiet = false;
    bool audit = false;
};

/// As many as are asked for, in as many pages as that takes; with the token of what comes next, if there is more.
json::object read_list(Session& session, const Arguments& arguments) {
    json::object event{{"action", "list"}};
    if (!arguments.status.empty()) event["status"] = arguments.status;
    json::array approvals;
    json::array unreadable;
    while (true) {
        const auto left = arguments.limit - static_cast<std::int64_t>(approvals.size());
        event["limit"] = std::min(left, kListPageMax);
        json::object page = session.approval_api(arguments.stack, event).as_object();
        for (json::value& approval : page["approvals"].as_array()) approvals.push_back(std::move(approval));
        if (json::value* others = page.if_contains("unreadable")) {
            for (json::value& other : others->as_array()) unreadable.push_back(std::move(other));
        }
        const json::value* more = page.if_contains("next_token");
        if (more == nullptr || std::ssize(approvals) >= arguments.limit) {
            page["approvals"] = std::move(approvals);
            if (!unreadable.empty()) page["unreadable"] = std::move(unreadable);
            return page;
        }
        event["next_token"] = *more;
    }
}

void list(const Arguments& arguments) {
    Session session;
    const json::object body = read_list(session, arguments);
    if (const json::value* unreadable = body.if_contains("unreadable")) {
        for (const json::value& request : unreadable->as_array()) {
            fmt::print(stderr, "holdpoint: warning: {}: its record cannot be read ({})\n",
                       printable(text_of(request, "approval_id")), printable(text_of(request, "problem")));
        }
    }
    if (arguments.json) return print_json(body);
    Table table({"APPROVAL", "STATUS", "DOCUMENT", "REQUESTER", "CREATED", "EXPIRES", "APPROVER"});
    for (const json::value& approval : body.at("approvals").as_array()) {
        table.add({text_of(approval, "approval_id"), text_of(approval, "status"),
                   printable(text_of(approval, "document_name")), printable(text_of(approval, "requester")),
                   short_time(text_of(approval, "created_at")), short_time(text_of(approval, "expires_at")),
                   printable(text_of(approval, "approver"))});
    }
    print(table.empty() ? "No approvals.\n" : table.text());
    if (body.contains("next_token"))
        print(fmt::format("There may be more than these {}: --limit shows more.\n",
                          body.at("approvals").as_array().size()));
}

/// What `read` takes from the stack's tables, with the caller's own rights.
template <class Read>
auto read_tables(Session& session, const Arguments& arguments, Read read) {
    const SystemClock clock;
    SystemRandom random;
    const approvals::TableNames tables{.approvals = session.stack_output(arguments.stack, "ApprovalsTableName"),
                                       .audit = arguments.stack + "-ApprovalEvents"};
    return require(read(*approvals::make_repository(session.client(), tables, clock, random)));
}

std::vector<approvals::AuditRecord> read_trail(Session& session, const Arguments& arguments) {
    return read_tables(session, arguments, [&](auto& repository) { return repository.trail(arguments.approval_id); });
}

std::string execution_of(Session& session, const Arguments& arguments) {
    const auto record =
        read_tables(session, arguments, [&](auto& repository) { return repository.find(arguments.approval_id); });
    if (!record) throw CommandError(fmt::format("the record of {} is gone", arguments.approval_id));
    return record->execution_arn;
}

json::array trail_json(const std::vector<approvals::AuditRecord>& trail) {
    json::array records;
    for (const auto& record : trail) {
        json::object members{{"seq", record.seq},
                             {"at", record.at},
                             {"event", record.event},
                             {"actor_proof", record.actor_proof},
                             {"details", json::value_from(record.details)},
                             {"shown_digest", record.shown_digest},
                             {"prev_hash", record.prev_hash},
                             {"hash", record.hash}};
        for (const auto& [name, field] : record.personal) members[name] = field.value;
        records.push_back(std::move(members));
    }
    return records;
}

void get(const Arguments& arguments) {
    Session session;
    json::value body =
        session.approval_api(arguments.stack, {{"action", "get"}, {"approval_id", arguments.approval_id}});
    if (!arguments.audit) return arguments.json ? print_json(body) : print(approval_text(body));
    const auto trail = read_trail(session, arguments);
    auto problems = approvals::verify_chain(trail);
    const bool is_whole = problems.empty();
    // What is shown here is the record.
    for (std::string& unlike : read_tables(session, arguments, [&](auto& repository) {
             return approvals::check_agreement(repository, arguments.approval_id);
         })) {
        problems.push_back(std::move(unlike));
    }
    if (arguments.json) {
        body.as_object()["audit"] = trail_json(trail);
        body.as_object()["audit_problems"] = json::value_from(problems);
        print_json(body);
    } else {
        print(approval_text(body));
        print("\n" + trail_text(trail));
        if (is_whole) print(fmt::format("The chain of {} records is whole.\n", trail.size()));
    }
    if (problems.empty()) return;
    std::string all;
    for (const std::string& problem : problems) all += "\n  " + problem;
    throw CommandError(
        (is_whole ? "the record of the request was tampered with:" : "the audit trail was tampered with:") + all);
}

void decide(const Arguments& arguments, std::string_view decision) {
    Session session;
    json::object event{{"action", "decide"},
                       {"approval_id", arguments.approval_id},
                       {"decision", decision},
                       {"approver", arguments.approver}};
    if (!arguments.comments.empty()) event["comments"] = arguments.comments;
    if (!arguments.shown_digest.empty()) event["shown_digest"] = arguments.shown_digest;
    if (!arguments.stage.empty()) event["stage"] = arguments.stage;
    const json::value body = session.approval_api(arguments.stack, event);
    arguments.json ? print_json(body) : print(approval_text(body));
}

/// "amount=120" sets a field, "amount=" takes it away.
json::object read_fields(const std::vector<std::string>& given) {
    json::object fields;
    for (const std::string& field : given) {
        const auto sign = field.find('=');
        if (sign == std::string::npos || sign == 0) {
            throw UsageError(fmt::format("--field: expected NAME=VALUE, found '{}'", field));
        }
        const std::string name = field.substr(0, sign);
        const std::string value = field.substr(sign + 1);
        if (fields.contains(name)) throw UsageError(fmt::format("--field: '{}' is there twice", name));
        fields[name] = value.empty() ? json::value(nullptr) : json::value(value);
    }
    return fields;
}

void amend(const Arguments& arguments) {
    Session session;
    json::object event{{"action", "amend"}, {"approval_id", arguments.approval_id}, {"requester", arguments.requester}};
    if (!arguments.document_name.empty()) event["document_name"] = arguments.document_name;
    if (arguments.link) event["link"] = arguments.link->empty() ? json::value(nullptr) : json::value(*arguments.link);
    if (!arguments.fields.empty()) event["fields"] = read_fields(arguments.fields);
    const json::value body = session.approval_api(arguments.stack, event);
    arguments.json ? print_json(body) : print(approval_text(body));
}

std::string why_ended(const json::value& execution) {
    const json::value* error = execution.as_object().if_contains("Error");
    return fmt::format("the workflow ended as {}: {}", text_of(execution, "Status"),
                       error == nullptr ? "" : text_of(*error, "ErrorMessage"));
}

void print_result(const Arguments& arguments, const json::value& execution) {
    if (text_of(execution, "Status") != "SUCCEEDED") throw CommandError(why_ended(execution));
    const json::value result = json::parse(text_of(execution, "Result"));
    if (arguments.json) return print_json(result);
    for (const auto& [name, value] : result.as_object()) {
        print(fmt::format("{:<14} {}\n", std::string_view(name), printable(text_of(result, name))));
    }
}

json::value show_execution(Session& session, const std::string& arn) {
    return session.lambda("GET", "/2025-12-01/durable-executions/" + percent_encode(arn));
}

/// Whether an execution has made its request.
bool has_record(Session& session, const std::string& arn) {
    const json::value page =
        session.lambda("GET", "/2025-12-01/durable-executions/" + percent_encode(arn) + "/history");
    return std::ranges::any_of(page.at("Events").as_array(), [](const json::value& event) {
        return text_of(event, "EventType") == "StepSucceeded" && text_of(event, "Name") == "create-approval-request";
    });
}

/// The id of the request, as soon as its record is there; CommandError when the workflow refused the event.
std::string wait_for_record(Session& session, const std::string& arn) {
    const SystemClock clock;
    for (const Milliseconds end = clock.monotonic() + kRecordWithin; clock.monotonic() < end;
         std::this_thread::sleep_for(kLookEvery)) {
        if (has_record(session, arn)) return approvals::approval_id_of(arn);
        const json::value execution = show_execution(session, arn);
        if (text_of(execution, "Status") != "RUNNING") throw CommandError(why_ended(execution));
    }
    throw CommandError(
        fmt::format("the workflow has no record yet after {} s; it goes on: holdpoint executions show {}",
                    kRecordWithin.count(), arn));
}

void wait_for_execution(Session& session, const Arguments& arguments, const std::string& arn) {
    while (true) {
        const json::value execution = show_execution(session, arn);
        if (text_of(execution, "Status") != "RUNNING") return print_result(arguments, execution);
        if (!arguments.json) std::fputc('.', stderr);
        std::this_thread::sleep_for(kWatchEvery);
    }
}

/// As it was given: what stands twice in it is for the workflow to refuse.
void check_whole_event(const std::string& text) {
    json::stream_parser parser;
    boost::system::error_code problem;
    const std::size_t read = parser.write_some(text, problem);
    if (!problem && read < text.size()) problem = json::error::extra_data;
    if (!problem) parser.finish(problem);
    if (problem)
        throw UsageError(
            fmt::format("--event: no JSON from character {} on: {}; expected the event itself, such as --event "
                        "\"$(cat event.json)\"",
                        read + 1, problem.message()));
    const json::value event = parser.release();
    if (!event.is_object()) {
        throw UsageError(
            fmt::format("--event: expected a JSON object, found a JSON {}", json::to_string(event.kind())));
    }
}

std::string read_event(const Arguments& arguments) {
    if (arguments.event) {
        check_whole_event(*arguments.event);
        return *arguments.event;
    }
    std::vector<std::string_view> missing;
    for (const auto& [option, value] :
         {std::pair{"--document-id", &arguments.document_id}, std::pair{"--document-name", &arguments.document_name},
          std::pair{"--requester", &arguments.requester}}) {
        if (value->empty()) missing.emplace_back(option);
    }
    if (!missing.empty()) {
        throw UsageError(fmt::format("expected {}, or the whole event with --event", fmt::join(missing, ", ")));
    }
    json::object event{{"document_id", arguments.document_id},
                       {"document_name", arguments.document_name},
                       {"requester", arguments.requester}};
    if (!arguments.timeout.empty()) {
        const auto seconds = read_number<std::int64_t>(arguments.timeout);
        if (!seconds) throw UsageError("--timeout must be a whole number of seconds");
        event["timeout_seconds"] = *seconds;
    }
    return json::serialize(event);
}

void submit(const Arguments& arguments) {
    const std::string event = read_event(arguments);
    Session session;
    const std::string function = session.stack_output(arguments.stack, "WorkflowFunctionName");
    // Publishing what is published already answers that version.
    const json::value version =
        session.lambda("POST", "/2015-03-31/functions/" + percent_encode(function) + "/versions", {}, "{}");
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(function) + "/invocations";
    request.query = {{"Qualifier", text_of(version, "Version")}};
    request.headers = {{"X-Amz-Invocation-Type", "Event"}};
    if (!arguments.name.empty()) request.headers.emplace_back("X-Amz-Durable-Execution-Name", arguments.name);
    request.body = event;
    request.idempotent = !arguments.name.empty();  // a name is started once, however often it is sent
    const net::Response response = require(session.client().rest("lambda", request));
    const std::string arn(response.header("X-Amz-Durable-Execution-Arn"));
    const std::string approval_id = wait_for_record(session, arn);
    if (arguments.quiet) {
        print(approval_id + "\n");
    } else if (!arguments.json) {
        print(fmt::format("{:<14} {}\n{:<14} {}\n", "approval_id", approval_id, "execution", arn));
    } else if (!arguments.wait) {
        print_json(json::object{
            {"approval_id", approval_id}, {"execution_arn", arn}, {"function_version", text_of(version, "Version")}});
    }
    if (arguments.wait) wait_for_execution(session, arguments, arn);
}

void watch(const Arguments& arguments) {
    Session session;
    std::string arn;
    std::optional<std::string> ended;
    while (true) {
        const json::value body =
            session.approval_api(arguments.stack, {{"action", "get"}, {"approval_id", arguments.approval_id}});
        const bool is_over = text_of(body, "status") != "pending";
        if ((is_over || ended) && !arguments.json) std::fputc('\n', stderr);
        if (is_over) return arguments.json ? print_json(body) : print(approval_text(body));
        // The record was read once more after its workflow had ended: nobody will decide it.
        if (ended) throw CommandError(fmt::format("{} stays pending: {}", arguments.approval_id, *ended));
        if (arn.empty()) arn = execution_of(session, arguments);
        const json::value execution = show_execution(session, arn);
        if (text_of(execution, "Status") != "RUNNING") {
            ended = why_ended(execution);
            continue;
        }
        if (!arguments.json) std::fputc('.', stderr);
        std::this_thread::sleep_for(kWatchEvery);
    }
}

}  // namespace

void add_approval_commands(CLI::App& app, int& status) {
    CLI::App* approvals = app.add_subcommand("approvals", "submit, list and decide approvals");
    approvals->require_subcommand(1);
    const CommandGroup<Arguments> group(*approvals, status);
    const auto& arguments = group.arguments;
    CLI::App* submit_command = group.add_for_stack("submit", "start a workflow that asks for approval", submit);
    const std::array parts{
        submit_command->add_option("--document-id", arguments->document_id, "what is to be approved"),
        submit_command->add_option("--document-name", arguments->document_name, "its name, for people"),
        submit_command->add_option("--requester", arguments->requester, "who asks"),
        submit_command->add_option("--timeout", arguments->timeout, "seconds until it times out")};
    CLI::Option* whole =
        submit_command->add_option("--event", arguments->event, "the whole event as JSON, instead of the above");
    for (CLI::Option* part : parts) whole->excludes(part);
    submit_command->add_option("--name", arguments->name,
                               "of the durable execution: the same submission again is the request that is there");
    submit_command->add_flag("--wait", arguments->wait, "wait for the result");
    submit_command->add_flag("--quiet", arguments->quiet, "print the approval's id alone");

    CLI::App* list_command = group.add_for_stack("list", "requests, newest first", list);
    list_command->add_option("--status", arguments->status,
                             "pending, approved, rejected or timeout (default: pending)");
    list_command->add_option("--limit", arguments->limit, "at most this many")->capture_default_str();

    CLI::App* get_command = group.add_for_stack("get", "show one request", get);
    get_command->add_flag("--audit", arguments->audit, "with its audit trail, verified");
    for (CLI::App* command : {get_command, group.add_for_stack("watch", "wait until it is decided", watch)}) {
        command->add_option("approval_id", arguments->approval_id, "the request")->required();
    }
    const auto add_decision = [&](const std::string& name, const std::string& what, const std::string& decision) {
        CLI::App* command =
            group.add_for_stack(name, what, [decision](const Arguments& given) { decide(given, decision); });
        command->add_option("approval_id", arguments->approval_id, "the request")->required();
        command->add_option("--approver", arguments->approver, "who decides")->required();
        command->add_option("--shown-digest", arguments->shown_digest,
                            "of what the approver saw, as `approvals get` prints it: refused when the document is "
                            "another one by now, and recorded");
        command->add_option("--stage", arguments->stage,
                            "where it counts; without it, in the first where they may vote");
        return command->add_option("--comments", arguments->comments, "why");
    };
    add_decision("approve", "approve a request", "approved");
    add_decision("reject", "reject a request", "rejected");
    add_decision("request-changes", "ask the requester to change the document; the request waits on",
                 "changes_requested")
        ->description("what has to change")
        ->required();
    CLI::App* amend_command = group.add_for_stack(
        "amend", "change the document of a pending request that is amendable; votes start anew", amend);
    amend_command->add_option("approval_id", arguments->approval_id, "the request")->required();
    amend_command->add_option("--requester", arguments->requester, "who made it, and changes it")->required();
    amend_command->add_option("--document-name", arguments->document_name, "the document's new name");
    amend_command->add_option("--link", arguments->link, "where it is now; empty: nowhere");
    amend_command->add_option("--field", arguments->fields,
                              "NAME=VALUE of what approvers see, NAME= to take it away; may be given several times");
    add_policy_commands(*approvals, status);
    add_sign_in_commands(*approvals, status);
    add_mail_commands(*approvals, status);
}

}  // namespace holdpoint::cli
