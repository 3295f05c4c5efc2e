#include "stacks/problems.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace holdpoint::stacks {

namespace json = boost::json;

void Problems::add(std::string path, int line, std::string message) {
    Problem problem{.path = std::move(path), .line = line, .message = std::move(message)};
    if (std::ranges::find(all_, problem) == all_.end()) all_.push_back(std::move(problem));
}

Error Problems::error() const {
    std::string message = "Template error:";
    json::array list;
    for (const Problem& problem : all_) {
        message += all_.size() == 1 ? " " : "\n  ";
        if (problem.line > 0) message += fmt::format("line {}: ", problem.line);
        if (!problem.path.empty()) message += problem.path + ": ";
        message += problem.message;
        list.push_back(json::object{{"path", problem.path}, {"line", problem.line}, {"message", problem.message}});
    }
    return {.name = "ValidationError",
            .http_status = 400,
            .message = std::move(message),
            .details_json = json::serialize(json::object{{"problems", std::move(list)}})};
}

}  // namespace holdpoint::stacks
