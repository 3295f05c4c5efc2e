// Where templates are deployed in this folder's tests, and what is wrong with one.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "stacks/plan.hpp"

namespace holdpoint::stacks {

inline const Target kTarget{.stack_name = "app",
                            .stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/app/1",
                            .region = "us-east-1",
                            .account = "000000000000"};

/// Empty when nothing is wrong.
inline std::string problems(std::string_view text, const std::map<std::string, std::string>& given = {}) {
    const auto plan = make_plan(text, {.given = given}, kTarget);
    return plan ? "" : plan.error().message;
}

}  // namespace holdpoint::stacks
