#include "cli/server_file.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "base/private_file.hpp"

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

/// As a shell has it for `~`: empty for a user whom this machine does not know, as some containers run with.
std::string home_folder() {
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') return home;
    const passwd* user = ::getpwuid(::getuid());
    return user == nullptr ? "" : user->pw_dir;
}

}  // namespace

std::string default_data_folder() {
    if (const char* data = std::getenv("HOLDPOINT_DATA"); data != nullptr && *data != '\0') return data;
    if (const char* data_home = std::getenv("XDG_DATA_HOME"); data_home != nullptr && *data_home != '\0')
        return std::string(data_home) + "/holdpoint";
    const std::string home = home_folder();
    return home.empty() ? "" : home + "/.local/share/holdpoint";
}

void write_server_file(const std::string& data, const ServerFile& file, const SealKey* master) {
    write_key_file(path_in(data),
                   json::serialize(json::object{{"url", file.url},
                                                {"access_key_id", file.access_key_id},
                                                {"secret_access_key", file.secret_access_key},
                                                {"region", file.region}}),
                   master);
}

Result<ServerFile> read_server_file(const std::string& data, const SealKey* master) {
    std::string text;
    try {
        const auto from_environment = master == nullptr ? SealKey::from_environment() : std::nullopt;
        if (from_environment) master = &*from_environment;
        text = read_private_file(path_in(data)).value_or("");
        if (is_sealed(text)) text = read_key_file(path_in(data), master).value_or("");
    } catch (const std::exception& problem) {
        return fail("MasterKeyNeeded", 403, problem.what());
    }
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
