// audit export, verify, seal, erase: what an auditor does with the trails of all approvals.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "approvals/domain/chain_walk.hpp"
#include "approvals/domain/erasures.hpp"
#include "approvals/domain/export_check.hpp"
#include "approvals/domain/export_writer.hpp"
#include "approvals/domain/people.hpp"
#include "approvals/domain/reading.hpp"
#include "approvals/domain/texts.hpp"
#include "approvals/repository/audit_store.hpp"
#include "approvals/repository/repository.hpp"
#include "approvals/repository/signing_keys.hpp"
#include "approvals/repository/stack_check.hpp"
#include "base/scratch_file.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/export_files.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// Several may seal at once; each loser seals after the winner.
constexpr int kSealAttempts = 10;
constexpr std::string_view kNothingSealed =
    "no sealed statement is here, so chains that were taken out as a whole, or cut off at their end, cannot be found "
    "(holdpoint audit seal)";

struct Arguments {
    std::string stack;
    bool json = false;
    std::string folder;
    std::string sealed;
    std::string approval_id;
    std::string person;
    std::vector<std::string> fields;
    bool yes = false;
};

using Problems = std::vector<std::string>;

void add(Problems& all, const Problems& more) {
    all.insert(all.end(), more.begin(), more.end());
}

void require_done(const Result<void>& result) {
    if (!result) throw CommandError(result.error().name + ": " + result.error().message);
}

/// The tables and keys of a stack, by the caller's own credentials.
class Stack {
public:
    explicit Stack(const std::string& name)
        : name_(name),
          audit_table_(name + "-ApprovalEvents"),
          store_(session_.client(), audit_table_, output("SettingsTableName")),
          keys_(session_.client(), output("SettingsTableName"), clock_, random_) {}

    std::string output(const std::string& key) { return session_.stack_output(name_, key); }
    aws::Client& client() { return session_.client(); }
    approvals::AuditStore& store() { return store_; }
    approvals::KeyRing keys() { return require(keys_.current()); }
    approvals::SigningKeys& signing_keys() { return keys_; }
    std::unique_ptr<approvals::Repository> repository() {
        return approvals::make_repository(client(), {.approvals = output("ApprovalsTableName"), .audit = audit_table_},
                                          clock_, random_);
    }
    TimePoint now() const { return clock_.now(); }

private:
    Session session_;
    SystemClock clock_;
    SystemRandom random_;
    std::string name_;
    std::string audit_table_;
    approvals::AuditStore store_;
    approvals::SigningKeys keys_;
};

/// Those that were made before the trails are read, which may grow meanwhile.
void export_statements(Stack& stack, const approvals::Scratch& scratch, approvals::ExportWriter& writer) {
    for (const auto& statement : require(stack.store().statements())) {
        approvals::Sorter chains(scratch);
        require_done(stack.store().each_chain_of(
            statement, [&](const approvals::ChainHead& chain) { chains.add(approvals::entry_of(chain)); }));
        writer.add(statement, chains);
    }
}

void export_trails(const Arguments& arguments) {
    fs::path folder = fs::absolute(arguments.folder).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();  // it ended with a slash
    Stack stack(arguments.stack);
    approvals::Exported exported;
    write_export(folder, [&](const approvals::CreateFile& create, const approvals::Scratch& scratch) {
        approvals::ExportWriter writer(create, scratch);
        export_statements(stack, scratch, writer);
        const auto unreadable = require(stack.store().each_chain([&](auto chain) { writer.add(std::move(chain)); }));
        exported = writer.finish(unreadable, HOLDPOINT_VERSION, stack.now(), stack.keys());
    });
    if (arguments.json) {
        return print_json(json::object{{"folder", folder.string()},
                                       {"approvals", exported.approvals},
                                       {"records", exported.records},
                                       {"statements", exported.statements},
                                       {"manifest_sha256", exported.manifest_sha256},
                                       {"problems", json::value_from(exported.problems)}});
    }
    print(fmt::format("{} approvals with {} records, and {} statements, are in {}.\nSHA-256 of its manifest: {}\n",
                      exported.approvals, exported.records, exported.statements, folder.string(),
                      exported.manifest_sha256));
    if (exported.statements == 0) print(fmt::format("warning: {}\n", kNothingSealed));
    for (const std::string& problem : exported.problems) print("problem: " + printable(problem) + "\n");
}

/// How far the statements tell that nothing is missing.
std::string sealed_text(const approvals::Sealed& sealed, bool has_keys) {
    if (sealed.statements == 0) return fmt::format("warning: {}\n", kNothingSealed);
    std::string signatures = "their signatures were not (that needs the keys that made them: --stack-name)";
    if (sealed.signatures > 0) {
        signatures = fmt::format("and the signatures of {}", sealed.signatures);
    } else if (has_keys) {
        signatures =
            "their signatures were not (the stack has none of the keys that made them: they were dropped, or it is "
            "another stack)";
    }
    return fmt::format("{} statements were checked, {}; the last is of {}: what is newer may be gone unseen.\n",
                       sealed.statements, signatures, printable(sealed.last_at));
}

/// Prints what was found; CommandError when there is anything wrong.
void report(const Arguments& arguments, const approvals::Verification& found) {
    if (arguments.json) {
        print_json(json::object{{"approvals", found.approvals},
                                {"records", found.records},
                                {"statements", found.sealed.statements},
                                {"signatures_checked", found.sealed.signatures},
                                {"lacking_texts", found.lacking_texts},
                                {"erased", json::value_from(found.erased)},
                                {"warnings", found.sealed.statements > 0 ? json::array{} : json::array{kNothingSealed}},
                                {"problems", json::value_from(found.problems)}});
    } else {
        for (const std::string& erased : found.erased) print("information: " + printable(erased) + "\n");
        if (found.lacking_texts > 0) {
            print(
                fmt::format("information: {} records have only the digest of what was shown or of the policy: an "
                            "earlier version wrote them\n",
                            found.lacking_texts));
        }
        for (const std::string& problem : found.problems) print("problem: " + printable(problem) + "\n");
        if (found.problems.empty()) {
            print(fmt::format("{} approvals with {} records: all is as it was written.\n", found.approvals,
                              found.records));
        }
        print(sealed_text(found.sealed, !arguments.stack.empty()));
    }
    if (!found.problems.empty()) {
        throw CommandError(fmt::format("the audit trail is not as it was written: {} problems", found.problems.size()));
    }
}

approvals::Verification verify_stack(Stack& stack, const std::string& sealed) {
    const auto repository = stack.repository();
    approvals::Verification found;
    with_scratch_files([&](const approvals::Scratch& scratch) {
        found = require(approvals::verify_stack({.store = stack.store(),
                                                 .repository = *repository,
                                                 .keys = stack.signing_keys(),
                                                 .approvals_table = stack.output("ApprovalsTableName")},
                                                sealed, scratch));
    });
    return found;
}

/// A mistyped one is in no trail, which is no problem of the trail.
void check_digest(const std::string& sealed) {
    constexpr std::size_t kDigits = 64;
    const bool is_hex = sealed.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (sealed.empty() || (sealed.size() == kDigits && is_hex)) return;
    throw UsageError(
        fmt::format("--sealed: expected the hash of a statement, 64 hexadecimal digits in lower case, "
                    "found {}",
                    approvals::in_quotes(sealed)));
}

void verify(const Arguments& arguments) {
    if (arguments.folder.empty() && arguments.stack.empty()) {
        throw UsageError("expected the folder of an export, or --stack-name for what a stack has now; found neither");
    }
    check_digest(arguments.sealed);
    if (arguments.folder.empty()) {
        Stack stack(arguments.stack);
        return report(arguments, verify_stack(stack, arguments.sealed));
    }
    std::optional<approvals::KeyRing> keys;
    if (!arguments.stack.empty()) keys = Stack(arguments.stack).keys();
    approvals::Verification found;
    read_export(arguments.folder, [&](const approvals::OpenFile& open, const approvals::Scratch& scratch) {
        found = approvals::verify_export(open, scratch, keys ? &*keys : nullptr);
        if (!arguments.sealed.empty()) add(found.problems, approvals::verify_sealed(found, arguments.sealed));
        if (keys) add(found.problems, approvals::verify_signature(open, *keys));
    });
    report(arguments, found);
}

struct Sealed {
    approvals::HeadStatement statement;
    std::int64_t chains = 0;  // that it names
};

Sealed add_statement(Stack& stack, const approvals::Scratch& scratch) {
    for (int attempt = 0; attempt < kSealAttempts; ++attempt) {
        const auto before = require(stack.store().statements());
        approvals::ChainWalk walk(scratch);
        (void)require(stack.store().each_chain([&](auto chain) { walk.take(std::move(chain)); }));
        Sealed sealed;
        const auto each_end = [&](const approvals::TakeEnd& take) { walk.each_end(take); };
        each_end([&](const approvals::ChainHead&) { ++sealed.chains; });
        sealed.statement =
            approvals::make_head(each_end, before.empty() ? nullptr : &before.back(), stack.now(), stack.keys());
        if (require(stack.store().add(sealed.statement, each_end))) return sealed;
    }
    throw CommandError("too many seal the audit trail at once");
}

void seal(const Arguments& arguments) {
    Stack stack(arguments.stack);
    Sealed sealed;
    with_scratch_files([&](const approvals::Scratch& scratch) { sealed = add_statement(stack, scratch); });
    const auto& [statement, chains] = sealed;
    if (arguments.json) {
        return print_json(json::object{
            {"number", statement.number}, {"at", statement.at}, {"chains", chains}, {"hash", statement.hash}});
    }
    print(fmt::format("Statement {} of {} names the ends of {} chains.\nIts hash: {}\n", statement.number, statement.at,
                      chains, statement.hash));
}

/// The fields of one record that are to go.
std::vector<std::string> fields_to_erase(const approvals::AuditRecord& record, const Arguments& arguments) {
    const auto actor = record.personal.find("actor");
    const bool is_theirs = !arguments.person.empty() && actor != record.personal.end() &&
                           approvals::is_same_person(actor->second.value, arguments.person);
    std::vector<std::string> names;
    for (const auto& [name, field] : record.personal) {
        if (approvals::is_erased(record, name)) continue;
        const bool is_named = std::ranges::find(arguments.fields, name) != arguments.fields.end();
        const bool is_person = !arguments.person.empty() && approvals::is_same_person(field.value, arguments.person);
        if (is_named || is_person || (is_theirs && (name == "comments" || name == "subject" || name == "address")))
            names.push_back(name);
    }
    // What is gone must not be read in what was shown, or in the policy.
    std::vector<std::string> gone = {arguments.person};
    gone.reserve(names.size() + 1);
    for (const std::string& name : names) gone.push_back(record.personal.at(name).value);
    std::erase(gone, "");
    for (const std::string& name : approvals::texts_naming(record, gone)) {
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
}

void erase(const Arguments& arguments) {
    if (arguments.person.empty() == arguments.fields.empty()) {
        throw UsageError("expected either --person or --field, found both or neither");
    }
    Stack stack(arguments.stack);
    const auto repository = stack.repository();
    const auto trail = require(repository->trail(arguments.approval_id));
    if (trail.empty()) throw CommandError(fmt::format("there is no audit trail of {}", arguments.approval_id));
    if (const auto problems = approvals::verify_chain(trail); !problems.empty()) {
        throw CommandError(fmt::format("nothing was erased, because the audit trail was tampered with:\n  {}",
                                       fmt::join(problems, "\n  ")));
    }
    std::vector<const approvals::AuditRecord*> chosen;
    std::vector<approvals::Erasure> erasures;
    std::vector<std::string> what;
    for (const auto& record : trail) {
        approvals::Erasure erasure{.seq = record.seq, .fields = fields_to_erase(record, arguments)};
        if (erasure.fields.empty()) continue;
        chosen.push_back(&record);
        what.push_back(approvals::to_text(erasure));
        erasures.push_back(std::move(erasure));
    }
    if (chosen.empty()) throw CommandError(fmt::format("no record of {} has such a field", arguments.approval_id));
    if (!arguments.yes) {
        throw CommandError(fmt::format("nothing was erased. This cannot be undone; give --yes to erase\n  {}",
                                       fmt::join(what, "\n  ")));
    }
    // First, so that nothing is erased without a record of it; what breaks off is completed by the next try.
    const std::string caller = require(stack.client().query("sts", "2011-06-15", "GetCallerIdentity", {}));
    approvals::AuditEvent event = approvals::erasure_event(erasures);
    event.at = to_iso8601(stack.now());
    event.actor = aws::xml_text(caller, "Arn");
    event.actor_proof = "aws";
    require_done(repository->append(arguments.approval_id, event, false));
    for (std::size_t i = 0; i < chosen.size(); ++i) require_done(stack.store().erase(*chosen[i], erasures[i].fields));
    if (arguments.json) return print_json(json::object{{"erased", json::value_from(what)}});
    print(fmt::format("Erased from the audit trail of {}:\n  {}\n", arguments.approval_id, fmt::join(what, "\n  ")));
}

}  // namespace

void add_audit_commands(CLI::App& app, int& status) {
    CLI::App* audit = app.add_subcommand("audit", "hand over, verify and seal the audit trails of all approvals");
    audit->require_subcommand(1);
    const CommandGroup<Arguments> group(*audit, status);
    const auto& arguments = group.arguments;
    const auto add_stack = [&](CLI::App* command) {
        return command->add_option("--stack-name", arguments->stack, "the approvals stack");
    };
    CLI::App* export_command = group.add(
        "export", "write all trails and seals into a folder: JSON Lines, CSV, a signed manifest", export_trails);
    add_stack(export_command)->required();
    export_command->add_option("--out", arguments->folder, "the folder: a new or an empty one")->required();

    CLI::App* verify_command =
        group.add("verify", "check an export, offline; or the trails that a stack has now", verify);
    verify_command->add_option("folder", arguments->folder, "the folder of an export");
    add_stack(verify_command)
        ->description(
            "without a folder: check this stack's trails; with one: also its signatures, by the stack's keys");
    verify_command->add_option(
        "--sealed", arguments->sealed,
        "the hash of a statement that was kept elsewhere: the stack, or the export, must have it");

    add_stack(group.add("seal", "sign a statement of where every trail ends, and keep it", seal))->required();

    CLI::App* erase_command = group.add("erase", "empty personal fields of one trail, which stays whole", erase);
    add_stack(erase_command)->required();
    erase_command->add_option("approval_id", arguments->approval_id, "the request")->required();
    erase_command->add_option("--person", arguments->person, "every field that names them, and what they commented");
    erase_command->add_option("--field", arguments->fields, "this field of every record; may be given several times");
    erase_command->add_flag("--yes", arguments->yes, "erase; without it, only what would be erased is said");
}

}  // namespace holdpoint::cli
