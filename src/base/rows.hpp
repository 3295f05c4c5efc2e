// Rows: how every room keeps its state. Ordered rows of bytes in numbered spaces; the store says where they live.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdpoint {

/// One ordered set of rows. Numbers and names are on disk: never reuse or change one.
enum class Space : std::uint8_t {
    meta = 1,                    // schema version, account, counters, boot nonces, keys
    executions = 2,              // execution number -> head: everything known of it besides its journal
    execution_names = 3,         // function, name -> execution number (idempotent start)
    executions_by_function = 4,  // function, start time, number -> nothing (listing)
    journal = 5,                 // execution number, entry number -> what one checkpoint changed
    timers = 6,                  // due time, execution number -> nothing
    running = 7,                 // execution number -> nothing; must be invoked (again) after a restart
    events = 8,                  // async invocations of plain functions that are not yet done
    functions = 9,               // function name -> configuration of $LATEST, versions, aliases
    tables = 10,                 // table name -> description
    items = 11,                  // table, key -> item
    index_items = 12,            // table, index, index key, key -> the item's key in `items`
    item_expiry = 13,            // due time, table, key -> nothing (TTL)
    topics = 14,                 // topic arn -> attributes
    subscriptions = 15,          // topic arn, subscription id -> subscription
    deliveries = 16,             // due time, delivery id -> delivery
    stacks = 17,                 // stack name -> template, parameters, resources, outputs
    roles = 18,                  // role name -> policies
    outbox = 19,                 // time, id -> e-mail that was "sent"
    plain_invokes = 20,          // execution number, operation -> nothing; invoked again after a restart
    http_apis = 21,              // API id -> stage, CORS, routes
    schedules = 22,              // rule name -> function, how often, when next
};

struct Row {
    std::string key;
    std::string value;
    friend bool operator==(const Row&, const Row&) = default;
};

/// Reads rows. Keys compare as unsigned bytes.
class RowReader {
public:
    virtual ~RowReader() = default;
    [[nodiscard]] virtual std::optional<std::string> get(Space space, std::string_view key) const = 0;
    /// Rows with from <= key < to (empty `to`: no upper bound), in key order or reversed, at most `limit`.
    [[nodiscard]] virtual std::vector<Row> scan(Space space, std::string_view from, std::string_view to,
                                                std::size_t limit, bool reverse = false) const = 0;
};

/// One row to put, or (no value) to erase.
struct RowWrite {
    Space space = Space::meta;
    std::string key;
    std::optional<std::string> value;
    friend bool operator==(const RowWrite&, const RowWrite&) = default;
};

/// What a decision answers and what it writes; deciding writes nothing by itself, so a refusal changes nothing.
template <class Answer>
struct Decided {
    Answer answer;
    std::vector<RowWrite> writes;
};

/// The smallest key after every key that starts with `prefix`; empty when there is none.
[[nodiscard]] std::string prefix_end(std::string_view prefix);
/// Appends `part` so that the whole key still orders by its parts: 0x00 becomes 0x00 0xff, and 0x00 0x01 ends the part.
void append_key_part(std::string& key, std::string_view part);
/// Takes one part written by append_key_part off the front of `key`; nothing when malformed.
[[nodiscard]] std::optional<std::string> take_key_part(std::string_view& key);
/// Appends eight bytes, big endian, so that keys order by number.
void append_key_number(std::string& key, std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> take_key_number(std::string_view& key);

}  // namespace holdpoint
