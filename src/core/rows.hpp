// Rows of executions: keys, the stored form of the head, and folding an execution from its journal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/rows.hpp"
#include "core/execution.hpp"

namespace holdpoint::core {

/// A UUID (version 8, RFC 9562) whose first 48 bits are the execution's number; `random_uuid` gives the rest.
[[nodiscard]] std::string make_execution_id(std::uint64_t number, std::string_view random_uuid);
[[nodiscard]] std::optional<std::uint64_t> number_of_execution_id(std::string_view id);

/// arn:…:function:<function>:<version>/durable-execution/<name>/<id>
[[nodiscard]] std::string execution_arn(std::string_view region, std::string_view account, std::string_view function,
                                        std::string_view version, std::string_view name, std::string_view id);
/// The execution's number in its ARN; nothing when it is no such ARN.
[[nodiscard]] std::optional<std::uint64_t> number_of_arn(std::string_view arn);

[[nodiscard]] std::string number_key(std::uint64_t number);
[[nodiscard]] std::string journal_key(std::uint64_t number, std::uint64_t entry);
[[nodiscard]] std::string name_key(std::string_view function, std::string_view name);
/// Orders the executions of a function by start.
[[nodiscard]] std::string listing_key(const Head& head);
[[nodiscard]] std::string timer_key(TimePoint due, std::uint64_t number);
[[nodiscard]] std::optional<std::pair<TimePoint, std::uint64_t>> read_timer_key(std::string_view key);

[[nodiscard]] std::string encode_head(const Head& head);
/// Throws std::runtime_error when the row is damaged.
[[nodiscard]] Head decode_head(std::string_view text);

[[nodiscard]] std::optional<Head> read_head(const RowReader& rows, std::uint64_t number);
/// Head and journal folded; nothing when there is no such execution.
[[nodiscard]] std::optional<Execution> load_execution(const RowReader& rows, std::uint64_t number);

/// What an execution was given, and how it ended.
struct Outcome {
    std::optional<std::string> input;
    std::optional<std::string> result;
    std::optional<wire::ErrorObject> error;
};
/// From both ends of the journal; what lies between is not read, however long it is.
[[nodiscard]] Outcome read_outcome(const RowReader& rows, const Head& head);

/// What a new execution writes besides its first journal entry.
[[nodiscard]] std::vector<RowWrite> start_writes(const Head& head);
/// What removes an execution, once its retention is over. A long journal goes in slices, so that others have their turn
/// in between: this is the first, and leaves a mark by which continue_erasing() goes on, after a crash, too.
[[nodiscard]] std::vector<RowWrite> erase_writes(const RowReader& rows, const Head& head);
/// The next slice of one of the journals whose execution is gone; nothing when there is none.
[[nodiscard]] std::vector<RowWrite> continue_erasing(const RowReader& rows);

[[nodiscard]] Error no_such_execution();
/// ResourceNotFoundException (404) unless it is an execution of this server.
[[nodiscard]] Result<Head> find_execution(const RowReader& rows, std::string_view arn);

}  // namespace holdpoint::core
