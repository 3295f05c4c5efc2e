// logs: what functions wrote, through the CloudWatch Logs API.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <set>
#include <thread>

#include "base/encoding.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kFollowEvery{500};

struct Arguments {
    std::string stack = "app-sam";
    std::string function;
    std::string filter;
    std::string since = "10m";
    bool follow = false;
    bool json = false;
};

/// `30s`, `10m`, `2h`, `1d`
std::chrono::seconds read_duration(const std::string& text) {
    constexpr std::chrono::seconds kMax = std::chrono::years(100);
    const std::string_view number = std::string_view(text).substr(0, text.empty() ? 0 : text.size() - 1);
    const std::chrono::seconds unit = text.ends_with('s')   ? std::chrono::seconds(1)
                                      : text.ends_with('m') ? std::chrono::minutes(1)
                                      : text.ends_with('h') ? std::chrono::hours(1)
                                      : text.ends_with('d') ? std::chrono::days(1)
                                                            : std::chrono::seconds(0);
    const auto count = read_number<std::int64_t>(number);
    if (count && *count >= 0 && unit.count() > 0 && *count <= kMax / unit) return *count * unit;
    throw UsageError(fmt::format("--since '{}': expected a number and s, m, h or d, at most a hundred years", text));
}

void print_event(const json::value& event, bool as_json) {
    if (as_json) return print(json::serialize(event) + "\n");
    const std::string at = to_iso8601(from_epoch_ms(event.at("timestamp").to_number<std::int64_t>()));
    print(fmt::format("{} {}\n", at, printable(text_of(event, "message"), true)));
}

/// Where a function's lines are: where its LoggingConfig says; of one that is gone, where lines are by default.
std::string group_of(Session& session, const std::string& function) {
    try {
        const json::value made =
            session.lambda("GET", "/2015-03-31/functions/" + percent_encode(function) + "/configuration");
        return text_of(made.at("LoggingConfig"), "LogGroup");
    } catch (const CommandError&) {
        return "/aws/lambda/" + function;
    }
}

json::object page_of(Session& session, const json::object& request) {
    auto page = session.client().json("logs", "Logs_20140328.FilterLogEvents", request);
    if (page || page.error().name != "ResourceNotFoundException") return require(std::move(page));
    throw CommandError(fmt::format(
        "there is no log group {}: no function has written to it; `aws lambda list-functions` has the functions",
        text_of(request, "logGroupName")));
}

void run(const Arguments& arguments) {
    const std::chrono::seconds since = read_duration(arguments.since);
    Session session;
    const std::string group = group_of(session, session.function_or_workflow(arguments.function, arguments.stack));
    std::int64_t from = to_epoch_ms(SystemClock().now() - since);
    std::set<std::string> shown;  // of the last millisecond that was read
    do {
        json::object request{{"logGroupName", group}, {"startTime", from}};
        if (!arguments.filter.empty()) request["filterPattern"] = arguments.filter;
        std::string token;
        do {
            if (!token.empty()) request["nextToken"] = token;
            const json::object page = page_of(session, request);
            for (const json::value& event : page.at("events").as_array()) {
                const std::int64_t at = event.at("timestamp").to_number<std::int64_t>();
                if (at > from) shown.clear();
                from = std::max(from, at);
                if (shown.insert(text_of(event, "eventId")).second) print_event(event, arguments.json);
            }
            token = text_of(page, "nextToken");
        } while (!token.empty());
        if (shown.empty() && !arguments.follow && !arguments.json) {
            std::fprintf(stderr, "No lines%s in the last %s; --since 1d looks further back.\n",
                         arguments.filter.empty() ? "" : " like that", arguments.since.c_str());
        }
        if (arguments.follow) std::this_thread::sleep_for(kFollowEvery);
    } while (arguments.follow);
}

}  // namespace

void add_log_command(CLI::App& app, int& status) {
    const auto arguments = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("logs", "what a function wrote");
    command->add_option("function", arguments->function, "default: the approvals workflow of the stack");
    command->add_option("--stack-name", arguments->stack, "the approvals stack")->capture_default_str();
    command->add_option("--filter", arguments->filter, "a CloudWatch Logs filter pattern");
    command->add_option("--since", arguments->since, "such as 30s, 10m, 2h, 1d")->capture_default_str();
    command->add_flag("--follow", arguments->follow, "go on until Ctrl-C");
    command->add_flag("--json", arguments->json, "one JSON object for each line");
    command->callback([=, &status] { run_command(status, [&] { run(*arguments); }); });
}

}  // namespace holdpoint::cli
