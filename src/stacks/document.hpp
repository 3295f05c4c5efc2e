// Document: a template's text as JSON, with the line that each value stands on.
#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdpoint::stacks {

struct Document {
    boost::json::value root;
    std::map<std::string, int> lines;  // "Resources.Workflow.Properties.Timeout" -> line, from 1
};

/// Reads YAML or JSON. Short intrinsic functions (`!Ref x`, `!GetAtt a.b`, `!Sub text`) become their long form
/// (`{"Ref": "x"}`). TemplateError that names the line.
[[nodiscard]] Result<Document> read_document(std::string_view text);

}  // namespace holdpoint::stacks
