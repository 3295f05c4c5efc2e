// Conditions: what a template makes depend on its parameters. (CloudFormation user guide, "Condition functions")
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "stacks/problems.hpp"

namespace holdpoint::stacks {

/// How many names, or conditions, may refer to one another in a row: each takes its part of the stack.
constexpr std::size_t kChainMax = 30;

class Conditions {
public:
    /// `resolve` replaces the intrinsic functions of what is compared.
    using Resolve = std::function<boost::json::value(const boost::json::value&, const std::string& path)>;
    Conditions(const Document& document, Problems& problems, Resolve resolve)
        : document_(document), problems_(problems), resolve_(std::move(resolve)) {}

    /// Evaluates all of them, so that what is wrong with one that nothing uses is said, too.
    void check();
    /// Whether the condition of this name holds; `path` is where it is asked. False for one that there is not.
    [[nodiscard]] bool holds(const std::string& name, const std::string& path);

private:
    [[nodiscard]] bool evaluate(const boost::json::value& condition, const std::string& path);
    [[nodiscard]] bool equals(const boost::json::value& argument, const std::string& path);
    [[nodiscard]] const boost::json::object* section() const;

    const Document& document_;
    Problems& problems_;
    Resolve resolve_;
    std::map<std::string, bool> known_;
    std::set<std::string> under_way_;  // to find circles
};

}  // namespace holdpoint::stacks
