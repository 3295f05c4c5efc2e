// Session: the AWS client of one command, and what most commands ask it for. Which endpoint it talks to, AWS's own
// environment variables alone decide.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "aws/client.hpp"

namespace holdpoint::cli {

/// Ends a command: shown on standard error, exit status 1.
class CommandError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The exit status of a wrong command line, as of BSD's and GNU's programs.
inline constexpr int kWrongUse = 2;

/// The same for a command line that is wrong: exit status 2.
class UsageError : public CommandError {
    using CommandError::CommandError;
};

/// A file that the caller named; CommandError with the reason when it cannot be read.
[[nodiscard]] std::string read_text_file(const std::string& path);

class Session {
public:
    /// From the environment. CommandError naming what is missing.
    Session();
    explicit Session(aws::Configuration configuration);

    [[nodiscard]] aws::Client& client() { return *client_; }
    /// CommandError unless the call succeeded.
    [[nodiscard]] boost::json::value lambda(const std::string& method, const std::string& path,
                                            const aws::Parameters& query = {}, const std::string& body = {});
    /// An output of a deployed stack; CommandError when it has none of this name.
    [[nodiscard]] std::string stack_output(const std::string& stack, const std::string& key);
    /// Or empty.
    [[nodiscard]] std::string find_stack_output(const std::string& stack, const std::string& key);
    /// The function, or the workflow of the approvals stack when none is named.
    [[nodiscard]] std::string function_or_workflow(const std::string& function, const std::string& stack);
    /// Invokes a function and waits; its answer as JSON. CommandError when it failed.
    [[nodiscard]] boost::json::value invoke(const std::string& function, const boost::json::object& event);
    /// What the approval API function of a stack answers; CommandError with its refusal.
    [[nodiscard]] boost::json::value approval_api(const std::string& stack, const boost::json::object& event);
    [[nodiscard]] std::string region() const { return client_->configuration().region; }

private:
    std::unique_ptr<net::Transport> transport_;
    SystemClock clock_;
    SystemRandom random_;
    std::unique_ptr<aws::Client> client_;
    std::map<std::string, std::map<std::string, std::string>> outputs_;  // of the stacks that were asked for theirs
};

/// The value, or a CommandError with the error's name and message.
template <class T>
[[nodiscard]] T require(Result<T> result) {
    if (!result) throw CommandError(result.error().name + ": " + result.error().message);
    return std::move(*result);
}

/// What is said of what a command threw; without characters that a terminal would obey, since services and whoever
/// wrote to them have a say in it.
[[nodiscard]] std::string failure_text(const std::exception& error);

/// Runs a command's body; what it throws is shown, and `status` set.
template <class Body>
void run_command(int& status, Body body) {
    try {
        body();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "holdpoint: %s\n", failure_text(error).c_str());
        status = dynamic_cast<const UsageError*>(&error) == nullptr ? 1 : kWrongUse;
    }
}

/// CommandError when standard output takes no more: on a full disk nobody may believe that a file is whole.
void print(const std::string& text);
/// With two spaces of indentation.
void print_json(const boost::json::value& value);
using aws::text_of;
/// Epoch seconds as `2026-11-23 20:33:00Z`; empty when absent.
[[nodiscard]] std::string time_of(const boost::json::value& object, std::string_view name);

}  // namespace holdpoint::cli
