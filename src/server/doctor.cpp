#include "server/doctor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/meters.hpp"
#include "base/private_file.hpp"
#include "cli/aws_version.hpp"
#include "cli/server_file.hpp"
#include "net/server.hpp"
#include "net/tls_context.hpp"
#include "net/transport.hpp"
#include "server/data_folder.hpp"
#include "server/mailing.hpp"
#include "server/server.hpp"
#include "store/maintenance.hpp"
#include "store/store.hpp"

namespace holdpoint::server {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMegabyte = 1024UL * 1024;

Finding ok(std::string check, std::string found) {
    return {.check = std::move(check), .verdict = Verdict::ok, .found = std::move(found)};
}

Finding bad(Verdict verdict, std::string check, std::string found, std::string advice) {
    return {.check = std::move(check), .verdict = verdict, .found = std::move(found), .advice = std::move(advice)};
}

Finding sync_speed(const std::string& data) {
    constexpr std::size_t kTries = 20;
    const std::string path = data + "/doctor.tmp";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const std::string page(4096, 'x');
    std::vector<std::chrono::microseconds> took;
    bool written = file >= 0;
    for (std::size_t i = 0; i < kTries && written; ++i) {
        const Stopwatch watch;
        written =
            ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) && ::fdatasync(file) == 0;
        took.push_back(watch.elapsed());
    }
    const int reason = errno;
    if (file >= 0) ::close(file);
    ::unlink(path.c_str());
    if (!written) {
        return bad(Verdict::problem, "disk speed",
                   fmt::format("nothing can be written to {}: {}", data, std::generic_category().message(reason)),
                   "make room, or check how the disk is mounted and who owns the folder");
    }
    std::ranges::sort(took);
    return examine_sync(took[took.size() / 2]);
}

void examine_disk(const std::string& data, std::vector<Finding>& findings) {
    std::error_code problem;
    const auto space = fs::space(data, problem);
    if (problem) {
        findings.push_back(
            bad(Verdict::problem, "disk space", problem.message(), "check that the data folder is mounted"));
        return;
    }
    findings.push_back(examine_space(space.available, space.capacity));
    findings.push_back(sync_speed(data));
}

Finding examine_time(const Clock& clock) {
    constexpr Milliseconds kLook{200};
    const TimePoint earlier = clock.now();
    const Milliseconds began = clock.monotonic();
    std::this_thread::sleep_for(kLook);
    return examine_clock(earlier, clock.now(), clock.monotonic() - began);
}

/// When the databases were written last, by the files' own times.
TimePoint last_write(const std::string& data) {
    TimePoint newest = from_epoch_ms(0);
    for (const char* file : {"holdpoint.db", "holdpoint.db-wal", "logs.db", "logs.db-wal"}) {
        std::error_code missing;
        const auto at = fs::last_write_time(data + "/" + file, missing);
        if (missing) continue;
        newest = std::max(newest, std::chrono::floor<Milliseconds>(std::chrono::file_clock::to_sys(at)));
    }
    return newest;
}

/// A server holds the lock in the folder as long as it runs.
bool is_served(const std::string& data) {
    const int file = ::open((data + "/lock").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return false;
    const bool held = ::flock(file, LOCK_EX | LOCK_NB) != 0;
    ::close(file);
    return held;
}

/// Which process's limits count: the server's, or ours when none runs, since one that is started from here has the
/// same.
pid_t process_of(const std::string& data) {
    if (!is_served(data)) return 0;
    std::ifstream lock(data + "/lock");
    pid_t process = 0;
    lock >> process;
    return process;
}

rlimit limit_of(pid_t process, __rlimit_resource resource) {
    rlimit limit{};
    if (::prlimit(process, resource, nullptr, &limit) != 0) ::getrlimit(resource, &limit);
    return limit;
}

/// Nothing where it cannot be read, which examine_master_key tells.
std::optional<SealKey> readable_master_key(const Options& options) {
    try {
        return read_master_key(options);
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

Finding examine_server(const Options& options) {
    const auto master = readable_master_key(options);
    const auto server = cli::read_server_file(options.data, master ? &*master : nullptr);
    if (!server && server.error().name == "MasterKeyNeeded") {
        return bad(Verdict::warning, "server", server.error().message, "then look again");
    }
    const auto endpoint = server ? net::parse_endpoint(server->url) : std::nullopt;
    if (!endpoint) {
        return bad(Verdict::problem, "server",
                   "a server uses the folder, but its server.json is missing: it is starting or ending",
                   "wait a moment and look again");
    }
    const net::Request request{.method = "GET", .target = "/health", .headers = {}, .body = {}};
    const net::Timeouts patience{
        .connect = Milliseconds{2000}, .read = Milliseconds{5000}, .whole = Milliseconds{5000}};
    const auto response = net::make_transport()->send(*endpoint, request, patience);
    if (response && response->status == 200) return ok("server", fmt::format("runs at {} and is ready", server->url));
    return bad(
        Verdict::problem, "server",
        response ? fmt::format("runs at {} and says {}", server->url, response->body)
                 : fmt::format("holds the folder but does not answer at {}: {}", server->url, response.error().message),
        endpoint->tls ? "look at its log; where its certificate is refused, name the authority with AWS_CA_BUNDLE, and "
                        "listen by a name that is in the certificate (docs/server.md, \"With TLS\")"
                      : "look at its log; restart it if it does not recover: what was acknowledged is safe");
}

Finding examine_port(const Options& options) {
    const std::string where = net::authority(options.host, std::to_string(options.port));
    try {
        net::Server listener({.host = options.host, .port = options.port, .threads = 1},
                             [](const net::Request&, const net::Respond&) {});
        return ok("server", fmt::format("does not run; {} is free for it", where));
    } catch (const std::exception& error) {
        return bad(Verdict::problem, "server", error.what(),
                   fmt::format("choose another address with --listen, or end what uses {}", where));
    }
}

Finding examine_master_key(const Options& options, std::vector<Finding>& findings) {
    const std::string advice =
        "give the key that the folder's are sealed under: master-key-file, or HOLDPOINT_MASTER_KEY";
    try {
        const auto key = read_master_key(options);
        std::ranges::move(examine_key_files(options.data, key ? &*key : nullptr), std::back_inserter(findings));
        if (key) return ok("master key", "is there, and opens what is sealed");
    } catch (const std::exception& problem) {
        return bad(Verdict::problem, "master key", problem.what(), advice);
    }
    if (options.encrypt_payloads) {
        return bad(Verdict::problem, "master key", "is not there, and --encrypt-payloads needs it", advice);
    }
    return ok("master key", "none is given, and nothing is sealed");
}

Finding examine_tls(const Options& options) {
    if (const auto problem = lack_of_tls(options)) {
        return bad(Verdict::problem, "tls", *problem, "see docs/security.md");
    }
    if (options.tls_certificate.empty()) return ok("tls", "plain HTTP");
    try {
        const auto loaded = net::load_tls({.certificate = options.tls_certificate, .key = options.tls_key});
        if (loaded.warning.empty()) return ok("tls", options.tls_certificate + " is good");
        return bad(Verdict::warning, "tls", loaded.warning, "mend the files; SIGHUP makes the server read them again");
    } catch (const std::exception& problem) {
        return bad(Verdict::problem, "tls", problem.what(), "name files that fit: tls-cert and tls-key");
    }
}

Finding examine_files_limit(const Options& options, pid_t process) {
    // A connection each, and for each function process its output and its connection; the databases and the rest.
    constexpr std::size_t kForTheRest = 200;
    constexpr std::size_t kForEachProcess = 4;
    const std::size_t wanted = std::max<std::size_t>(4096, kForTheRest + options.function_processes * kForEachProcess);
    const rlim_t limit = limit_of(process, RLIMIT_NOFILE).rlim_max;  // which the server allows itself
    const std::string found = fmt::format("{} open files are allowed", limit);
    if (limit >= wanted) return ok("open files", found);
    return bad(Verdict::warning, "open files", found,
               fmt::format("allow {}: `ulimit -n {}`, or LimitNOFILE={} in the systemd unit", wanted, wanted, wanted));
}

Finding examine_processes_limit(const Options& options, pid_t process) {
    const rlim_t limit = limit_of(process, RLIMIT_NPROC).rlim_cur;
    if (limit == RLIM_INFINITY) return ok("processes", "as many as there may be");
    const std::string found = fmt::format("{} processes and threads are allowed", limit);
    const std::size_t wanted = 100 + options.function_processes;
    if (limit >= wanted) return ok("processes", found);
    return bad(Verdict::warning, "processes", found,
               fmt::format("allow {}: `ulimit -u {}`, or LimitNPROC={}", wanted, wanted, wanted));
}

Finding examine_mail(const Options& options) {
    if (options.smtp_url.empty()) return ok("mail", "no mail server is set: messages to people are kept in the outbox");
    const auto reached = try_mail_server(options);
    if (reached) return ok("mail", options.smtp_url + " takes mail");
    return bad(Verdict::problem, "mail", fmt::format("{}: {}", options.smtp_url, reached.error()),
               "check smtp-url, smtp-user and smtp-password, and that its certificate is one this machine trusts "
               "(SSL_CERT_FILE names others)");
}

Finding examine_aws() {
    const auto text = cli::installed_aws_version();
    const auto version = text ? cli::parse_aws_version(*text) : std::nullopt;
    if (!version) return ok("aws", "there is no aws command on the PATH; none is needed");
    const std::string found = fmt::format("version {}.{}", version->major, version->minor);
    if (cli::honours_endpoint_url(*version)) return ok("aws", found);
    return bad(Verdict::warning, "aws", found + " ignores AWS_ENDPOINT_URL and would talk to the real AWS",
               "give it --endpoint-url \"$AWS_ENDPOINT_URL\" each time, or install 2.13 (1.29) or later");
}

}  // namespace

Finding examine_mode(const std::string& check, const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return bad(Verdict::problem, check, fmt::format("{}: {}", path, std::generic_category().message(errno)),
                   "check who owns the folder and those above it");
    }
    if (status.st_uid != ::geteuid()) {
        return bad(Verdict::problem, check,
                   fmt::format("{} belongs to user {}, and you are {}", path, status.st_uid, ::geteuid()),
                   // For root the folder of a server's user is no mistake, and must not become root's.
                   ::geteuid() == 0 ? fmt::format("run as its owner: `sudo -u '#{}' …`", status.st_uid)
                                    : fmt::format("run as its owner, or `chown -R {} {}`", ::geteuid(), path));
    }
    constexpr unsigned kOthers = 077;
    if ((status.st_mode & kOthers) != 0) {
        return bad(Verdict::problem, check,
                   fmt::format("{} is open to others (mode {:03o})", path, status.st_mode & 0777U),
                   fmt::format("`chmod go= {}`", path));
    }
    return ok(check, fmt::format("{} is yours alone (mode {:03o})", path, status.st_mode & 0777U));
}

std::vector<Finding> examine_key_files(const std::string& data, const SealKey* master) {
    std::vector<Finding> findings;
    for (const std::string name : kKeyFiles) {
        const std::string path = fmt::format("{}/{}", data, name);
        if (!fs::exists(path) || examine_mode("files", path).verdict != Verdict::ok) continue;
        auto text = read_private_file(path);
        if (text && is_sealed(*text)) text = read_key_file(path, master);
        const auto problem = text ? problem_of_key_file(path, *text) : std::nullopt;
        if (problem) findings.push_back(bad(Verdict::problem, "keys", problem->what, problem->advice));
    }
    return findings;
}

std::vector<Finding> examine_databases(const std::string& data) {
    const std::string advice =
        "stop the server, keep a copy of the folder, and restore the last backup (docs/server.md)";
    std::vector<Finding> findings;
    for (const std::string file : {"holdpoint.db", "logs.db"}) {
        const std::string path = fmt::format("{}/{}", data, file);
        if (!fs::exists(path)) continue;
        const store::Inspection found = store::inspect_database(path);
        const bool is_main = file == "holdpoint.db";
        if (!found.unreadable.empty()) {
            findings.push_back(
                bad(Verdict::problem, file, "cannot be read: " + found.unreadable,
                    "make room, or look at the disk and at who owns the folder, and then look again: the "
                    "file may well be whole"));
        } else if (!found.problems.empty()) {
            findings.push_back(bad(Verdict::problem, file, "is damaged: " + found.problems.front(), advice));
        } else if (is_main && !found.is_ours) {
            findings.push_back(
                bad(Verdict::problem, file, "is another program's database", "choose another folder with --data"));
        } else if (is_main && found.schema > store::newest_schema()) {
            findings.push_back(bad(Verdict::problem, file,
                                   fmt::format("has schema version {}, newer than this program's {}", found.schema,
                                               store::newest_schema()),
                                   "use the newer holdpoint, or restore a backup made before it was"));
        } else {
            findings.push_back(
                ok(file, is_main ? fmt::format("is whole; schema version {}", found.schema) : "is whole"));
            // To open an older one would change it.
            const bool may_open = is_main && found.schema == store::newest_schema() && !fs::exists(data + "/data.key");
            const auto lack = may_open ? lack_of_data_key(data, *store::open_sqlite_store(path)) : std::nullopt;
            if (lack) findings.push_back(bad(Verdict::problem, "keys", lack->what, lack->advice));
        }
    }
    return findings;
}

Finding examine_clock(TimePoint earlier, TimePoint later, Milliseconds monotonic_between) {
    constexpr Milliseconds kApart{100};
    const std::string now = to_iso8601(later);
    constexpr int kFirstYear = 2025;
    constexpr int kLastYear = 2100;
    const int year = static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(later)).year());
    if (year < kFirstYear || year > kLastYear) {
        return bad(Verdict::problem, "clock", "it says " + now,
                   "set the clock (NTP): deadlines are wall time, and signatures older than 15 minutes are refused");
    }
    const Milliseconds apart = (later - earlier) - monotonic_between;
    if (apart > kApart || apart < -kApart) {
        return bad(Verdict::warning, "clock",
                   fmt::format("{}; it jumped by {} ms while it was watched", now, apart.count()),
                   "let NTP slew the clock instead of stepping it; nothing is lost, but deadlines jump along");
    }
    return ok("clock", now + ", and it runs evenly");
}

Finding examine_last_write(TimePoint written, TimePoint now) {
    constexpr std::chrono::minutes kTolerated{1};
    if (written <= now + kTolerated) return ok("clock", "nothing was written later than it says");
    return bad(Verdict::warning, "clock",
               fmt::format("the data folder was written last at {}, which is still to come: the clock was ahead then, "
                           "or is behind now",
                           to_iso8601(written)),
               "set the clock (NTP); what began while it was wrong ends as much too late or too early "
               "(docs/server.md, \"When the clock is set\")");
}

Finding examine_space(std::uint64_t free_bytes, std::uint64_t all_bytes) {
    constexpr std::uint64_t kTooLittle = 100 * kMegabyte;
    constexpr std::uint64_t kLittle = 1024 * kMegabyte;
    const std::string found = fmt::format("{} MB of {} MB are free", free_bytes / kMegabyte, all_bytes / kMegabyte);
    if (free_bytes < kTooLittle)
        return bad(Verdict::problem, "disk space", found, "make room: a full disk ends the server");
    if (free_bytes < kLittle) {
        return bad(Verdict::warning, "disk space", found,
                   "make room, or keep logs for fewer days (log-retention-days)");
    }
    return ok("disk space", found);
}

Finding examine_sync(std::chrono::microseconds median) {
    constexpr std::chrono::milliseconds kSlow{20};
    const std::string found =
        fmt::format("fsync takes {:.2f} ms (the middle of 20)", static_cast<double>(median.count()) / 1000);
    if (median < kSlow) return ok("disk speed", found);
    return bad(Verdict::warning, "disk speed", found,
               "each commit waits for it: put the data folder on a local SSD, or expect slow checkpoints");
}

std::vector<Finding> examine(const Options& options, const Clock& clock) {
    std::vector<Finding> findings;
    const std::string& data = options.data;
    std::error_code hidden;
    const bool is_there = fs::exists(data, hidden) || hidden;
    // Of another user's folder nothing is known but that.
    const bool is_open = is_there && ::access(data.c_str(), R_OK | X_OK) == 0;
    if (is_there) findings.push_back(examine_mode("data folder", data));
    if (is_open) {
        // What is no secret, too, is written by the server.
        std::vector<std::string> files{"lock", "code", "work"};
        files.insert(files.end(), kSecretFiles.begin(), kSecretFiles.end());
        for (const std::string& file : files) {
            const std::string path = fmt::format("{}/{}", data, file);
            if (!fs::exists(path)) continue;
            if (Finding finding = examine_mode("files", path); finding.verdict != Verdict::ok)
                findings.push_back(std::move(finding));
        }
        examine_disk(data, findings);
    }
    if (!is_there) findings.push_back(ok("data folder", data + " is not there; the first start makes it"));
    if (is_open || !is_there) findings.push_back(examine_master_key(options, findings));
    findings.push_back(examine_tls(options));
    findings.push_back(examine_time(clock));
    if (is_open) {
        if (Finding finding = examine_last_write(last_write(data), clock.now()); finding.verdict != Verdict::ok)
            findings.push_back(std::move(finding));
    }
    if (is_open || !is_there) {
        findings.push_back(is_there && is_served(data) ? examine_server(options) : examine_port(options));
    }
    if (is_open) std::ranges::move(examine_databases(data), std::back_inserter(findings));
    const pid_t process = is_open ? process_of(data) : 0;
    findings.push_back(examine_files_limit(options, process));
    findings.push_back(examine_processes_limit(options, process));
    findings.push_back(examine_mail(options));
    findings.push_back(examine_aws());
    return findings;
}

}  // namespace holdpoint::server
