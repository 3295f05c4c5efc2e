#include "server/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "mail/smtp.hpp"
#include "net/http.hpp"
#include "net/transport.hpp"

namespace holdpoint::server {

namespace {

constexpr std::string_view kLimitPrefix = "limit.";
constexpr std::string_view kVariablePrefix = "HOLDPOINT_";

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max) {
    const auto number = read_number<std::int64_t>(text);
    return number && *number >= min && *number <= max ? number : std::nullopt;
}

// One maker for each kind of value; `member` is a pointer to a member of Options.

template <class Member>
Setting text(const std::string& name, Member member, const std::string& form, const std::string& expected,
             const std::string& meaning) {
    return {.name = name,
            .form = form,
            .expected = expected,
            .meaning = meaning,
            .read =
                [member](Options& options, const std::string& value) {
                    std::invoke(member, options) = value;
                    return !value.empty();
                },
            .show = [member](const Options& options) { return std::invoke(member, options); }};
}

/// A file that need not be named.
template <class Member>
Setting file(const std::string& name, Member member, const std::string& meaning) {
    return {.name = name,
            .form = "FILE",
            .expected = "a file's path",
            .meaning = meaning,
            .read =
                [member](Options& options, const std::string& value) {
                    std::invoke(member, options) = value;
                    return true;
                },
            .show = [member](const Options& options) { return std::invoke(member, options); }};
}

template <class Member>
Setting number(const std::string& name, Member member, std::int64_t min, std::int64_t max, const std::string& meaning) {
    return {.name = name,
            .form = "NUMBER",
            .expected = fmt::format("a whole number from {} to {}", min, max),
            .meaning = meaning,
            .read =
                [=](Options& options, const std::string& value) {
                    auto& target = std::invoke(member, options);
                    const auto read = whole_number(value, min, max);
                    if (read) target = static_cast<std::remove_cvref_t<decltype(target)>>(*read);
                    return read.has_value();
                },
            .show = [member](const Options& options) { return std::to_string(std::invoke(member, options)); }};
}

Setting listen_setting() {
    return {.name = "listen",
            .form = "HOST:PORT",
            .expected = "HOST:PORT, such as 127.0.0.1:4566 or [::1]:4566",
            .meaning = "address that is served; port 0 takes any free one",
            .read = [](Options& options,
                       const std::string& value) { return read_address(value, options.host, options.port); },
            .show = [](const Options& options) { return net::authority(options.host, std::to_string(options.port)); }};
}

Setting public_url_setting() {
    return {.name = "public-url",
            .form = "URL",
            .expected = "http:// or https:// and a host, without a path, such as https://approvals.example.com",
            .meaning =
                "how people and subscribers reach the server, for links in messages and addresses of HTTP APIs: "
                "behind a proxy; without it, where it listens",
            .read =
                [](Options& options, const std::string& value) {
                    options.public_url = value.substr(0, value.ends_with('/') ? value.size() - 1 : value.size());
                    return value.empty() || net::parse_endpoint(options.public_url).has_value();
                },
            .show = [](const Options& options) { return options.public_url; }};
}

/// One of a closed list of words, each for a value.
template <class Value>
Setting choice(const std::string& name, Value Options::* member,
               const std::vector<std::pair<std::string, Value>>& choices, const std::string& meaning) {
    std::vector<std::string> words;
    words.reserve(choices.size());
    for (const auto& [word, value] : choices) words.push_back(word);
    return {.name = name,
            .form = fmt::format("{}", fmt::join(words, "|")),
            .expected = fmt::format("one of {}", fmt::join(words, ", ")),
            .meaning = meaning,
            .read =
                [=](Options& options, const std::string& text) {
                    const auto found = std::ranges::find(choices, text, &std::pair<std::string, Value>::first);
                    if (found != choices.end()) options.*member = found->second;
                    return found != choices.end();
                },
            .show =
                [=](const Options& options) {
                    return std::ranges::find_if(choices, [&](const auto& one) { return one.second == options.*member; })
                        ->first;
                }};
}

Setting on_off(const std::string& name, bool Options::* member, const std::string& meaning) {
    return choice(name, member, {{"on", true}, {"off", false}}, meaning);
}

Setting metrics_setting() {
    return {.name = "metrics",
            .form = "on|off|HOST:PORT",
            .expected = "on, off, or HOST:PORT",
            .meaning = "whether /metrics is served with everything else, not at all, or at an address of its own",
            .read =
                [](Options& options, const std::string& value) {
                    options.metrics = value;
                    std::string host;
                    std::uint16_t port = 0;
                    return value == "on" || value == "off" || read_address(value, host, port);
                },
            .show = [](const Options& options) { return options.metrics; }};
}

Setting trusted_proxies_setting() {
    return {.name = "trusted-proxies",
            .form = "LIST",
            .expected = "addresses and networks with commas between them, such as 10.0.0.0/8,::1",
            .meaning =
                "proxies that are believed when they say whom they speak for (X-Forwarded-For, "
                "X-Forwarded-Proto); nobody else is",
            .read = [](Options& options,
                       const std::string& value) { return read_trusted_proxies(value, options.trusted_proxies); },
            .show = [](const Options& options) { return to_text(options.trusted_proxies); }};
}

Setting limit_setting(std::string_view limit) {
    return {
        .name = std::string(kLimitPrefix) + std::string(limit),
        .form = "NUMBER",
        .expected = fmt::format("a whole number from 1 to {}", core::kLimitMax),
        .meaning = std::string(core::limit_meaning(limit)) + "; AWS's own unless you say otherwise",
        .read =
            [limit](Options& options, const std::string& value) {
                return core::set_limit(options.limits, fmt::format("{}={}", limit, value)).has_value();
            },
        .show = [limit](const Options& options) { return std::to_string(core::limit_value(options.limits, limit)); }};
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r";
    const auto begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool needs_quotes(std::string_view value) {
    return value.empty() || trim(value) != value || value.find_first_of("\"\\") != std::string_view::npos ||
           value.starts_with('#') || value.find(" #") != std::string_view::npos;
}

std::string in_quotes(std::string_view value) {
    if (!needs_quotes(value)) return std::string(value);
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

/// What stands behind the `=`; nothing when quotes are not closed or more follows them.
std::optional<std::string> read_value(std::string_view text) {
    text = trim(text);
    if (!text.starts_with('"')) {
        if (text.starts_with('#')) return std::string();
        for (const std::string_view mark : {" #", "\t#"}) text = text.substr(0, text.find(mark));
        return std::string(trim(text));
    }
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            const std::string_view rest = trim(text.substr(i + 1));
            return rest.empty() || rest.starts_with('#') ? std::optional(value) : std::nullopt;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
    }
    return std::nullopt;
}

std::unexpected<Error> invalid(std::string message) {
    return fail("InvalidConfiguration", 400, std::move(message));
}

/// What a refusal repeats goes into logs: of a line that is no setting only its name, since a secret may follow, and of
/// an address not who signs in there.
std::string first_word(std::string_view line) {
    const auto end = line.find_first_of(" \t:");
    return end == std::string_view::npos ? std::string(line) : std::string(line.substr(0, end)) + " …";
}

std::string without_user(const std::string& text) {
    const auto at = text.rfind('@');
    if (at == std::string::npos || text.find(':') > at) return text;
    const auto scheme = text.find("://");
    return (scheme < at ? text.substr(0, scheme + 3) : "") + "…" + text.substr(at);
}

std::string names_of(const std::vector<Setting>& table) {
    std::vector<std::string_view> names;
    names.reserve(table.size());
    for (const Setting& setting : table) names.push_back(setting.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

/// What keeps strangers out: docs/security.md.
std::vector<Setting> security_settings() {
    return {
        file("tls-cert", &Options::tls_certificate, "certificate chain (PEM): https instead of http"),
        file("tls-key", &Options::tls_key, "its key (PEM); both are read again at SIGHUP"),
        on_off("insecure-plain-http", &Options::insecure_plain_http,
               "listen without TLS where other machines reach it: behind a proxy that ends TLS"),
        trusted_proxies_setting(),
        file("master-key-file", &Options::master_key_file,
             "32 bytes, as `openssl rand -hex 32` makes them, under which the folder's keys are sealed; without it the "
             "key in HOLDPOINT_MASTER_KEY, if there is one"),
        on_off("encrypt-payloads", &Options::encrypt_payloads,
               "keep what passes through encrypted on disk; for good, once it was given"),
        number("requests-per-second", &Options::requests_per_second, 0, 1'000'000,
               "what one caller may do before it is throttled as on AWS; 0: no limit"),
        number("connections-max", &Options::connections_max, 1, 1'000'000, "open connections; more are told 503"),
        number("connections-per-address-max", &Options::connections_per_address_max, 0, 1'000'000,
               "open connections from one address (of IPv6: from one /64); more are told 429; 0: as many as in all"),
        number("header-timeout-seconds", &Options::header_timeout_seconds, 1, 86400,
               "how long a request's headers may take to arrive; then 408"),
        number("body-timeout-seconds", &Options::body_timeout_seconds, 1, 86400,
               "how long its body may take to arrive; then 408"),
        number("connection-idle-seconds", &Options::connection_idle_seconds, 1, 86400,
               "a connection without a request for so long is closed"),
    };
}

template <class Member>
Setting secret(const std::string& name, Member member, const std::string& expected, const std::string& meaning) {
    Setting setting = file(name, member, meaning);
    setting.form = "TEXT";
    setting.expected = expected;
    setting.is_secret = true;
    return setting;
}

/// How mail leaves the server.
std::vector<Setting> mail_settings() {
    return {{.name = "smtp-url",
             .form = "URL",
             .expected = "smtp://HOST:PORT or smtps://HOST:PORT, without a user",
             .meaning = "mail server that takes the messages to people; without it they are kept in the outbox",
             .read =
                 [](Options& options, const std::string& value) {
                     options.smtp_url = value;
                     return value.empty() || mail::parse_smtp_url(value).has_value();
                 },
             .show = [](const Options& options) { return options.smtp_url; }},
            {.name = "mail-from",
             .form = "ADDRESS",
             .expected = "an e-mail address, such as approvals@example.com",
             .meaning = "who the messages are from",
             .read =
                 [](Options& options, const std::string& value) {
                     options.mail_from = value;
                     return value.empty() || mail::is_address(value);
                 },
             .show = [](const Options& options) { return options.mail_from; }},
            secret("smtp-user", &Options::smtp_user, "a user's name", "who signs in at the mail server"),
            secret("smtp-password", &Options::smtp_password, "a password", "with what")};
}

}  // namespace

std::vector<Setting> settings() {
    std::vector<Setting> table = {
        text("data", &Options::data, "FOLDER", "a folder's path", "folder for everything that is kept"),
        listen_setting(),
        public_url_setting(),
        metrics_setting(),
        choice("log-format", &Options::log_format, {{"text", log::Format::text}, {"json", log::Format::json}},
               "how the lines on standard error are written"),
        choice("log-level", &Options::log_level,
               {{"debug", log::Level::debug},
                {"info", log::Level::info},
                {"warn", log::Level::warn},
                {"error", log::Level::error}},
               "the least that is written; debug has a line for every request"),
        number("io-threads", &Options::io_threads, 1, 64,
               "threads that read requests and write answers; as many more for the functions' socket"),
        number("function-processes", &Options::function_processes, 1, 10000,
               "processes of one function version at the same time; more invocations wait"),
        number("function-idle-seconds", &Options::function_idle_seconds, 1, 86400,
               "a function's process that had no work for so long is ended"),
        on_off("function-memory-limit", &Options::function_memory_limit,
               "whether a function's process that uses more than its MemorySize is killed, as on AWS"),
        number("drain-seconds", &Options::drain_seconds, 0, 3600,
               "how long the end of the server waits for invocations under way"),
        number("log-retention-days", &Options::log_retention_days, 0, 3653,
               "log lines older than this are erased, unless their group has a retention of its own; 0 keeps them"),
    };
    for (auto&& group : {security_settings(), mail_settings()}) std::ranges::copy(group, std::back_inserter(table));
    for (const std::string_view limit : core::limit_names()) table.push_back(limit_setting(limit));
    return table;
}

bool read_address(const std::string& text, std::string& host, std::uint16_t& port) {
    constexpr std::int64_t kPortMax = 65535;
    const auto colon = text.rfind(':');
    const auto number = colon == std::string::npos ? std::nullopt : whole_number(text.substr(colon + 1), 0, kPortMax);
    if (!number) return false;
    std::string name = text.substr(0, colon);
    const bool bracketed = name.starts_with('[') && name.ends_with(']');
    if (bracketed) name = name.substr(1, name.size() - 2);
    if (name.empty() || name.contains(':') != bracketed) return false;
    host = std::move(name);
    port = static_cast<std::uint16_t>(*number);
    return true;
}

bool Setting::is_switch() const {
    return form == "on|off";
}

std::string Setting::flag() const {
    if (is_secret) return "";
    if (name.starts_with(kLimitPrefix)) return "--limit " + name.substr(kLimitPrefix.size()) + "=";
    return "--" + name;
}

std::string Setting::variable() const {
    std::string variable(kVariablePrefix);
    for (const char c : name) {
        const bool lower = c >= 'a' && c <= 'z';
        variable += lower ? static_cast<char>(c - 'a' + 'A') : c == '-' || c == '.' ? '_' : c;
    }
    return variable;
}

Result<std::vector<Assignment>> read_config(const std::string& path, std::string_view text) {
    const std::vector<Setting> table = settings();
    std::vector<Assignment> assignments;
    for (int line_number = 1; !text.empty(); ++line_number) {
        const auto end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.empty() || line.starts_with('#')) continue;
        const std::string origin = fmt::format("{}:{}", path, line_number);
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            return invalid(fmt::format("{}: expected `name = value` or a comment that begins with #, got '{}'", origin,
                                       first_word(line)));
        }
        const std::string name(trim(line.substr(0, equals)));
        if (std::ranges::find(table, name, &Setting::name) == table.end()) {
            return invalid(
                fmt::format("{}: there is no setting '{}'; expected one of {}", origin, name, names_of(table)));
        }
        const auto earlier = std::ranges::find(assignments, name, &Assignment::name);
        if (earlier != assignments.end()) {
            return invalid(
                fmt::format("{}: '{}' was set before, at {}; expected it once", origin, name, earlier->origin));
        }
        const auto value = read_value(line.substr(equals + 1));
        if (!value)
            return invalid(fmt::format("{}: {}: expected a value, or one between two double quotes", origin, name));
        assignments.push_back({.name = name, .text = *value, .origin = origin});
    }
    return assignments;
}

std::vector<Assignment> read_environment(const std::function<const char*(const char*)>& look_up) {
    std::vector<Assignment> assignments;
    for (const Setting& setting : settings()) {
        const std::string variable = setting.variable();
        const char* const value = look_up(variable.c_str());
        if (value == nullptr || *value == '\0') continue;
        assignments.push_back({.name = setting.name, .text = value, .origin = "environment " + variable});
    }
    return assignments;
}

std::vector<std::string> unknown_variables(const char* const* environment) {
    const std::vector<Setting> table = settings();
    std::vector<std::string> unknown;
    for (; *environment != nullptr; ++environment) {
        const std::string_view entry(*environment);
        const std::string name(entry.substr(0, entry.find('=')));
        if (!name.starts_with(kVariablePrefix) || name == kConfigVariable || name == kMasterKeyVariable) continue;
        if (std::ranges::find(table, name, &Setting::variable) == table.end()) unknown.push_back(name);
    }
    return unknown;
}

Result<Configuration> configure(Options defaults, const std::vector<Assignment>& assignments) {
    const std::vector<Setting> table = settings();
    Configuration configuration{.options = std::move(defaults)};
    for (const Assignment& assignment : assignments) {
        const auto setting = std::ranges::find(table, assignment.name, &Setting::name);
        if (setting == table.end()) {
            return invalid(fmt::format("{}: there is no setting '{}'; expected one of {}", assignment.origin,
                                       assignment.name, names_of(table)));
        }
        if (!setting->read(configuration.options, assignment.text)) {
            return invalid(fmt::format("{}: {}: expected {}, got '{}'", assignment.origin, setting->name,
                                       setting->expected, without_user(assignment.text)));
        }
        configuration.origins[setting->name] = assignment.origin;
    }
    if (configuration.options.tls_certificate.empty() != configuration.options.tls_key.empty()) {
        return invalid("--tls-cert and --tls-key: expected both or neither");
    }
    if (configuration.options.smtp_url.empty() != configuration.options.mail_from.empty()) {
        return invalid("--smtp-url and --mail-from: expected both or neither");
    }
    if (configuration.options.smtp_user.empty() != configuration.options.smtp_password.empty()) {
        return invalid("smtp-user and smtp-password: expected both or neither");
    }
    return configuration;
}

std::string print_config(const Configuration& configuration) {
    std::string text;
    for (const Setting& setting : settings()) {
        const auto origin = configuration.origins.find(setting.name);
        const bool is_default = origin == configuration.origins.end();
        const std::string value = setting.is_secret ? "" : setting.show(configuration.options);
        text +=
            fmt::format("{:<50}  # {}{}\n", fmt::format("{} = {}", setting.name, in_quotes(value)),
                        is_default ? "default" : origin->second, setting.is_secret && !is_default ? ", not shown" : "");
    }
    return text;
}

std::string settings_markdown() {
    std::string text =
        "| name | flag | environment | value | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
    const Options defaults{.data = "~/.local/share/holdpoint"};
    for (const Setting& setting : settings()) {
        const std::string shown = setting.show(defaults);
        const std::string flag = setting.is_secret ? "none: it is a secret" : "`" + setting.flag() + "`";
        text += fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n", setting.name, flag, setting.variable(),
                            setting.expected, shown.empty() ? "none" : "`" + shown + "`", setting.meaning);
    }
    return text;
}

}  // namespace holdpoint::server
