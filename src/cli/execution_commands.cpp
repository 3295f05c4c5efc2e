// executions …: durable executions of any function, through Lambda's own API.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/encoding.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/event_details.hpp"
#include "cli/masking.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

struct Arguments : StackArguments {
    std::string function;
    std::string status;
    std::string arn;
    std::string reason;
};

std::string path_of(const std::string& arn) {
    if (!arn.starts_with("arn:")) {
        throw UsageError(fmt::format(
            "'{}': expected an execution's ARN; `holdpoint executions list --function FUNCTION` has them", arn));
    }
    return "/2025-12-01/durable-executions/" + percent_encode(arn);
}

/// Every page of a listing, appended under `member`.
json::array pages(Session& session, const std::string& path, const aws::Parameters& query, std::string_view member) {
    json::array all;
    std::string marker;
    do {
        aws::Parameters page_query = query;
        if (!marker.empty()) page_query.emplace_back("Marker", marker);
        const json::value page = session.lambda("GET", path, page_query);
        for (const json::value& element : page.at(member).as_array()) all.push_back(element);
        marker = text_of(page, "NextMarker");
    } while (!marker.empty());
    return all;
}

void list(const Arguments& arguments) {
    Session session;
    const std::string function = session.function_or_workflow(arguments.function, arguments.stack);
    aws::Parameters query;
    if (!arguments.status.empty()) query.emplace_back("Statuses", arguments.status);
    const json::array found =
        pages(session, "/2025-12-01/functions/" + percent_encode(function) + "/durable-executions", query,
              "DurableExecutions");
    if (arguments.json) return print_json(found);
    Table table({"STATUS", "STARTED", "ENDED", "ARN"});
    for (const json::value& execution : found) {
        table.add({text_of(execution, "Status"), time_of(execution, "StartTimestamp"),
                   time_of(execution, "EndTimestamp"), text_of(execution, "DurableExecutionArn")});
    }
    print(table.empty() ? "No executions.\n" : table.text());
}

void show(const Arguments& arguments) {
    Session session;
    json::value execution = session.lambda("GET", path_of(arguments.arn));
    mask_callback_ids(execution);
    if (arguments.json) return print_json(execution);
    for (const std::string_view field : {"DurableExecutionName", "FunctionArn", "Version", "Status"}) {
        print(fmt::format("{:<22} {}\n", field, text_of(execution, field)));
    }
    for (const std::string_view field : {"StartTimestamp", "EndTimestamp"}) {
        print(fmt::format("{:<22} {}\n", field, time_of(execution, field)));
    }
    for (const std::string_view field : {"InputPayload", "Result", "Error"}) {
        const std::string value = text_of(execution, field);
        if (!value.empty()) print(fmt::format("{:<22} {}\n", field, printable(value)));
    }
}

void history(const Arguments& arguments) {
    Session session;
    json::value events =
        pages(session, path_of(arguments.arn) + "/history", {{"IncludeExecutionData", "true"}}, "Events");
    mask_callback_ids(events);
    if (arguments.json) return print_json(events);
    Table table({"ID", "TIME", "EVENT", "NAME", "DETAILS"});
    for (const json::value& event : events.as_array()) {
        table.add({text_of(event, "EventId"), time_of(event, "EventTimestamp"), text_of(event, "EventType"),
                   text_of(event, "Name"), event_details(event)});
    }
    print(table.text());
}

void stop(const Arguments& arguments) {
    Session session;
    std::string body;
    if (!arguments.reason.empty()) {
        body = json::serialize(json::object{{"ErrorType", "StoppedByOperator"}, {"ErrorMessage", arguments.reason}});
    }
    const json::value answer = session.lambda("POST", path_of(arguments.arn) + "/stop", {}, body);
    if (arguments.json) return print_json(answer);
    // The service answers in the same way for what had ended by itself.
    const json::value execution = session.lambda("GET", path_of(arguments.arn));
    const std::string status = text_of(execution, "Status");
    print(fmt::format("{} {}.\n",
                      status == "STOPPED" ? "Stopped at" : "Nothing to stop: it has ended, as " + status + " at",
                      time_of(answer, "StopTimestamp")));
}

}  // namespace

void add_execution_commands(CLI::App& app, int& status) {
    CLI::App* executions = app.add_subcommand("executions", "list, show and stop durable executions");
    executions->require_subcommand(1);
    const CommandGroup<Arguments> group(*executions, status);
    const auto& arguments = group.arguments;
    CLI::App* list_command = group.add_for_stack("list", "executions of a function, newest first", list);
    list_command->add_option("--function", arguments->function, "default: the approvals workflow of the stack");
    list_command->add_option("--status", arguments->status, "RUNNING, SUCCEEDED, FAILED, TIMED_OUT or STOPPED");
    CLI::App* stop_command = nullptr;
    for (CLI::App* command : {group.add("show", "one execution", show),
                              group.add("history", "its events; callback ids are masked", history),
                              stop_command = group.add("stop", "stop it", stop)}) {
        command->add_option("arn", arguments->arn, "the execution's ARN")->required();
    }
    stop_command->add_option("--reason", arguments->reason, "kept as the execution's error");
}

}  // namespace holdpoint::cli
