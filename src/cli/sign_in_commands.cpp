// approvals token, link, revoke, rotate-keys: what lets people into the inbox, and out again.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "approvals/domain/links.hpp"
#include "approvals/domain/names.hpp"
#include "approvals/repository/revocation_list.hpp"
#include "approvals/repository/signing_keys.hpp"
#include "cli/command_group.hpp"
#include "cli/commands.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

struct Arguments : StackArguments {
    std::string person;
    std::vector<std::string> groups;
    std::int64_t days = 30;
    std::string approval_id;
    bool drop_older = false;
    std::string credential;
};

/// The stack's signing keys, by the caller's own credentials.
class Keys {
public:
    explicit Keys(const Arguments& arguments)
        : stack_(arguments.stack),
          keys_(session_.client(), output("SettingsTableName"), clock_, random_),
          revoked_(session_.client(), output("SettingsTableName"), clock_) {}

    std::string output(const std::string& name) { return session_.stack_output(stack_, name); }
    Session& session() { return session_; }
    approvals::SigningKeys& store() { return keys_; }
    approvals::RevocationList& revoked() { return revoked_; }
    Random& random() { return random_; }
    TimePoint now() const { return clock_.now(); }

private:
    Session session_;
    std::string stack_;
    SystemClock clock_;
    SystemRandom random_;
    approvals::SigningKeys keys_;
    approvals::RevocationList revoked_;
};

/// What may be handed on by a pipe alone, and beside it what takes it back.
void print_secret(const std::string& secret, const std::string& id) {
    std::fputs(fmt::format("id {} (holdpoint approvals revoke {})\n", id, id).c_str(), stderr);
    print(secret + "\n");
}

void check_name(std::string_view option, std::string_view name, std::size_t max) {
    const auto problem = approvals::name_problem(name, max);
    if (problem)
        throw UsageError(fmt::format("{}: expected a name of 1 to {} characters, found {}", option, max, *problem));
}

void token(const Arguments& arguments) {
    check_name("--person", arguments.person, approvals::kPersonMax);
    for (const std::string& group : arguments.groups) check_name("--group", group, approvals::kGroupMax);
    Keys keys(arguments);
    const TimePoint expires = keys.now() + std::chrono::hours(24 * arguments.days);
    const approvals::TokenClaims claims{
        .person = arguments.person,
        .groups = arguments.groups,
        .expires = to_epoch_ms(expires) / 1000,
        .token_id = approvals::make_credential_id(to_epoch_ms(expires) / 1000, keys.random()),
        .issued = to_epoch_ms(keys.now())};
    const approvals::KeyRing ring = require(keys.store().current());
    if (!approvals::fits_into_cookie(ring, claims)) {
        throw CommandError(
            fmt::format("--group: {} groups are more than a browser keeps of a session; name those alone "
                        "that policies name",
                        arguments.groups.size()));
    }
    const std::string made = approvals::make_token(ring, claims);
    if (!arguments.json) return print_secret(made, claims.token_id);
    print_json(json::object{{"token", made},
                            {"id", claims.token_id},
                            {"person", arguments.person},
                            {"expires_at", to_iso8601(expires)},
                            {"inbox", keys.output("InboxUrl")}});
}

void link(const Arguments& arguments) {
    check_name("--person", arguments.person, approvals::kPersonMax);
    Keys keys(arguments);
    const json::value approval =
        keys.session().approval_api(arguments.stack, {{"action", "get"}, {"approval_id", arguments.approval_id}});
    const std::int64_t expires = approvals::expires_of_link(require(parse_iso8601(text_of(approval, "expires_at"))));
    const std::string id = approvals::make_credential_id(expires, keys.random());
    const approvals::LinkClaims claims{.approval_id = arguments.approval_id,
                                       .person = arguments.person,
                                       .expires = expires,
                                       .link_id = id,
                                       .issued = to_epoch_ms(keys.now())};
    const std::string url =
        keys.output("InboxUrl") + "#/link/" + approvals::make_link(require(keys.store().current()), claims);
    if (!arguments.json) return print_secret(url, id);
    print_json(json::object{{"link", url},
                            {"id", id},
                            {"person", arguments.person},
                            {"expires_at", to_iso8601(from_epoch_ms(expires * 1000))}});
}

void revoke(const Arguments& arguments) {
    if (arguments.credential.empty() == arguments.person.empty())
        throw UsageError("name either the id of a token or link, or --person");
    Keys keys(arguments);
    const auto done = arguments.person.empty() ? keys.revoked().revoke_credential(arguments.credential)
                                               : keys.revoked().revoke_person(arguments.person);
    if (!done) throw CommandError(done.error().message);
    if (arguments.json) {
        return print_json(arguments.person.empty() ? json::object{{"revoked", arguments.credential}}
                                                   : json::object{{"revoked_person", arguments.person}});
    }
    if (!arguments.person.empty()) {
        return print(
            fmt::format("Revoked all that {} was given before now. Sessions that began with it end within a few "
                        "seconds. Messages to them go on, and each has a new link that lets them in again: "
                        "`holdpoint approvals unsubscribe ADDRESS` ends them, where somebody is subscribed.\n",
                        printable(arguments.person)));
    }
    print(
        fmt::format("Revoked {}. Sessions that began with it end within a few seconds. What was made is not stored, so "
                    "nobody can tell whether there is a token or link of this id: look that it is the one that was "
                    "printed.\n",
                    arguments.credential));
}

void rotate(const Arguments& arguments) {
    Keys keys(arguments);
    const approvals::KeyRing ring = require(keys.store().rotate(arguments.drop_older));
    if (arguments.json) return print_json(json::object{{"newest", ring.newest_id()}});
    print(fmt::format("Key {} signs from now on. {}\n", ring.newest_id(),
                      arguments.drop_older
                          ? "All older links, tokens and sessions are worth nothing any more, within a few seconds."
                          : "What older keys signed stays good until it expires."));
}

}  // namespace

void add_sign_in_commands(CLI::App& approvals, int& status) {
    const CommandGroup<Arguments> group(approvals, status);
    const auto& arguments = group.arguments;
    CLI::App* token_command =
        group.add_for_stack("token", "make a token with which somebody signs in to the inbox", token);
    token_command->add_option("--person", arguments->person, "who they are")->required();
    token_command->add_option("--group", arguments->groups, "a group that they are in; may be given several times");
    token_command->add_option("--days", arguments->days, "how long it is good")
        ->check(CLI::Range(1, 3650))
        ->capture_default_str();

    CLI::App* link_command = group.add_for_stack("link", "make a link with which one person decides one request", link);
    link_command->add_option("approval_id", arguments->approval_id, "the request")->required();
    link_command->add_option("--person", arguments->person, "who gets it")->required();

    CLI::App* revoke_command =
        group.add_for_stack("revoke", "take back a token or link, or all that somebody was given", revoke);
    revoke_command->add_option("id", arguments->credential, "the id that was printed when it was made");
    revoke_command->add_option(
        "--person", arguments->person,
        "everything that they were given before now; messages with new links go on until their address is "
        "unsubscribed (approvals unsubscribe)");

    CLI::App* rotate_command =
        group.add_for_stack("rotate-keys", "sign links, tokens and sessions with a new key", rotate);
    rotate_command->add_flag("--drop-older", arguments->drop_older, "what older keys signed is refused from now on");
}

}  // namespace holdpoint::cli
