#include "server/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

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

}  // namespace

DataFolder::DataFolder(const std::string& path) : path_(fs::absolute(path)) {
    check_private(path_, {kSecretFiles.begin(), kSecretFiles.end()});
    make_private(path_);
    lock_ = ::open(file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock_ < 0) throw std::runtime_error(fmt::format("cannot open {}: {}", file("lock"), std::strerror(errno)));
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
    ::close(lock_);
    throw std::runtime_error(
        fmt::format("another holdpoint server uses {}; stop it first, or choose another folder with --data", path_));
}

DataFolder::~DataFolder() {
    ::close(lock_);
}

std::string DataFolder::folder(const std::string& name) const {
    make_private(file(name));
    return file(name);
}

identity::Credentials load_or_make_credentials(const std::string& path, Random& random, const SealKey* master) {
    if (const auto text = read_key_file(path, master)) {
        try {
            const boost::json::value value = boost::json::parse(*text);
            return {.access_key_id = std::string(value.at("access_key_id").as_string()),
                    .secret_access_key = std::string(value.at("secret_access_key").as_string()),
                    .session_token = {}};
        } catch (const std::exception&) {
            throw std::runtime_error(path + " is damaged: restore it from a backup, or remove it to get a new key");
        }
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

std::optional<SealKey> load_or_make_data_key(const DataFolder& folder, const SealKey* master, bool wanted) {
    const std::string path = folder.file("data.key");
    if (const auto text = read_key_file(path, master)) return SealKey(*text);
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
