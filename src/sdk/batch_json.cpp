#include "sdk/batch_json.hpp"

#include <array>
#include <cstdint>
#include <utility>

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

std::string_view to_string(ItemStatus status) {
    return kStatuses.at(static_cast<std::size_t>(status));
}

std::string_view to_string(BatchStatus status) {
    return status == BatchStatus::succeeded ? "SUCCEEDED" : "FAILED";
}

namespace detail {

namespace {

/// What Json takes, and what is around it in a batch's record.
constexpr std::size_t kDepthMax = 256 + 8;

Json text_json(std::string_view text) {
    return Json(Json::Data(std::string(text)));
}
Json number_json(std::size_t number) {
    return Json(Json::Data(static_cast<std::int64_t>(number)));
}

[[noreturn]] void refuse(std::string_view why) {
    throw SerdesError("the record of a batch " + std::string(why));
}

/// The member of that name and kind; nullptr when there is none.
template <class T>
const T* member(const Json& object, std::string_view name) {
    const Json* found = object.find(name);
    return found == nullptr ? nullptr : found->get_if<T>();
}
template <class T>
const T& required(const Json& object, std::string_view name) {
    const T* found = member<T>(object, name);
    if (found == nullptr) refuse("cannot be read: its '" + std::string(name) + "' is missing or of another kind");
    return *found;
}

template <class Enum, std::size_t N>
Enum read_name(const std::array<std::string_view, N>& names, const std::string& name) {
    for (std::size_t i = 0; i < N; ++i) {
        if (names[i] == name) return static_cast<Enum>(i);
    }
    refuse("says '" + name + "', which this version does not know");
}

Json error_json(const ErrorInfo& error) {
    Json::Object object{{"ErrorType", text_json(error.type)}, {"ErrorMessage", text_json(error.message)}};
    if (!error.data.empty()) object.emplace_back("ErrorData", text_json(error.data));
    if (!error.stack.empty()) object.emplace_back("StackTrace", to_json(error.stack));
    return Json(std::move(object));
}

ErrorInfo read_error(const Json& json) {
    ErrorInfo error;
    error.type = required<std::string>(json, "ErrorType");
    error.message = required<std::string>(json, "ErrorMessage");
    if (const auto* data = member<std::string>(json, "ErrorData")) error.data = *data;
    if (const Json* stack = json.find("StackTrace")) error.stack = from_json<std::vector<std::string>>(*stack);
    return error;
}

Json parse_record(const std::string& text) {
    try {
        return parse_json(text, kDepthMax);
    } catch (const SerdesError& error) {
        refuse(std::string("cannot be read: ") + error.what());
    }
}

BatchRecord::Item read_item(const Json& json, bool items_are_json) {
    BatchRecord::Item item;
    const auto index = required<std::int64_t>(json, "index");
    if (index < 0) refuse("cannot be read: an index is negative");
    item.index = static_cast<std::size_t>(index);
    item.name = required<std::string>(json, "name");
    item.status = read_name<ItemStatus>(kStatuses, required<std::string>(json, "status"));
    if (const Json* result = json.find("result")) {
        item.result.text = items_are_json ? result->dump() : required<std::string>(json, "result");
    }
    if (const Json* error = json.find("error")) item.error = read_error(*error);
    return item;
}

}  // namespace

std::string batch_text(const BatchRecord& record, bool items_are_json) {
    std::string text = R"({"items":[)";
    for (const auto& item : record.items) {
        Json::Object object{{"index", number_json(item.index)},
                            {"name", text_json(item.name)},
                            {"status", text_json(to_string(item.status))}};
        if (item.error) object.emplace_back("error", error_json(*item.error));
        if (item.result.text && !items_are_json) object.emplace_back("result", text_json(*item.result.text));
        if (text.back() == '}') text += ',';
        text += Json(std::move(object)).dump();
        if (!item.result.text || !items_are_json) continue;
        // As it stands: what replay reads is what the first run read, to the last digit.
        (void)Json::parse(*item.result.text);
        text.back() = ',';
        text += "\"result\":" + *item.result.text + '}';
    }
    return text + R"(],"completionReason":")" + std::string(to_string(record.reason)) + "\"}";
}

BatchRecord read_batch_text(const std::string& text, bool items_are_json) {
    const Json document = parse_record(text);
    BatchRecord record;
    record.reason = read_name<CompletionReason>(kReasons, required<std::string>(document, "completionReason"));
    for (const Json& item : required<Json::Array>(document, "items")) {
        record.items.push_back(read_item(item, items_are_json));
    }
    return record;
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
    Json::Object object{{"type", text_json(std::string(sub_type) + "Result")},
                        {"totalCount", number_json(record.items.size())},
                        {"successCount", number_json(succeeded)},
                        {"failureCount", number_json(failed)},
                        {"completionReason", text_json(to_string(record.reason))},
                        {"itemStatuses", text_json(statuses)}};
    if (summary) object.emplace_back("summary", text_json(*summary));
    return Json(std::move(object)).dump();
}

BatchSummary read_summary(const std::string& text) {
    const Json document = parse_record(text);
    BatchSummary summary;
    summary.reason = read_name<CompletionReason>(kReasons, required<std::string>(document, "completionReason"));
    for (const char letter : required<std::string>(document, "itemStatuses")) {
        const auto status = kLetters.find(letter);
        summary.statuses.push_back(status == std::string_view::npos ? std::nullopt
                                                                    : std::optional(static_cast<ItemStatus>(status)));
    }
    return summary;
}

}  // namespace detail
}  // namespace durable
