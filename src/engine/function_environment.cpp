#include "engine/function_environment.hpp"

#include <fmt/format.h>

#include <map>

namespace holdpoint::engine {

std::vector<std::string> function_environment(const functions::Function& function, const InvokerOptions& options,
                                              const ProcessCredentials& credentials, const CodePlace& place,
                                              const ProcessSpec& spec, const ProcessName& name) {
    std::map<std::string, std::string> variables = function.environment;
    variables.try_emplace("PATH", "/usr/local/bin:/usr/bin:/bin");
    variables.try_emplace("LANG", "C.UTF-8");
    variables.try_emplace("TZ", ":UTC");
    const std::string path = "/runtime/" + name.secret;
    // AWS's runtimes know no path in it, so where it can be, a process is known by the host.
    variables["AWS_LAMBDA_RUNTIME_API"] = options.process_port == 0
                                              ? options.runtime_address + path
                                              : fmt::format("{}:{}", name.address, options.process_port);
    variables["AWS_ENDPOINT_URL"] = options.endpoint_url;
    // Not HOLDPOINT_SOCKET, as it once was: what was built then wants the path in the address, too.
    if (!options.socket_path.empty()) {
        variables["HOLDPOINT_FUNCTIONS_SOCKET"] = options.socket_path;
        variables["HOLDPOINT_RUNTIME_PATH"] = path;
    }
    variables["AWS_REGION"] = options.region;
    variables["AWS_DEFAULT_REGION"] = options.region;
    variables["AWS_ACCESS_KEY_ID"] = credentials.access_key_id;
    variables["AWS_SECRET_ACCESS_KEY"] = credentials.secret_access_key;
    variables["AWS_SESSION_TOKEN"] = credentials.session_token;
    variables["AWS_LAMBDA_FUNCTION_NAME"] = function.name;
    variables["AWS_LAMBDA_FUNCTION_VERSION"] = function.version;
    variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(function.memory_mb);
    variables["AWS_LAMBDA_LOG_GROUP_NAME"] = spec.log_group;
    variables[std::string(kStreamVariable)] = spec.log_stream;
    variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
    variables["LAMBDA_TASK_ROOT"] = place.folder;
    variables["_HANDLER"] = place.handler;
    if (function.is_zip()) variables.try_emplace("LD_LIBRARY_PATH", place.folder + ":" + place.folder + "/lib");
    std::vector<std::string> result;
    result.reserve(variables.size());
    for (const auto& [variable, value] : variables) result.push_back(fmt::format("{}={}", variable, value));
    return result;
}

}  // namespace holdpoint::engine
