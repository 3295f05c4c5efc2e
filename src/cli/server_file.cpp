#include "cli/server_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace holdpoint::cli {
namespace {

namespace json = boost::json;

std::string path_in(const std::string& data) {
    return data + "/server.json";
}

std::string text_at(const json::value& object, std::string_view name) {
    const auto* member = object.is_object() ? object.get_object().if_contains(name) : nullptr;
    return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

}  // namespace

std::string default_data_folder() {
    if (const char* data = std::getenv("HOLDPOINT_DATA"); data != nullptr && *data != '\0') return data;
    if (const char* data_home = std::getenv("XDG_DATA_HOME"); data_home != nullptr && *data_home != '\0')
        return std::string(data_home) + "/holdpoint";
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr && *home != '\0' ? home : ".") + "/.local/share/holdpoint";
}

void write_server_file(const std::string& data, const ServerFile& file) {
    const auto text = json::serialize(json::object{{"url", file.url},
                                                   {"access_key_id", file.access_key_id},
                                                   {"secret_access_key", file.secret_access_key},
                                                   {"region", file.region}});
    const auto temporary = path_in(data) + ".new";
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool done = descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    int reason = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (done) {
        done = ::rename(temporary.c_str(), path_in(data).c_str()) == 0;
        reason = errno;
    }
    if (!done) throw std::runtime_error(fmt::format("cannot write {}: {}", path_in(data), std::strerror(reason)));
}

Result<ServerFile> read_server_file(const std::string& data) {
    std::ifstream in(path_in(data), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code error;
    const auto object = json::parse(text, error);
    ServerFile file;
    if (!error) {
        file = {.url = text_at(object, "url"),
                .access_key_id = text_at(object, "access_key_id"),
                .secret_access_key = text_at(object, "secret_access_key"),
                .region = text_at(object, "region")};
    }
    if (file.url.empty() || file.access_key_id.empty() || file.secret_access_key.empty()) {
        return fail("ServerNotRunning", 503,
                    fmt::format("no server is running on the data folder {} (there is no usable {}): start one with "
                                "`holdpoint up --data {}`, "
                                "or name the folder of the running one with --data",
                                data, path_in(data), data));
    }
    return file;
}

void remove_server_file(const std::string& data) {
    ::unlink(path_in(data).c_str());
}

}  // namespace holdpoint::cli
