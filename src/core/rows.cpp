#include "core/rows.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <stdexcept>

#include "base/text.hpp"
#include "wire/durable_json.hpp"

namespace holdpoint::core {

namespace json = boost::json;

namespace {

/// In Space::meta, before the number of each execution that is gone while entries of its journal are left.
constexpr std::string_view kErasing = "executions/erasing/";
/// Entries may have megabytes: a slice ends behind the page that brings it to this.
constexpr std::size_t kSliceBytesMax = std::size_t{1} << 20;
constexpr std::size_t kSlicePage = 16;
constexpr std::size_t kSlicePagesMax = 32;

/// A whole journal may be 100 MB: a part of it is in memory at a time.
template <class Each>
void for_each_entry(const RowReader& rows, std::uint64_t number, Each each) {
    constexpr std::size_t kPage = 64;
    std::string from = number_key(number);
    const std::string end = prefix_end(from);
    while (true) {
        const auto page = rows.scan(Space::journal, from, end, kPage);
        if (!page.empty()) from = page.back().key + '\0';
        for (const Row& row : page) each(row);
        if (page.size() < kPage) return;
    }
}

/// True when no entry is left behind it.
bool erase_slice(const RowReader& rows, std::string_view prefix, std::vector<RowWrite>& writes) {
    std::string from(prefix);
    std::size_t bytes = 0;
    for (std::size_t pages = 0; pages < kSlicePagesMax && bytes < kSliceBytesMax; ++pages) {
        auto page = rows.scan(Space::journal, from, prefix_end(prefix), kSlicePage);
        if (!page.empty()) from = page.back().key + '\0';
        for (Row& row : page) {
            bytes += row.value.size();
            writes.push_back({Space::journal, std::move(row.key), std::nullopt});
        }
        if (page.size() < kSlicePage) return true;
    }
    return false;
}

}  // namespace

std::string make_execution_id(std::uint64_t number, std::string_view random_uuid) {
    const std::string digits = fmt::format("{:012x}", number);
    std::string id = fmt::format("{}-{}-8{}", digits.substr(0, 8), digits.substr(8, 4), random_uuid.substr(15));
    return id;
}

std::optional<std::uint64_t> number_of_execution_id(std::string_view id) {
    if (id.size() != 36 || id[8] != '-' || id[13] != '-') return std::nullopt;
    return read_number<std::uint64_t>(std::string(id.substr(0, 8)) + std::string(id.substr(9, 4)), 16);
}

std::string execution_arn(std::string_view region, std::string_view account, std::string_view function,
                          std::string_view version, std::string_view name, std::string_view id) {
    return fmt::format("arn:aws:lambda:{}:{}:function:{}:{}/durable-execution/{}/{}", region, account, function,
                       version, name, id);
}

std::optional<std::uint64_t> number_of_arn(std::string_view arn) {
    if (!arn.starts_with("arn:") || arn.find("/durable-execution/") == std::string_view::npos) return std::nullopt;
    return number_of_execution_id(arn.substr(arn.rfind('/') + 1));
}

std::string number_key(std::uint64_t number) {
    std::string key;
    append_key_number(key, number);
    return key;
}

std::string journal_key(std::uint64_t number, std::uint64_t entry) {
    std::string key = number_key(number);
    append_key_number(key, entry);
    return key;
}

std::string name_key(std::string_view function, std::string_view name) {
    std::string key;
    append_key_part(key, function);
    append_key_part(key, name);
    return key;
}

std::string listing_key(const Head& head) {
    std::string key;
    append_key_part(key, head.function);
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(head.started_at)));
    append_key_number(key, head.number);
    return key;
}

std::string timer_key(TimePoint due, std::uint64_t number) {
    std::string key;
    append_key_number(key, static_cast<std::uint64_t>(to_epoch_ms(due)));
    append_key_number(key, number);
    return key;
}

std::optional<std::pair<TimePoint, std::uint64_t>> read_timer_key(std::string_view key) {
    const auto due = take_key_number(key);
    const auto number = take_key_number(key);
    if (!due || !number) return std::nullopt;
    return std::pair{from_epoch_ms(static_cast<long long>(*due)), *number};
}

std::string encode_head(const Head& head) {
    json::object object{{"number", head.number},
                        {"id", head.id},
                        {"name", head.name},
                        {"arn", head.arn},
                        {"function", head.function},
                        {"version", head.version},
                        {"started_at", to_epoch_ms(head.started_at)},
                        {"timeout_seconds", head.timeout_seconds},
                        {"retention_days", head.retention_days},
                        {"synchronous", head.synchronous},
                        {"input_digest", head.input_digest},
                        {"trace_header", head.trace_header},
                        {"status", wire::to_string(head.status)}};
    if (head.ended_at) object["ended_at"] = to_epoch_ms(*head.ended_at);
    if (!head.tenant_id.empty()) object["tenant_id"] = head.tenant_id;
    if (head.parent) {
        object["parent_execution"] = head.parent->execution;
        object["parent_operation"] = head.parent->id;
    }
    return json::serialize(object);
}

Head decode_head(std::string_view text) {
    const json::value value = json::parse(text);
    const json::object& object = value.as_object();
    const auto read = [&](std::string_view name) { return std::string(object.at(name).as_string()); };
    Head head;
    head.number = object.at("number").to_number<std::uint64_t>();
    head.id = read("id");
    head.name = read("name");
    head.arn = read("arn");
    head.function = read("function");
    head.version = read("version");
    head.started_at = from_epoch_ms(object.at("started_at").as_int64());
    head.timeout_seconds = object.at("timeout_seconds").as_int64();
    head.retention_days = object.at("retention_days").as_int64();
    head.synchronous = object.at("synchronous").as_bool();
    head.input_digest = read("input_digest");
    head.trace_header = read("trace_header");
    const auto status = wire::read_execution_status(read("status"));
    if (!status) throw std::runtime_error("damaged execution row: unknown status " + read("status"));
    head.status = *status;
    if (const json::value* ended = object.if_contains("ended_at")) head.ended_at = from_epoch_ms(ended->as_int64());
    if (object.contains("tenant_id")) head.tenant_id = read("tenant_id");
    if (const json::value* parent = object.if_contains("parent_execution")) {
        head.parent = ParentOperation{.execution = parent->to_number<std::uint64_t>(), .id = read("parent_operation")};
    }
    return head;
}

std::optional<Head> read_head(const RowReader& rows, std::uint64_t number) {
    const auto row = rows.get(Space::executions, number_key(number));
    if (!row) return std::nullopt;
    return decode_head(*row);
}

std::optional<Execution> load_execution(const RowReader& rows, std::uint64_t number) {
    auto head = read_head(rows, number);
    if (!head) return std::nullopt;
    Execution execution(std::move(*head));
    for_each_entry(rows, number, [&](const Row& row) { execution.apply(decode_changes(row.value)); });
    execution.rest();
    return execution;
}

Outcome read_outcome(const RowReader& rows, const Head& head) {
    Outcome outcome;
    const std::string prefix = number_key(head.number);
    for (const Row& row : rows.scan(Space::journal, prefix, prefix_end(prefix), 1)) {
        for (Change& change : decode_changes(row.value)) {
            if (change.kind == ChangeKind::execution_started) outcome.input = std::move(change.payload);
        }
    }
    if (head.status == wire::ExecutionStatus::running) return outcome;
    // Little comes after the end: what was under way then.
    constexpr std::size_t kPage = 4;
    std::string end = prefix_end(prefix);
    while (true) {
        const auto page = rows.scan(Space::journal, prefix, end, kPage, true);
        for (const Row& row : page) {
            for (Change& change : decode_changes(row.value)) {
                if (change.kind != ChangeKind::execution_closed) continue;
                outcome.result = std::move(change.payload);
                outcome.error = std::move(change.error);
                return outcome;
            }
        }
        if (page.size() < kPage) return outcome;
        end = page.back().key;
    }
}

std::vector<RowWrite> start_writes(const Head& head) {
    return {{Space::executions, number_key(head.number), encode_head(head)},
            {Space::execution_names, name_key(head.function, head.name), std::to_string(head.number)},
            {Space::executions_by_function, listing_key(head), std::string()}};
}

std::vector<RowWrite> erase_writes(const RowReader& rows, const Head& head) {
    std::vector<RowWrite> writes = {{Space::executions, number_key(head.number), std::nullopt},
                                    {Space::executions_by_function, listing_key(head), std::nullopt}};
    // The name may belong to a later execution by now.
    const std::string name = name_key(head.function, head.name);
    if (rows.get(Space::execution_names, name) == std::to_string(head.number)) {
        writes.push_back({Space::execution_names, name, std::nullopt});
    }
    if (!erase_slice(rows, number_key(head.number), writes))
        writes.push_back({Space::meta, std::string(kErasing) + number_key(head.number), std::string()});
    return writes;
}

std::vector<RowWrite> continue_erasing(const RowReader& rows) {
    std::vector<RowWrite> writes;
    for (const Row& mark : rows.scan(Space::meta, kErasing, prefix_end(kErasing), 1)) {
        if (erase_slice(rows, std::string_view(mark.key).substr(kErasing.size()), writes))
            writes.push_back({Space::meta, mark.key, std::nullopt});
    }
    return writes;
}

Error no_such_execution() {
    return {.name = "ResourceNotFoundException",
            .http_status = 404,
            .message = "Durable Execution does not exist",
            .details_json = {}};
}

Result<Head> find_execution(const RowReader& rows, std::string_view arn) {
    if (const auto number = number_of_arn(arn)) {
        auto head = read_head(rows, *number);
        if (head && head->arn == arn) return std::move(*head);
    }
    return std::unexpected(no_such_execution());
}

}  // namespace holdpoint::core
