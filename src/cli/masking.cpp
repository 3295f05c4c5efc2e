#include "cli/masking.hpp"

#include <set>
#include <string>

namespace holdpoint::cli {
namespace {

namespace json = boost::json;

bool names_a_callback(std::string_view name) {
    return name == "CallbackId" || name == "callbackId" || name == "callback_id" || name == "CallbackToken" ||
           name == "callback_token";
}

/// As deep as what the server takes for an execution may nest.
constexpr std::size_t kDepthMax = 1000;

/// Ids under a telling name, also inside strings that hold JSON themselves.
void collect(const json::value& value, std::set<std::string>& ids) {
    if (const auto* object = value.if_object()) {
        for (const auto& member : *object) {
            if (const auto* text = member.value().if_string();
                text != nullptr && names_a_callback(member.key()) && !text->empty())
                ids.emplace(*text);
            collect(member.value(), ids);
        }
    } else if (const auto* list = value.if_array()) {
        for (const auto& item : *list) collect(item, ids);
    } else if (const auto* text = value.if_string(); text != nullptr && text->find("{") != json::string::npos) {
        boost::system::error_code error;
        json::parse_options options;
        options.max_depth = kDepthMax;
        const auto inner = json::parse(*text, error, {}, options);
        if (!error) collect(inner, ids);
    }
}

void replace(json::value& value, const std::set<std::string>& ids) {
    if (auto* object = value.if_object()) {
        for (auto& member : *object) replace(member.value(), ids);
    } else if (auto* list = value.if_array()) {
        for (auto& item : *list) replace(item, ids);
    } else if (auto* text = value.if_string()) {
        std::string changed(*text);
        for (const auto& id : ids) {
            for (auto at = changed.find(id); at != std::string::npos; at = changed.find(id, at + kMask.size()))
                changed.replace(at, id.size(), kMask);
        }
        *text = changed;
    }
}

}  // namespace

void mask_callback_ids(json::value& value) {
    std::set<std::string> ids;
    collect(value, ids);
    replace(value, ids);
}

}  // namespace holdpoint::cli
