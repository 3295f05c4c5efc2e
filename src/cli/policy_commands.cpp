// approvals policies: the policies that requests may name, and the groups that they mean.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "approvals/domain/policy_history.hpp"
#include "approvals/repository/named_policies.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "stacks/document.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

struct Arguments : StackArguments {
    std::string file;
    bool drop = false;
};

/// The stack's policies, by the caller's own credentials.
approvals::NamedPolicies policies_of(Session& session, const Arguments& arguments) {
    return {session.client(), session.stack_output(arguments.stack, "SettingsTableName")};
}

/// The line of the place that a message begins with ("policies[0].name: …"), or of what is around it.
int line_of(const stacks::Document& document, const std::string& message) {
    std::string place = message.substr(0, message.find(": "));
    while (!place.empty()) {
        if (const auto known = document.lines.find(place); known != document.lines.end()) return known->second;
        const auto end = place.find_last_of(".[");
        place.resize(end == std::string::npos ? 0 : end);
    }
    return 1;
}

approvals::PolicyFile read_file(const std::string& path) {
    const auto document = stacks::read_document(read_text_file(path));
    if (!document) throw CommandError(fmt::format("{}: {}", path, document.error().message));
    auto file = approvals::read_policy_file(durable::Json::parse(json::serialize(document->root)));
    if (!file) {
        const std::string& message = file.error().message;
        throw CommandError(fmt::format("{}:{}: {}", path, line_of(*document, message), message));
    }
    return std::move(*file);
}

void check(const Arguments& arguments, const approvals::PolicyFile& stored, const approvals::PolicyFile& file,
           const std::vector<approvals::AuditRecord>& history) {
    auto ok = approvals::check_replacement(stored, file, arguments.drop);
    if (ok) ok = approvals::check_history(file, approvals::versions_in(history));
    if (!ok) throw CommandError(fmt::format("{}: {}", arguments.file, ok.error().message));
}

void put(const Arguments& arguments) {
    const approvals::PolicyFile file = read_file(arguments.file);
    Session session;
    approvals::NamedPolicies policies = policies_of(session, arguments);
    const approvals::StoredPolicies stored = require(policies.read());
    const SystemClock clock;
    SystemRandom random;
    const auto repository =
        approvals::make_repository(session.client(),
                                   {.approvals = session.stack_output(arguments.stack, "ApprovalsTableName"),
                                    .audit = arguments.stack + "-ApprovalEvents"},
                                   clock, random);
    check(arguments, stored.file, file, require(repository->trail(approvals::kPoliciesChain)));
    if (stored.file == file) {
        if (arguments.json) return print_json(json::object{{"revision", stored.revision}});
        return print("Policies and groups are these already.\n");
    }
    approvals::AuditEvent event = approvals::policies_put(stored.file, file, clock.now());
    event.actor = aws::xml_text(require(session.client().query("sts", "2011-06-15", "GetCallerIdentity", {})), "Arn");
    event.actor_proof = "aws";
    if (!require(policies.put(file, stored, *repository, event))) {
        throw CommandError("somebody else put policies at the same time; see what they are now with: policies show");
    }
    if (arguments.json) return print_json(json::object{{"revision", stored.revision + 1}});
    print(fmt::format("{} {} and {} {} from now on. Requests that were made before keep what they had.\n",
                      file.policies.size(), file.policies.size() == 1 ? "policy" : "policies", file.groups.size(),
                      file.groups.size() == 1 ? "group" : "groups"));
}

void show(const Arguments& arguments) {
    Session session;
    approvals::NamedPolicies policies = policies_of(session, arguments);
    const approvals::StoredPolicies stored = require(policies.read());
    if (arguments.json) {
        json::object all = json::parse(durable::to_json(stored.file).dump()).as_object();
        json::object digests;
        for (const approvals::Policy& policy : stored.file.policies)
            digests[policy.name] = require(approvals::resolve(stored.file, policy.name)).digest;
        all["digests"] = std::move(digests);
        return print_json(all);
    }
    Table table({"POLICY", "VERSION", "WHAT IT TAKES"});
    for (const approvals::Policy& policy : stored.file.policies) {
        const auto pinned = require(approvals::resolve(stored.file, policy.name));
        table.add(
            {printable(policy.name), std::to_string(policy.version), printable(approvals::describe(pinned, false))});
    }
    print(table.empty() ? "No policies.\n" : table.text());
    Table groups({"GROUP", "MEMBERS"});
    for (const auto& [name, members] : stored.file.groups) {
        std::string all;
        for (const std::string& member : members) all += (all.empty() ? "" : ", ") + member;
        groups.add({printable(name), members.empty() ? "(whoever proves to be in it)" : printable(all)});
    }
    if (!groups.empty()) print("\n" + groups.text());
}

}  // namespace

void add_policy_commands(CLI::App& approvals, int& status) {
    CLI::App* policies = approvals.add_subcommand("policies", "the policies that requests may name, and their groups");
    policies->require_subcommand(1);
    const CommandGroup<Arguments> group(*policies, status);
    const auto& arguments = group.arguments;
    CLI::App* put_command =
        group.add_for_stack("put", "keep the policies and groups of a file instead of those before", put);
    put_command->add_option("file", arguments->file, "JSON or YAML: policies, and groups with their members")
        ->required();
    put_command->add_flag("--drop", arguments->drop, "policies that the file does not have go away");
    group.add_for_stack("show", "the policies and groups as they are", show);
}

}  // namespace holdpoint::cli
