#include "server/data_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "base/encoding.hpp"

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

void write_private(const std::string& path, const std::string& text) {
    const std::string temporary = path + ".new";
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written =
        file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    const int problem = errno;
    if (file >= 0) ::close(file);
    if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
        throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(problem)));
    }
}

}  // namespace

DataFolder::DataFolder(const std::string& path) : path_(fs::absolute(path)) {
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

identity::Credentials load_or_make_credentials(const std::string& path, Random& random) {
    if (std::ifstream stream(path); stream) {
        std::stringstream text;
        text << stream.rdbuf();
        try {
            const boost::json::value value = boost::json::parse(text.str());
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
    write_private(path,
                  boost::json::serialize(boost::json::object{{"access_key_id", credentials.access_key_id},
                                                             {"secret_access_key", credentials.secret_access_key}}));
    return credentials;
}

}  // namespace holdpoint::server
