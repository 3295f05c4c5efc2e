#include "functions/event_invoke_config.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/violations.hpp"
#include "functions/keys.hpp"

namespace holdpoint::functions {

namespace json = boost::json;

namespace {

constexpr std::int64_t kRetriesMax = 2;
constexpr std::int64_t kEventAgeMin = 60;
constexpr std::int64_t kEventAgeMax = 21600;

std::string qualifier_of(const Reference& reference) {
    return reference.qualifier.empty() ? std::string(kLatest) : reference.qualifier;
}

std::string key_of(std::string_view name, std::string_view qualifier) {
    return row_prefix(name, kEventInvokeRows) + std::string(qualifier);
}

std::string encode(const EventInvokeConfig& config) {
    json::object object{{"qualifier", config.qualifier},
                        {"on_success", config.on_success},
                        {"on_failure", config.on_failure},
                        {"last_modified", to_epoch_ms(config.last_modified)}};
    if (config.retries) object["retries"] = *config.retries;
    if (config.age_seconds) object["age_seconds"] = *config.age_seconds;
    return json::serialize(object);
}

EventInvokeConfig decode(std::string_view text) {
    const json::value value = json::parse(text);
    EventInvokeConfig config;
    config.qualifier = std::string(value.at("qualifier").as_string());
    config.on_success = std::string(value.at("on_success").as_string());
    config.on_failure = std::string(value.at("on_failure").as_string());
    config.last_modified = from_epoch_ms(value.at("last_modified").as_int64());
    if (const json::value* retries = value.as_object().if_contains("retries")) config.retries = retries->as_int64();
    if (const json::value* age = value.as_object().if_contains("age_seconds")) config.age_seconds = age->as_int64();
    return config;
}

}  // namespace

EventInvokeConfig event_invoke_config(const RowReader& rows, const Reference& reference) {
    const auto row = rows.get(Space::functions, key_of(reference.name, qualifier_of(reference)));
    return row ? decode(*row) : EventInvokeConfig{};
}

Result<EventInvokeConfig> find_event_invoke_config(const RowReader& rows, const Reference& reference) {
    const auto row = rows.get(Space::functions, key_of(reference.name, qualifier_of(reference)));
    if (row) return decode(*row);
    return fail(
        "ResourceNotFoundException", 404,
        fmt::format("The function {}:{} doesn't have an EventInvokeConfig", reference.name, qualifier_of(reference)));
}

Result<Decided<EventInvokeConfig>> put_event_invoke_config(const RowReader&, const Reference& reference,
                                                           EventInvokeConfig config, TimePoint now) {
    Violations violations;
    if (config.retries) violations.range("maximumRetryAttempts", *config.retries, 0, kRetriesMax);
    if (config.age_seconds) {
        violations.range("maximumEventAgeInSeconds", *config.age_seconds, kEventAgeMin, kEventAgeMax);
    }
    if (auto ok = violations.result(); !ok) return std::unexpected(ok.error());
    for (const auto& [what, arn] : {std::pair<std::string_view, std::string_view>("OnSuccess", config.on_success),
                                    {"OnFailure", config.on_failure}}) {
        if (auto ok = check_destination(what, arn, true); !ok) return std::unexpected(ok.error());
    }
    config.qualifier = qualifier_of(reference);
    config.last_modified = now;
    RowWrite write{Space::functions, key_of(reference.name, config.qualifier), encode(config)};
    return Decided<EventInvokeConfig>{std::move(config), {std::move(write)}};
}

Result<std::vector<RowWrite>> delete_event_invoke_config(const RowReader& rows, const Reference& reference) {
    if (auto known = find_event_invoke_config(rows, reference); !known) return std::unexpected(known.error());
    return std::vector<RowWrite>{{Space::functions, key_of(reference.name, qualifier_of(reference)), std::nullopt}};
}

std::vector<EventInvokeConfig> list_event_invoke_configs(const RowReader& rows, std::string_view name,
                                                         std::string_view marker, std::size_t limit) {
    const std::string prefix = row_prefix(name, kEventInvokeRows);
    std::string from = prefix;
    if (!marker.empty()) from += std::string(marker) + '\0';
    std::vector<EventInvokeConfig> configs;
    for (const Row& row : rows.scan(Space::functions, from, prefix_end(prefix), limit)) {
        configs.push_back(decode(row.value));
    }
    return configs;
}

Result<void> check_destination(std::string_view what, std::string_view arn, bool functions_too) {
    if (arn.empty() || arn.starts_with("arn:aws:sns:")) return {};
    const auto function = arn.starts_with("arn:aws:lambda:") ? read_reference(arn) : std::unexpected(Error{});
    if (functions_too && function && !function->region.empty()) return {};
    return fail("InvalidParameterValueException", 400,
                fmt::format("{}: the destination {} is not supported by this server; {}.", what, arn,
                            functions_too ? "topics of SNS and functions are" : "topics of SNS are"));
}

}  // namespace holdpoint::functions
