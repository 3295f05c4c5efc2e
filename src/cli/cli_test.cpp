#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/approval_text.hpp"
#include "cli/aws_version.hpp"
#include "cli/command_group.hpp"
#include "cli/event_details.hpp"
#include "cli/masking.hpp"
#include "cli/server_file.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "cli/unknown_command.hpp"

namespace holdpoint::cli {
namespace {

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
    Table table({"ID", "NAME", "STATUS"});
    table.add({"1", "Für Elise", "pending"});
    table.add({"22", "x", "ok"});
    EXPECT_EQ(table.text(), "ID  NAME       STATUS\n1   Für Elise  pending\n22  x          ok\n");
}

TEST(TableTest, CellsCannotSendEscapeSequences) {
    EXPECT_EQ(printable("\x1b[31mred\nnext\xc2\x9b"), "?[31mred next?");
    EXPECT_EQ(printable("Pay \u202e00.001\u202c \u2066x\u2069\u200f\u061c\u2028y", true), "Pay ?00.001? ?x??? y")
        << "nor turn a line around";
    EXPECT_EQ(printable("\u2019Für Elise\u2026 عقد \u206a"), "\u2019Für Elise\u2026 عقد \u206a");
    EXPECT_EQ(printable("\x7f"), "?");
    EXPECT_EQ(printable("caf\xe9"), "(not UTF-8 text)");
    EXPECT_EQ(short_time("2026-11-23T20:33:00.123Z"), "2026-11-23 20:33:00Z");
}

TEST(FailureTest, WhatWasThrownCannotSendEscapeSequences) {
    int status = 0;
    ::testing::internal::CaptureStderr();
    run_command(status, [] { throw CommandError("X: \x1b]0;pwned\x07 a\nb"); });
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "holdpoint: X: ?]0;pwned? a\nb\n");
    EXPECT_EQ(status, 1);
}

TEST(FailureTest, AnAnswerOfAnotherFormIsToldAsSuch) {
    const auto said = [](auto body) {
        int status = 0;
        ::testing::internal::CaptureStderr();
        run_command(status, body);
        return ::testing::internal::GetCapturedStderr();
    };
    EXPECT_NE(said([] { (void)boost::json::value(boost::json::object{}).at("approvals"); }).find("AWS_ENDPOINT_URL"),
              std::string::npos);
    EXPECT_NE(said([] { (void)boost::json::parse("<html>"); }).find("expected the documented form"), std::string::npos);
}

TEST(FailureTest, WhatCannotBePrintedIsAFailure) {
    int status = 0;
    std::FILE* other = std::fopen("/dev/full", "w");
    ASSERT_NE(other, nullptr);
    std::swap(stdout, other);
    ::testing::internal::CaptureStderr();
    run_command(status, [] { print("lines\n"); });
    std::swap(stdout, other);
    (void)std::fclose(other);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "holdpoint: standard output cannot be written: No space left on device\n");
    EXPECT_EQ(status, 1);
}

TEST(EventDetailsTest, ErrorsStandFirstAndTimesAreForPeople) {
    const auto details = [](const std::string& event) { return event_details(boost::json::parse(event)); };
    EXPECT_EQ(details(R"({"EventType":"InvocationCompleted","InvocationCompletedDetails":{"StartTimestamp":
                          1.79576652E9,"RequestId":"r","Error":{"Payload":{"ErrorType":"E"}}}})"),
              R"({"Error":{"Payload":{"ErrorType":"E"}},"StartTimestamp":"2026-11-27 08:02:00Z","RequestId":"r"})");
    EXPECT_EQ(details(R"({"EventType":"ContextStarted","SubType":"Map","ContextStartedDetails":{}})"), "Map");
    EXPECT_EQ(details(R"({"EventType":"ContextStarted"})"), "");
    std::string umlauts;
    for (int i = 0; i < 100; ++i) umlauts += "ü";
    EXPECT_EQ(details(R"({"EventType":"X","XDetails":{"Result":")" + umlauts + R"("}})"),
              R"({"Result":")" + umlauts.substr(0, 108) + "…");
    const std::string error = R"({"Error":")" + umlauts + R"("})";
    EXPECT_EQ(details(R"({"EventType":"X","XDetails":)" + error + "}"), error);
}

TEST(ApprovalTextTest, ShowsWhatIsDecidedOnAndTheVotesSoFar) {
    const auto approval = boost::json::parse(R"({"approval_id":"a","status":"pending","document_version":2,
        "link":"https://x/1","fields":[{"name":"amount","value":"1\n2 EUR"}],"shown_digest":"9c0f",
        "policy":{"name":"travel","version":3,"text":"ann@x; one rejection rejects"},
        "votes":[{"person":"ann@x","stage":"team","decision":"changes_requested","at":"2026-11-26T08:00:00.000Z",
                  "comments":"less","proof":"link","counts":false}]})");
    EXPECT_EQ(
        approval_text(approval),
        "approval_id    a\nstatus         pending\nversion        2\nlink           https://x/1\n"
        "field          amount = 1 2 EUR\npolicy         travel, version 3: ann@x; one rejection rejects\n"
        "vote           ann@x requested changes at 2026-11-26T08:00:00.000Z, stage team, link, counts no more: less\n"
        "shown_digest   9c0f\n");
}

TEST(ApprovalTextTest, ATrailShowsAllThatItsRecordsHave) {
    SeededRandom random(1);
    approvals::AuditEvent event{.event = "decided", .at = "2026-11-26T08:00:00.123Z"};
    event.actor = "ann@x";
    event.actor_proof = "link";
    event.details = {{"decision", "approved"}};
    event.personal = {{"comments", "fine\x1b[31m"}, {"address", "192.0.2.7"}};
    event.shown_digest = "9c0f";
    auto record = approvals::next_record("a", nullptr, event, random);
    approvals::erase(record, {"address"});
    EXPECT_EQ(trail_text({record}),
              "  1  2026-11-26 08:00:00Z  decided  ann@x (link)\n     decision         approved\n"
              "     address          (erased)\n     comments         fine?[31m\n     shown_digest     9c0f\n"
              "     hash             " +
                  record.hash + "\n");
}

TEST(MaskingTest, CallbackIdsAreMaskedWhereverTheyTurnUp) {
    auto value = boost::json::parse(R"({"Events":[{"CallbackStartedDetails":{"CallbackId":"secret-1"}},
        {"Result":"{\"callback_token\":\"secret-2\",\"id\":7}"},{"Input":"uses secret-1 and secret-2"}]})");
    mask_callback_ids(value);
    const auto text = boost::json::serialize(value);
    EXPECT_EQ(text.find("secret"), std::string::npos) << text;
    EXPECT_NE(text.find("uses ******** and ********"), std::string::npos) << text;
}

// What the server takes and shows may nest deeper than what is parsed unless somebody says so.
TEST(MaskingTest, CallbackIdsAreMaskedHoweverDeepTheyLie) {
    const std::string deep = std::string(100, '[') +
                             R"({"CallbackToken":"secret-1","callbackId":"","list":["secret-1, secret-1"]})" +
                             std::string(100, ']');
    boost::json::value value{{"Result", deep}, {"Input", {"secret-1"}}};
    mask_callback_ids(value);
    EXPECT_EQ(boost::json::serialize(value).find("secret"), std::string::npos) << boost::json::serialize(value);
    value = boost::json::parse(R"([[{"callbackId":"secret-2"}],"secret-2"])");
    mask_callback_ids(value);
    EXPECT_EQ(boost::json::serialize(value), R"([[{"callbackId":"********"}],"********"])");
}

TEST(AwsVersionTest, OldClientsAreTold) {
    EXPECT_EQ(parse_aws_version("aws-cli/2.9.19 Python/3.11.2"), (AwsVersion{2, 9}));
    EXPECT_FALSE(parse_aws_version("command not found"));
    EXPECT_FALSE(honours_endpoint_url({2, 12}));
    EXPECT_FALSE(honours_endpoint_url({1, 28}));
    EXPECT_TRUE(honours_endpoint_url({1, 29}));
    EXPECT_TRUE(honours_endpoint_url({2, 13}));
}

TEST(ServerFileTest, ReadsBackWhatWasWrittenAndIsPrivate) {
    const auto folder = std::filesystem::temp_directory_path() / ("holdpoint-cli-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const ServerFile file{
        .url = "http://127.0.0.1:4566", .access_key_id = "AKIA", .secret_access_key = "s", .region = "us-east-1"};
    write_server_file(folder, file);
    EXPECT_EQ(read_server_file(folder), file);
    struct stat info{};
    ASSERT_EQ(::stat((folder / "server.json").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
    const SealKey master = SealKey::make();
    write_server_file(folder, file, &master);
    EXPECT_EQ(read_server_file(folder).error().name, "MasterKeyNeeded");
    EXPECT_EQ(read_server_file(folder, &master), file);
    remove_server_file(folder);
    EXPECT_EQ(read_server_file(folder).error().name, "ServerNotRunning");
    std::filesystem::remove_all(folder);
}

struct Greeting : StackArguments {
    std::string name;
};

/// The environment as it was, once it is over.
class Without {
public:
    explicit Without(std::string name) : name_(std::move(name)) {
        if (const char* value = std::getenv(name_.c_str()); value != nullptr) value_ = value;
        ::unsetenv(name_.c_str());
    }
    ~Without() {
        if (value_) ::setenv(name_.c_str(), value_->c_str(), 1);
    }
    Without(const Without&) = delete;
    Without& operator=(const Without&) = delete;

private:
    std::string name_;
    std::optional<std::string> value_;
};

TEST(DefaultDataFolderTest, IsTheUsersAlsoWhereTheEnvironmentTellsNoHome) {
    const Without data("HOLDPOINT_DATA");
    const Without data_home("XDG_DATA_HOME");
    const Without home("HOME");
    const passwd* user = ::getpwuid(::getuid());
    EXPECT_EQ(default_data_folder(), user == nullptr ? "" : user->pw_dir + std::string("/.local/share/holdpoint"));
}

TEST(CommandGroupTest, ACommandGetsItsArgumentsAndLeavesItsStatus) {
    CLI::App app;
    int status = 0;
    Greeting got;
    const CommandGroup<Greeting> group(app, status);
    group.add_for_stack("greet", "say hello", [&](const Greeting& given) { got = given; })
        ->add_option("name", group.arguments->name);
    group.add("fail", "do not", [](const Greeting&) { throw CommandError("on purpose"); });
    app.parse("greet --json --stack-name other ann", false);
    EXPECT_EQ(got.name, "ann");
    EXPECT_EQ(got.stack, "other");
    EXPECT_TRUE(got.json);
    EXPECT_EQ(status, 0);
    EXPECT_THROW(app.parse("fail --stack-name other", false), CLI::ParseError);
    app.parse("fail", false);
    EXPECT_EQ(status, 1);
    group.add("mistake", "cannot be", [](const Greeting&) { throw UsageError("no such thing"); });
    app.parse("mistake", false);
    EXPECT_EQ(status, kWrongUse);
}

TEST(CommandGroupTest, AValueThatAScriptForgotIsNotTakenForNone) {
    CLI::App app;
    int status = 0;
    int runs = 0;
    const CommandGroup<Greeting> group(app, status);
    CLI::App* greet = group.add_for_stack("greet", "say hello", [&](const Greeting&) { ++runs; });
    greet->add_option("name", group.arguments->name);
    std::string link;
    greet->add_option("--link", link);
    const auto refused = [&](std::vector<std::string> arguments) {
        std::ranges::reverse(arguments);  // as CLI11 takes them
        status = 0;
        app.parse(std::move(arguments));
        return status == kWrongUse;
    };
    EXPECT_TRUE(refused({"greet", "ann", "--stack-name", ""}));
    EXPECT_TRUE(refused({"greet", ""}));
    EXPECT_EQ(runs, 0);
    EXPECT_FALSE(refused({"greet", "ann", "--link", ""})) << "says that there is none";
    EXPECT_FALSE(refused({"greet"}));
    EXPECT_EQ(runs, 2);
}

std::string explained_by(CLI::App& app, const std::string& line) {
    try {
        app.parse(line, false);
    } catch (const CLI::ParseError& error) {
        return explain_wrong_use(app, error);
    }
    return "nothing is wrong";
}

class UnknownCommandTest : public ::testing::Test {
protected:
    UnknownCommandTest() {
        app_.require_subcommand(1);
        app_.add_subcommand("up", "");
        CLI::App* approvals = app_.add_subcommand("approvals", "");
        approvals->require_subcommand(1);
        for (const char* name : {"submit", "list", "request-changes"}) approvals->add_subcommand(name, "");
    }
    std::string explained(const std::string& line) { return explained_by(app_, line); }

    CLI::App app_;
};

TEST_F(UnknownCommandTest, SaysWhatIsUnknownWhatWasMeantAndWhatThereIs) {
    EXPECT_EQ(explained("frob"), "holdpoint: 'frob' is no command\nThere are: up, approvals. Each takes --help.\n");
    EXPECT_EQ(explained("aprovals list"),
              "holdpoint: 'aprovals' is no command; did you mean approvals?\nThere are: up, approvals. Each takes "
              "--help.\n");
    EXPECT_EQ(explained(""), "holdpoint: expected a command\nThere are: up, approvals. Each takes --help.\n");
    const std::string there = "\nThere are: submit, list, request-changes. Each takes --help.\n";
    EXPECT_EQ(explained("approvals foo"), "holdpoint approvals: 'foo' is no command" + there);
    EXPECT_EQ(explained("approvals request"),
              "holdpoint approvals: 'request' is no command; did you mean request-changes?" + there);
    EXPECT_EQ(explained("approvals lsit --json"),
              "holdpoint approvals: 'lsit' is no command; did you mean list?" + there);
    EXPECT_EQ(explained("approvals"), "holdpoint approvals: expected a command" + there);
}

TEST(UnexpectedArgumentTest, SaysWhatIsUnknownAndWhatWasMeant) {
    CLI::App app;
    CLI::App* up = app.add_subcommand("up", "");
    up->add_option("--listen");
    up->add_option("--stack-name");
    up->add_option("folder")->required();
    int count = 0;
    up->add_option("--count", count);
    const auto explained = [&](const std::string& line) { return explained_by(app, line); };
    const std::string help = "; `holdpoint up --help` says what there is\n";
    EXPECT_EQ(explained("up here --lisen 127.0.0.1:1"),
              "holdpoint up: there is no option --lisen; did you mean --listen" + help);
    EXPECT_EQ(explained("up here --stack=x"),
              "holdpoint up: there is no option --stack; did you mean --stack-name" + help);
    EXPECT_EQ(explained("up here --frob"), "holdpoint up: there is no option --frob" + help);
    EXPECT_EQ(explained("up here there"), "holdpoint up: 'there' is more than it takes" + help);
    EXPECT_EQ(explained("up"), "holdpoint up: folder is required" + help);
    EXPECT_EQ(explained("up here --count x"), "holdpoint up: Could not convert: --count = x" + help);
}

TEST(ReadTextFileTest, SaysWhyAFileCannotBeRead) {
    const auto why = [](const std::string& path) -> std::string {
        try {
            return read_text_file(path);
        } catch (const CommandError& error) {
            return error.what();
        }
    };
    EXPECT_EQ(why("/nope"), "/nope: cannot be read: No such file or directory");
    EXPECT_EQ(why("/"), "/: expected a file, found a folder");
    EXPECT_EQ(why("/dev/null"), "");
}

}  // namespace
}  // namespace holdpoint::cli
