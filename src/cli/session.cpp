#include "cli/session.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/encoding.hpp"
#include "cli/table.hpp"

namespace holdpoint::cli {

namespace json = boost::json;

namespace {

/// A synchronous invocation may take as long as a function may.
constexpr std::chrono::minutes kInvokeLimit{16};
/// Of an answer that is something else.
constexpr std::size_t kShownMax = 80;

void indent(const json::value& value, std::string& out, std::size_t depth) {
    const std::string pad(2 * (depth + 1), ' ');
    const auto close = [&](char bracket) { out += "\n" + std::string(2 * depth, ' ') + bracket; };
    if (const json::object* object = value.if_object(); object != nullptr && !object->empty()) {
        out += "{";
        for (const auto& [name, member] : *object) {
            out += out.back() == '{' ? "\n" : ",\n";
            out += pad + json::serialize(json::string(name)) + ": ";
            indent(member, out, depth + 1);
        }
        close('}');
    } else if (const json::array* array = value.if_array(); array != nullptr && !array->empty()) {
        out += "[";
        bool first = true;
        for (const json::value& element : *array) {
            out += first ? "\n" : ",\n";
            first = false;
            out += pad;
            indent(element, out, depth + 1);
        }
        close(']');
    } else {
        out += json::serialize(value);
    }
}

[[noreturn]] void refuse_answer(std::string_view expected, const std::string& body,
                                const aws::Configuration& configuration) {
    const std::string& url = configuration.endpoint_url;
    throw CommandError(fmt::format("{} answered something that is not {}: '{}'", url.empty() ? "AWS" : url, expected,
                                   body.substr(0, kShownMax)));
}

/// What a service answered; CommandError for what is no JSON.
json::value read_answer(const std::string& body, const aws::Configuration& configuration) {
    boost::system::error_code problem;
    json::value answer = json::parse(body, problem);
    if (problem) refuse_answer("JSON", body, configuration);
    return answer;
}

}  // namespace

std::string failure_text(const std::exception& error) {
    if (dynamic_cast<const CommandError*>(&error) != nullptr) return printable(error.what(), true);
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
        return fmt::format("{}: {}", printable(file->path1().string()), file->code().message());
    }
    const bool is_of_json = dynamic_cast<const boost::system::system_error*>(&error) != nullptr ||
                            dynamic_cast<const std::logic_error*>(&error) != nullptr;
    if (!is_of_json) return printable(error.what(), true);
    return fmt::format(
        "expected the documented form, found another ({}); if a service answered, is AWS_ENDPOINT_URL right?",
        printable(error.what()));
}

std::string read_text_file(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw CommandError(path + ": expected a file, found a folder");
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    std::string text;
    if (stream) text.assign(std::istreambuf_iterator<char>(stream), {});
    if (!stream) throw CommandError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
    return text;
}

Session::Session() : Session(require(aws::configuration_from_environment())) {}

Session::Session(aws::Configuration configuration)
    : transport_(net::make_transport()),
      client_(std::make_unique<aws::Client>(std::move(configuration), *transport_, clock_, random_)) {}

json::value Session::lambda(const std::string& method, const std::string& path, const aws::Parameters& query,
                            const std::string& body) {
    aws::RestRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.body = body;
    const net::Response response = require(client_->rest("lambda", request));
    return response.body.empty() ? json::value(json::object{}) : read_answer(response.body, client_->configuration());
}

std::string Session::find_stack_output(const std::string& stack, const std::string& key) {
    auto& outputs = outputs_[stack];
    if (outputs.empty()) {
        const std::string xml =
            require(client_->query("cloudformation", "2010-05-15", "DescribeStacks", {{"StackName", stack}}));
        if (aws::xml_text(xml, "StackId").empty()) refuse_answer("CloudFormation's", xml, client_->configuration());
        for (const std::string& section : aws::xml_each(xml, "Outputs")) {
            for (const std::string& member : aws::xml_each(section, "member"))
                outputs[aws::xml_text(member, "OutputKey")] = aws::xml_text(member, "OutputValue");
        }
    }
    const auto found = outputs.find(key);
    return found == outputs.end() ? "" : found->second;
}

std::string Session::stack_output(const std::string& stack, const std::string& key) {
    if (auto found = find_stack_output(stack, key); !found.empty()) return found;
    throw CommandError(fmt::format(
        "the stack {} has no output {}; is it the approvals stack, deployed with today's template.yaml?", stack, key));
}

std::string Session::function_or_workflow(const std::string& function, const std::string& stack) {
    if (!function.empty()) return function;
    try {
        return stack_output(stack, "WorkflowFunctionName");
    } catch (const CommandError& error) {
        throw CommandError(fmt::format("name a function, or an approvals stack with --stack-name ({})", error.what()));
    }
}

json::value Session::approval_api(const std::string& stack, const json::object& event) {
    const json::value answer = invoke(stack_output(stack, "ApprovalApiFunctionName"), event);
    const json::value body = json::parse(text_of(answer, "body"));
    if (answer.at("statusCode").to_number<int>() == 200) return body;
    const json::value& error = body.at("error");
    throw CommandError(text_of(error, "code") + ": " + text_of(error, "message"));
}

json::value Session::invoke(const std::string& function, const json::object& event) {
    aws::RestRequest request;
    request.method = "POST";
    request.path = "/2015-03-31/functions/" + percent_encode(function) + "/invocations";
    request.body = json::serialize(event);
    request.idempotent = false;
    request.read_timeout = kInvokeLimit;
    const net::Response response = require(client_->rest("lambda", request));
    json::value answer = read_answer(response.body.empty() ? "null" : response.body, client_->configuration());
    if (!response.header("X-Amz-Function-Error").empty()) {
        throw CommandError(
            fmt::format("{} failed: {}: {}", function, text_of(answer, "errorType"), text_of(answer, "errorMessage")));
    }
    return answer;
}

void print(const std::string& text) {
    errno = 0;
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return;
    throw CommandError(fmt::format("standard output cannot be written: {}", std::strerror(errno)));
}

void print_json(const json::value& value) {
    std::string text;
    indent(value, text, 0);
    print(text + "\n");
}

std::string time_of(const json::value& object, std::string_view name) {
    const json::object* members = object.if_object();
    const json::value* value = members == nullptr ? nullptr : members->if_contains(name);
    if (value == nullptr || !value->is_number()) return {};
    return short_time(to_iso8601(from_epoch_ms(static_cast<long long>(value->to_number<double>() * 1000))));
}

}  // namespace holdpoint::cli
