// Problems: everything that is wrong with a template, collected so that it can be told at once.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace holdpoint::stacks {

struct Problem {
    std::string path;  // Resources.Workflow.Properties.Timeout; empty for the template as a whole
    int line = 0;      // counts from 1; 0: it is not about a line
    std::string message;
    friend bool operator==(const Problem&, const Problem&) = default;
};

class Problems {
public:
    void add(std::string path, int line, std::string message);
    [[nodiscard]] bool empty() const { return all_.empty(); }
    [[nodiscard]] const std::vector<Problem>& all() const { return all_; }
    /// ValidationError (400) whose message has one line for each; `problems` in the details: path, line, message.
    [[nodiscard]] Error error() const;

private:
    std::vector<Problem> all_;
};

}  // namespace holdpoint::stacks
