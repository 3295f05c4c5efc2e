#include "api/sns/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::api::sns {
namespace {

std::vector<std::pair<std::string, std::string>> read_form(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto part : std::views::split(text, '&')) {
        const std::string_view pair(part.begin(), part.end());
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        pairs.emplace_back(percent_decode(pair.substr(0, equals), true),
                           percent_decode(pair.substr(std::min(equals + 1, pair.size())), true));
    }
    return pairs;
}

std::unexpected<Error> not_supported(std::string_view parameter) {
    return topics::invalid_parameter(fmt::format("{} Reason: it is not supported by this server", parameter));
}

Result<topics::MessageAttributes> read_attributes(const Parameters& parameters, const std::string& prefix) {
    topics::MessageAttributes attributes;
    for (int i = 1; parameters.any(fmt::format("{}MessageAttributes.entry.{}.", prefix, i)); ++i) {
        const auto entry = fmt::format("{}MessageAttributes.entry.{}.", prefix, i);
        const auto name = parameters.get(entry + "Name");
        topics::MessageAttribute attribute{.type = parameters.get(entry + "Value.DataType"),
                                           .value = parameters.get(entry + "Value.StringValue")};
        if (attribute.type.starts_with("Binary")) {
            auto bytes = base64_decode(parameters.get(entry + "Value.BinaryValue"));
            if (!bytes)
                return fail("ParameterValueInvalid", 400,
                            fmt::format("The message attribute '{}' must contain base64 in BinaryValue.", name));
            attribute.value = std::move(*bytes);
        }
        attributes.insert_or_assign(name, std::move(attribute));
    }
    return attributes;
}

}  // namespace

Parameters Parameters::read(const net::Request& request) {
    std::map<std::string, std::string> values;
    for (auto& [name, value] : request.method == "GET" ? request.query() : read_form(request.body))
        values.emplace(std::move(name), std::move(value));
    return Parameters(std::move(values));
}

Result<void> Parameters::refuse_others(const std::vector<std::string>& known) const {
    for (const auto& [parameter, value] : values_) {
        const auto name = parameter.substr(0, parameter.find('.'));
        if (name == "Action" || name == "Version" || name.starts_with("X-Amz-") || value.empty()) continue;
        if (std::ranges::find(known, name) == known.end()) return not_supported(name);
        if (!is_numbered(parameter)) {
            return topics::invalid_parameter(
                fmt::format("{} Reason: the elements of a list are numbered 1, 2, 3 and so on", parameter));
        }
    }
    return {};
}

bool Parameters::is_numbered(const std::string& parameter) const {
    for (const std::string_view mark : {".entry.", ".member."}) {
        for (auto at = parameter.find(mark); at != std::string::npos; at = parameter.find(mark, at + 1)) {
            const auto begin = at + mark.size();
            const auto text = parameter.substr(begin, parameter.find('.', begin) - begin);
            const auto number = read_number<std::uint32_t>(text);
            if (!number || *number == 0 || std::to_string(*number) != text) return false;
            if (*number == 1) continue;
            const auto previous = parameter.substr(0, begin) + std::to_string(*number - 1);
            if (!find(previous) && !any(previous + ".")) return false;
        }
    }
    return true;
}

std::optional<std::string> Parameters::find(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
}

Result<std::string> Parameters::require(const std::string& name) const {
    auto value = find(name);
    if (!value || value->empty())
        return topics::invalid_parameter(fmt::format("{} Reason: no value for required parameter", name));
    return std::move(*value);
}

bool Parameters::is_text() const {
    return std::ranges::all_of(values_, [](const auto& each) { return is_utf8(each.first) && is_utf8(each.second); });
}

bool Parameters::any(const std::string& prefix) const {
    const auto found = values_.lower_bound(prefix);
    return found != values_.end() && found->first.starts_with(prefix);
}

std::map<std::string, std::string> Parameters::entries(const std::string& name) const {
    std::map<std::string, std::string> result;
    for (int i = 1; any(fmt::format("{}.entry.{}.", name, i)); ++i) {
        result.insert_or_assign(get(fmt::format("{}.entry.{}.key", name, i)),
                                get(fmt::format("{}.entry.{}.value", name, i)));
    }
    return result;
}

Result<std::map<std::string, std::string>> Parameters::tags() const {
    std::map<std::string, std::string> result;
    for (int i = 1; any(fmt::format("Tags.member.{}.", i)); ++i) {
        const auto key = get(fmt::format("Tags.member.{}.Key", i));
        if (!result.emplace(key, get(fmt::format("Tags.member.{}.Value", i))).second)
            return topics::invalid_parameter(fmt::format("Tags Reason: duplicate tag key {}", key));
    }
    return result;
}

std::vector<std::string> Parameters::list(const std::string& name) const {
    std::vector<std::string> result;
    while (auto value = find(fmt::format("{}.member.{}", name, result.size() + 1))) result.push_back(std::move(*value));
    return result;
}

Result<topics::Message> read_message(const Parameters& parameters, const std::string& prefix) {
    auto attributes = read_attributes(parameters, prefix);
    if (!attributes) return std::unexpected(attributes.error());
    return topics::Message{.message = parameters.get(prefix + "Message"),
                           .subject = parameters.find(prefix + "Subject"),
                           .structure = parameters.get(prefix + "MessageStructure"),
                           .attributes = std::move(*attributes),
                           .group_id = parameters.find(prefix + "MessageGroupId")};
}

Result<std::vector<topics::BatchEntry>> read_batch(const Parameters& parameters) {
    std::vector<topics::BatchEntry> entries;
    for (int i = 1; parameters.any(fmt::format("PublishBatchRequestEntries.member.{}.", i)); ++i) {
        const auto prefix = fmt::format("PublishBatchRequestEntries.member.{}.", i);
        // Of topics in order, as Publish refuses it.
        if (!parameters.get(prefix + "MessageDeduplicationId").empty()) return not_supported("MessageDeduplicationId");
        entries.push_back({.id = parameters.get(prefix + "Id"), .message = read_message(parameters, prefix)});
    }
    return entries;
}

}  // namespace holdpoint::api::sns
