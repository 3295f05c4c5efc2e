// Policy templates: the names that SAM has for what functions are often allowed. (AWS SAM developer guide, "AWS SAM
// policy templates")
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "stacks/property_reader.hpp"
#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

/// "A, B and C are": those of resources that there are on this server.
[[nodiscard]] std::string known_policy_templates();

/// The document that the template comes to for what `parameters` names; nothing for one that is not known.
[[nodiscard]] std::optional<boost::json::object> expand_policy_template(std::string_view name,
                                                                        const PropertyReader& parameters,
                                                                        const Resolver& resolver);

}  // namespace holdpoint::stacks
