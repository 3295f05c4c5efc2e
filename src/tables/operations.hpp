// Operations: DynamoDB's actions over rows. Each takes the request's JSON and answers the response's; those that write
// decide only, and the caller applies the writes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rows.hpp"
#include "tables/table.hpp"

namespace holdpoint::tables {

/// The JSON of a response, and what to write.
using Change = Decided<json::object>;

// Tables. A table is ACTIVE as soon as its creation is committed. What other changes have to do with each of its items
// is left to tables/jobs.hpp where it has many.

/// `table_id` is a UUID that the caller draws.
[[nodiscard]] Result<Change> create_table(const RowReader& rows, const json::object& request, const Location& location,
                                          TimePoint now, std::string_view table_id);
[[nodiscard]] Result<json::object> describe_table(const RowReader& rows, const json::object& request);
/// Changes how the table is billed and protected, and its global indexes.
[[nodiscard]] Result<Change> update_table(const RowReader& rows, const json::object& request);
/// Erases the table's items and index entries, too; until the last is gone, it is DELETING.
[[nodiscard]] Result<Change> delete_table(const RowReader& rows, const json::object& request);
/// The same for a stack that goes, also while an index is made; nothing where the table is gone or goes already.
[[nodiscard]] Result<std::vector<RowWrite>> delete_table_of_stack(const RowReader& rows, std::string_view name);
[[nodiscard]] Result<json::object> list_tables(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<Change> update_time_to_live(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> describe_time_to_live(const RowReader& rows, const json::object& request);
/// ResourceNotFoundException when the ARN is no table's of this server.
[[nodiscard]] Result<Change> tag_resource(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<Change> untag_resource(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> list_tags_of_resource(const RowReader& rows, const json::object& request);
/// AWS's first quotas, which nothing here enforces.
[[nodiscard]] Result<json::object> describe_limits(const RowReader& rows, const json::object& request);

// Items.

[[nodiscard]] Result<Change> put_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<Change> update_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<Change> delete_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> get_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> query(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> scan(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> batch_get_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<Change> batch_write_item(const RowReader& rows, const json::object& request);
[[nodiscard]] Result<json::object> transact_get_items(const RowReader& rows, const json::object& request);
/// A request with a ClientRequestToken of the last ten minutes is answered without being done again.
[[nodiscard]] Result<Change> transact_write_items(const RowReader& rows, const json::object& request, TimePoint now);

/// Writes that delete items whose time to live has passed, and transaction tokens that are too old: at most `limit` of
/// each. Call it again at once when it answers many writes.
[[nodiscard]] std::vector<RowWrite> expired(const RowReader& rows, TimePoint now, std::size_t limit);

}  // namespace holdpoint::tables
