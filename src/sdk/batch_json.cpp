#include "sdk/batch_json.hpp"

#include <array>
#include <boost/json.hpp>

namespace durable {

namespace {

constexpr std::array<std::string_view, 5> kReasons = {"ALL_COMPLETED", "MIN_SUCCESSFUL_REACHED",
                                                      "FAILURE_TOLERANCE_EXCEEDED", "CUSTOM_COMPLETION_SUCCEEDED",
                                                      "CUSTOM_COMPLETION_FAILED"};
constexpr std::array<std::string_view, 3> kStatuses = {"SUCCEEDED", "FAILED", "STARTED"};
constexpr std::string_view kLetters = "SF-";  // for the statuses; a blank: never started

}  // namespace

std::string_view to_string(CompletionReason reason) {
    return kReasons.at(static_cast<std::size_t>(reason));
}

std::string_view to_string(BatchStatus status) {
    return status == BatchStatus::succeeded ? "SUCCEEDED" : "FAILED";
}

namespace detail {

namespace json = boost::json;

namespace {

/// What Json takes, and what is around it in a batch's record.
constexpr std::size_t kDepthMax = 256 + 8;

json::value parse(const std::string& text) {
    json::parse_options options;
    options.max_depth = kDepthMax;
    return json::parse(text, {}, options);
}

template <class Enum, std::size_t N>
Enum read_name(const std::array<std::string_view, N>& names, const json::value& value) {
    const std::string_view name = value.as_string();
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == name) return static_cast<Enum>(i);
    }
    throw SerdesError("the record of a batch says '" + std::string(name) + "', which this version does not know");
}

json::object error_json(const ErrorInfo& error) {
    json::object object{{"ErrorType", error.type}, {"ErrorMessage", error.message}};
    if (!error.data.empty()) object["ErrorData"] = error.data;
    if (!error.stack.empty()) object["StackTrace"] = json::value_from(error.stack);
    return object;
}

ErrorInfo read_error(const json::object& object) {
    ErrorInfo error;
    error.type = object.at("ErrorType").as_string();
    error.message = object.at("ErrorMessage").as_string();
    if (const auto* data = object.if_contains("ErrorData")) error.data = data->as_string();
    if (const auto* stack = object.if_contains("StackTrace")) {
        error.stack = json::value_to<std::vector<std::string>>(*stack);
    }
    return error;
}

/// Whatever is wrong in a record is a SerdesError.
template <class F>
auto reading(std::string_view what, F read) {
    try {
        return read();
    } catch (const SerdesError&) {
        throw;
    } catch (const std::exception& error) {
        throw SerdesError("the record of a " + std::string(what) + " cannot be read: " + error.what());
    }
}

}  // namespace

std::string batch_text(const BatchRecord& record, bool items_are_json) {
    json::array items;
    items.reserve(record.items.size());
    for (const auto& item : record.items) {
        json::object object{{"index", item.index},
                            {"name", item.name},
                            {"status", kStatuses.at(static_cast<std::size_t>(item.status))}};
        if (item.result.text) {
            object["result"] = items_are_json ? parse(*item.result.text) : json::value(*item.result.text);
        }
        if (item.error) object["error"] = error_json(*item.error);
        items.push_back(std::move(object));
    }
    return json::serialize(json::object{{"items", std::move(items)}, {"completionReason", to_string(record.reason)}});
}

BatchRecord read_batch_text(const std::string& text, bool items_are_json) {
    return reading("batch", [&] {
        const json::value document = parse(text);
        BatchRecord record;
        record.reason = read_name<CompletionReason>(kReasons, document.at("completionReason"));
        for (const auto& value : document.at("items").as_array()) {
            BatchRecord::Item item;
            item.index = value.at("index").to_number<std::size_t>();
            item.name = value.at("name").as_string();
            item.status = read_name<ItemStatus>(kStatuses, value.at("status"));
            if (const auto* result = value.as_object().if_contains("result")) {
                item.result.text = items_are_json ? json::serialize(*result) : std::string(result->as_string());
            }
            if (const auto* error = value.as_object().if_contains("error")) item.error = read_error(error->as_object());
            record.items.push_back(std::move(item));
        }
        return record;
    });
}

std::string summary_text(std::string_view sub_type, const BatchRecord& record, std::size_t items,
                         const std::optional<std::string>& summary) {
    std::string statuses(items, ' ');
    std::size_t succeeded = 0;
    std::size_t failed = 0;
    for (const auto& item : record.items) {
        statuses[item.index] = kLetters[static_cast<std::size_t>(item.status)];
        succeeded += item.status == ItemStatus::succeeded ? 1 : 0;
        failed += item.status == ItemStatus::failed ? 1 : 0;
    }
    json::object object{{"type", std::string(sub_type) + "Result"},
                        {"totalCount", record.items.size()},
                        {"successCount", succeeded},
                        {"failureCount", failed},
                        {"completionReason", to_string(record.reason)},
                        {"itemStatuses", statuses}};
    if (summary) object["summary"] = *summary;
    return json::serialize(object);
}

BatchSummary read_summary(const std::string& text) {
    return reading("batch", [&] {
        const json::value document = parse(text);
        BatchSummary summary;
        summary.reason = read_name<CompletionReason>(kReasons, document.at("completionReason"));
        for (const char letter : document.at("itemStatuses").as_string()) {
            const auto status = kLetters.find(letter);
            summary.statuses.push_back(
                status == std::string_view::npos ? std::nullopt : std::optional(static_cast<ItemStatus>(status)));
        }
        return summary;
    });
}

}  // namespace detail
}  // namespace durable
