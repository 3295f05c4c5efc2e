#include "server/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "base/encoding.hpp"
#include "base/private_file.hpp"

namespace holdpoint::server {

namespace fs = std::filesystem;

namespace {

void make_private(const std::string& path) {
    std::error_code problem;
    fs::create_directories(path, problem);
    if (problem) throw std::runtime_error(fmt::format("cannot make the folder {}: {}", path, problem.message()));
    fs::permissions(path, fs::perms::owner_all, problem);
}

std::string random_text(Random& random, std::string_view alphabet, std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += alphabet[random.next() % alphabet.size()];
    return text;
}

constexpr std::string_view kRestoreDataKey =
    "restore it from a backup of this folder; without it nothing that is encrypted can be read, and no new key helps";

std::optional<identity::Credentials> parse_credentials(const std::string& text) {
    try {
        const boost::json::value value = boost::json::parse(text);
        return identity::Credentials{.access_key_id = std::string(value.at("access_key_id").as_string()),
                                     .secret_access_key = std::string(value.at("secret_access_key").as_string()),
                                     .session_token = {}};
    } catch (const std::exception&) {
        return std::nullopt;
    }
}

[[noreturn]] void refuse(const KeyFileProblem& problem) {
    throw BadConfiguration(fmt::format("{}: {}", problem.what, problem.advice));
}

void refuse_damaged(const std::string& path, const std::string& text) {
    if (const auto problem = problem_of_key_file(path, text)) refuse(*problem);
}

/// Looks at the ends of what every server has or what grows: a folder may have been plain before it was encrypted.
bool has_sealed_rows(store::Store& disk) {
    constexpr std::size_t kLookedAt = 32;
    const auto rows = disk.snapshot();
    for (const Space space : {Space::functions, Space::tables, Space::stacks, Space::roles, Space::topics,
                              Space::executions, Space::journal, Space::items, Space::events}) {
        for (const bool reverse : {false, true}) {
            const auto found = rows->scan(space, {}, {}, kLookedAt, reverse);
            if (std::ranges::any_of(found, [](const Row& row) { return is_sealed(row.value); })) return true;
        }
    }
    return false;
}

}  // namespace

DataFolder::DataFolder(const std::string& path) : path_(fs::absolute(path)) {
    try {
        check_private(path_, {kSecretFiles.begin(), kSecretFiles.end()});
    } catch (const std::runtime_error& problem) {
        throw BadConfiguration(problem.what());
    }
    make_private(path_);
    lock_ = ::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0 && errno == EACCES) {
        throw BadConfiguration(
            fmt::format("cannot open {}: {}: `holdpoint doctor` says whose it is", file("lock"), std::strerror(errno)));
    }
    if (lock_ < 0) throw std::runtime_error(fmt::format("cannot open {}: {}", file("lock"), std::strerror(errno)));
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) {
        // For the doctor, who looks at what the process that holds it may do; a full disk lets it look at itself.
        [[maybe_unused]] const bool noted = ::ftruncate(lock_, 0) == 0 && write_all(lock_, std::to_string(::getpid()));
        return;
    }
    ::close(lock_);
    throw std::runtime_error(
        fmt::format("another holdpoint server uses {}; stop it first, or choose another folder with --data", path_));
}

DataFolder::~DataFolder() {
    ::close(lock_);
}

void require_server_data(const std::string& folder) {
    const std::string database = folder + "/holdpoint.db";
    std::error_code hidden;
    const bool is_there = fs::exists(database, hidden);
    if (hidden) throw std::runtime_error(fmt::format("cannot read {}: {}", database, hidden.message()));
    if (is_there) return;
    throw std::runtime_error(fmt::format("{} has no holdpoint.db: name the server's data folder with --data", folder));
}

std::string DataFolder::folder(const std::string& name) const {
    make_private(file(name));
    return file(name);
}

std::optional<KeyFileProblem> problem_of_key_file(const std::string& path, const std::string& text) {
    if (path.ends_with("credentials.json")) {
        if (parse_credentials(text)) return std::nullopt;
        return KeyFileProblem{path + " is damaged", "restore it from a backup, or remove it to get a new key"};
    }
    if (path.ends_with("sns-signing.pem")) {
        if (text.contains("PRIVATE KEY-----") && text.contains("BEGIN CERTIFICATE-----")) return std::nullopt;
        return KeyFileProblem{path + " does not hold a key and its certificate",
                              "restore it from a backup, or remove it to have new ones made: endpoints that verify "
                              "signatures fetch the new certificate by themselves"};
    }
    constexpr std::size_t kDataKeyBytes = 32;
    if (text.size() == kDataKeyBytes) return std::nullopt;
    return KeyFileProblem{path + " is damaged", std::string(kRestoreDataKey)};
}

std::optional<KeyFileProblem> lack_of_data_key(const std::string& folder, store::Store& disk) {
    const std::string path = folder + "/data.key";
    if (fs::exists(path) || !has_sealed_rows(disk)) return std::nullopt;
    return KeyFileProblem{path + " is missing, and what the folder keeps is encrypted under it",
                          std::string(kRestoreDataKey)};
}

std::string signing_key_file(const DataFolder& folder, const SealKey* master) {
    std::string path = folder.file("sns-signing.pem");
    if (const auto text = read_key_file(path, master)) refuse_damaged(path, *text);
    return path;
}

identity::Credentials load_or_make_credentials(const std::string& path, Random& random, const SealKey* master) {
    if (const auto text = read_key_file(path, master)) {
        refuse_damaged(path, *text);
        return parse_credentials(*text).value();
    }
    identity::Credentials credentials;
    credentials.access_key_id = "AKIA" + random_text(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16);
    credentials.secret_access_key = base64_encode(random.bytes(30));
    write_key_file(path,
                   boost::json::serialize(boost::json::object{{"access_key_id", credentials.access_key_id},
                                                              {"secret_access_key", credentials.secret_access_key}}),
                   master);
    return credentials;
}

std::optional<SealKey> read_master_key(const Options& options) {
    try {
        return options.master_key_file.empty() ? SealKey::from_environment() : SealKey::read(options.master_key_file);
    } catch (const std::exception& problem) {
        throw BadConfiguration(problem.what());
    }
}

std::optional<SealKey> load_or_make_data_key(const DataFolder& folder, const SealKey* master, bool wanted,
                                             store::Store& disk) {
    const std::string path = folder.file("data.key");
    if (const auto text = read_key_file(path, master)) {
        refuse_damaged(path, *text);
        return SealKey(*text);
    }
    if (const auto lack = lack_of_data_key(fs::path(path).parent_path(), disk)) refuse(*lack);
    if (!wanted) return std::nullopt;
    if (master == nullptr) {
        throw SealError("--encrypt-payloads needs a master key: --master-key-file or HOLDPOINT_MASTER_KEY");
    }
    SealKey key = SealKey::make();
    write_key_file(path, key.bytes(), master);
    return key;
}

std::vector<std::string> reseal(const DataFolder& folder, const SealKey* current, const SealKey& next) {
    std::vector<std::pair<std::string, std::string>> files;
    for (const std::string name : kKeyFiles) {
        const std::string path = folder.file(name);
        std::optional<std::string> text;
        try {
            text = read_key_file(path, &next);
        } catch (const SealError&) {
            text = read_key_file(path, current);
        }
        if (text) files.emplace_back(name, *text);
    }
    // Nothing is written before everything could be read.
    std::vector<std::string> names;
    for (const auto& [name, text] : files) {
        write_key_file(folder.file(name), text, &next);
        names.push_back(name);
    }
    // The last server's, for a server that was killed: the next one writes its own.
    fs::remove(folder.file("server.json"));
    return names;
}

}  // namespace holdpoint::server
