// Settings: one precedence, refusals that say where and what was expected, and documentation that cannot differ.
#include "server/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "server/settings_flags.hpp"

namespace holdpoint::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
    const auto read = read_config("/etc/holdpoint.conf", text);
    if (!read) return read.error().message;
    const auto configuration = configure({}, *read);
    return configuration ? "" : configuration.error().message;
}

TEST(Settings, LaterSourcesWinAndTheOriginIsKnown) {
    auto assignments =
        read_config("/etc/h.conf", "# ours\nlisten = 0.0.0.0:1\ndrain-seconds = 7\n\nlimit.operations=9 # few\n")
            .value();
    const std::map<std::string, std::string> variables{
        {"HOLDPOINT_LISTEN", "0.0.0.0:2"}, {"HOLDPOINT_LIMIT_OPERATIONS", "10"}, {"HOLDPOINT_DATA", ""}};
    for (const Assignment& one : read_environment([&](const char* name) {
             const auto found = variables.find(name);
             return found == variables.end() ? nullptr : found->second.c_str();
         })) {
        assignments.push_back(one);
    }
    assignments.push_back({"listen", "0.0.0.0:3", "flag --listen"});
    const auto configuration = configure({.data = "/var/lib/holdpoint"}, assignments);
    ASSERT_TRUE(configuration) << configuration.error().message;
    EXPECT_EQ(configuration->options.port, 3);
    EXPECT_EQ(configuration->options.limits.operations, 10);
    EXPECT_EQ(configuration->options.drain_seconds, 7);
    EXPECT_EQ(configuration->options.data, "/var/lib/holdpoint") << "an empty variable is none";
    const std::string printed = print_config(*configuration);
    EXPECT_THAT(printed, HasSubstr("listen = 0.0.0.0:3 "));
    EXPECT_THAT(printed, HasSubstr("# flag --listen"));
    EXPECT_THAT(printed, HasSubstr("# environment HOLDPOINT_LIMIT_OPERATIONS"));
    EXPECT_THAT(printed, HasSubstr("# /etc/h.conf:3"));
    EXPECT_THAT(printed, HasSubstr("# default"));
}

TEST(Settings, AFlagIsWhatWasGivenAndASwitchNeedsNoValue) {
    CLI::App command;
    const SettingsFlags flags(command);
    command.parse("--data true --encrypt-payloads --function-memory-limit=off");
    const auto configuration = flags.read();
    ASSERT_TRUE(configuration) << configuration.error().message;
    EXPECT_EQ(configuration->options.data, "true");
    EXPECT_TRUE(configuration->options.encrypt_payloads);
    EXPECT_FALSE(configuration->options.function_memory_limit);
}

TEST(Settings, AFileThatCannotBeReadIsRefusedWithTheReason) {
    const auto refused = [](const std::string& path) {
        CLI::App command;
        const SettingsFlags flags(command);
        command.parse("--config " + path);
        return flags.read().error().message;
    };
    EXPECT_EQ(refused("/not/there.conf"),
              "cannot read the configuration file /not/there.conf: No such file or directory");
    EXPECT_EQ(refused("/"), "cannot read the configuration file /: it is a folder");
}

TEST(Settings, ASecretIsNeitherAFlagNorPrinted) {
    const auto read = read_config(
        "/etc/h.conf", "smtp-url = smtp://mail:587\nmail-from = a@b.c\nsmtp-user = u\nsmtp-password = s3cret\n");
    const auto configuration = configure({}, read.value());
    ASSERT_TRUE(configuration) << configuration.error().message;
    EXPECT_EQ(configuration->options.smtp_password, "s3cret");
    const std::string printed = print_config(*configuration);
    EXPECT_THAT(printed, HasSubstr("# /etc/h.conf:4, not shown"));
    EXPECT_THAT(printed, ::testing::Not(HasSubstr("s3cret")));
    for (const Setting& setting : settings()) EXPECT_EQ(setting.flag().empty(), setting.is_secret) << setting.name;
    EXPECT_THAT(refusal("smtp-url = smtp://mail:587"), HasSubstr("--mail-from: expected both"));
    EXPECT_THAT(refusal("smtp-url = mail:587"), HasSubstr("expected smtp://HOST:PORT"));
    EXPECT_THAT(refusal("smtp-user = u"), HasSubstr("expected both or neither"));
}

TEST(Settings, ASecretInAFileThatEverybodyMayReadIsWarnedOf) {
    const std::string path = ::testing::TempDir() + "settings-" + std::to_string(::getpid());
    const auto warning = [&](const std::string& text, mode_t mode) {
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
        CLI::App command;
        const SettingsFlags flags(command);
        command.parse("--config " + path);
        return flags.read().value().warning;
    };
    const std::string secret = "smtp-user = u\nsmtp-password = s3cret\n";
    EXPECT_EQ(warning(secret, 0644),
              "everybody on this machine may read " + path + ", and smtp-user is in it: chmod o= " + path);
    EXPECT_EQ(warning(secret, 0640), "");
    EXPECT_EQ(warning("io-threads = 2\n", 0644), "");
    ::unlink(path.c_str());
}

TEST(Settings, ARefusalRepeatsNoSecret) {
    EXPECT_EQ(refusal("smtp-password s3cret"),
              "/etc/holdpoint.conf:1: expected `name = value` or a comment that begins with #, got 'smtp-password …'");
    EXPECT_EQ(refusal("smtp-url = smtp://ann:s3cret@mail.example.com:587"),
              "/etc/holdpoint.conf:1: smtp-url: expected smtp://HOST:PORT or smtps://HOST:PORT, without a user, got "
              "'smtp://…@mail.example.com:587'");
    EXPECT_THAT(refusal("smtp-password:s3cret"), HasSubstr("got 'smtp-password …'"));
    EXPECT_THAT(refusal("smtp-url = ann:s3cret@mail.example.com"), HasSubstr("got '…@mail.example.com'"));
    EXPECT_THAT(refusal("mail-from = ann@@example.com"), HasSubstr("got 'ann@@example.com'"));
}

TEST(Settings, WhatIsPrintedIsAConfigurationFile) {
    const Configuration odd{.options = {.data = R"(/a "folder" \ with # marks)"}};
    const auto read = read_config("printed", print_config(odd));
    ASSERT_TRUE(read) << read.error().message;
    const auto again = configure({}, *read);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->options.data, odd.options.data);
    for (const Setting& setting : settings())
        EXPECT_EQ(setting.show(again->options), setting.show(odd.options)) << setting.name;
}

TEST(Settings, WhatIsWrongIsRefusedWithFileLineAndWhatWasExpected) {
    EXPECT_THAT(refusal("\n# a\nlissten = 127.0.0.1:1\n"),
                HasSubstr("/etc/holdpoint.conf:3: there is no setting 'lissten'; expected one of data, listen, "));
    EXPECT_THAT(refusal("listen"), HasSubstr("/etc/holdpoint.conf:1: expected `name = value`"));
    EXPECT_EQ(refusal("io-threads = many"),
              "/etc/holdpoint.conf:1: io-threads: expected a whole number from 1 to 64, got 'many'");
    EXPECT_THAT(refusal("io-threads = 65"), HasSubstr("expected a whole number from 1 to 64, got '65'"));
    EXPECT_THAT(refusal("io-threads ="), HasSubstr("expected a whole number"));
    EXPECT_THAT(refusal("data = \"/open"), HasSubstr("data: expected a value, or one between two double quotes"));
    EXPECT_THAT(refusal("data = \"/a\" b"), HasSubstr("two double quotes"));
    EXPECT_THAT(refusal("data = "), HasSubstr("expected a folder's path"));
    EXPECT_THAT(refusal("limit.operations = 0"),
                HasSubstr("limit.operations: expected a whole number from 1 to 2000000000"));
    EXPECT_THAT(refusal("drain-seconds = 1\ndrain-seconds = 2"),
                HasSubstr("conf:2: 'drain-seconds' was set before, at /etc/holdpoint.conf:1"));
    for (const std::string bad :
         {"nonsense", ":1", "host:", "host:65536", "host:-1", "host:1x", "::1:1", "[::1]", "[]:1"}) {
        EXPECT_THAT(refusal("listen = " + bad), HasSubstr("expected HOST:PORT")) << bad;
    }
    EXPECT_EQ(refusal("listen = [::1]:1"), "");
    for (const std::string bad : {"approvals.example.com", "https://", "https://a.example/path", "ftp://a.example"}) {
        EXPECT_THAT(refusal("public-url = " + bad), HasSubstr("expected http:// or https:// and a host")) << bad;
    }
    EXPECT_EQ(refusal("public-url = https://approvals.example.com/"), "");
    EXPECT_EQ(refusal("trusted-proxies = 10.0.0.0/8, ::1"), "");
    EXPECT_EQ(
        refusal("trusted-proxies = 10.0.0.0/33"),
        "/etc/holdpoint.conf:1: trusted-proxies: expected addresses and networks with commas between them, such as "
        "10.0.0.0/8,::1, got '10.0.0.0/33'");
    EXPECT_THAT(refusal("encrypt-payloads = yes"), HasSubstr("expected one of on, off, got 'yes'"));
    EXPECT_THAT(refusal("tls-cert = /a.pem"), HasSubstr("--tls-cert and --tls-key: expected both or neither"));
    EXPECT_EQ(refusal("tls-cert = /a.pem\ntls-key = /a.key\nencrypt-payloads = on"), "");
    EXPECT_EQ(refusal("data = /a#b  # a comment\r\nlisten = h:0\r\n"), "");
}

TEST(Settings, AMisspeltVariableIsNoticed) {
    const std::vector<const char*> environment{
        "HOLDPOINT_LISTEN=x", "HOLDPOINT_LISSTEN=x", "HOLDPOINT_CONFIG=x", "HOLDPOINT_MASTER_KEY=x", "HOME=/", nullptr};
    EXPECT_THAT(unknown_variables(environment.data()), ElementsAre("HOLDPOINT_LISSTEN"));
}

/// UPDATE_DOCS=1 writes the table into the page instead.
TEST(Settings, TheOperatorsPageHasTheTable) {
    const std::string path = HOLDPOINT_SOURCE_FOLDER "/docs/server.md";
    std::ifstream file(path);
    std::string page{std::istreambuf_iterator<char>(file), {}};
    const std::string begin = "<!-- settings: begin -->\n";
    const auto from = page.find(begin);
    const auto to = page.find("<!-- settings: end -->");
    ASSERT_TRUE(from != std::string::npos && to != std::string::npos) << path;
    const auto start = from + begin.size();
    if (std::getenv("UPDATE_DOCS") != nullptr) {
        page.replace(start, to - start, settings_markdown());
        std::ofstream(path) << page;
        return;
    }
    EXPECT_EQ(page.substr(start, to - start), settings_markdown())
        << "the table differs: UPDATE_DOCS=1 with this test writes it";
}

}  // namespace
}  // namespace holdpoint::server
