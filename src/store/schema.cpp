#include "store/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "store/store.hpp"

namespace holdpoint::store {

namespace {

constexpr std::array kSpaces{
    Space::meta,        Space::executions, Space::execution_names, Space::executions_by_function,
    Space::journal,     Space::timers,     Space::running,         Space::events,
    Space::functions,   Space::tables,     Space::items,           Space::index_items,
    Space::item_expiry, Space::topics,     Space::subscriptions,   Space::deliveries,
    Space::stacks,      Space::roles,      Space::outbox,          Space::plain_invokes,
    Space::http_apis,   Space::schedules};

/// Creates the tables that are not there: all of them, or those that are newer than the database.
void create_schema(Connection& connection) {
    connection.execute("BEGIN IMMEDIATE");
    for (const Space space : kSpaces) {
        connection.execute(
            fmt::format("CREATE TABLE IF NOT EXISTS {} (key BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
                        space_name(space)));
    }
    connection.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
    connection.execute(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
    connection.execute("COMMIT");
}

/// Reads the database's pages, as many as the time allows: a damaged one is better found now than by whoever needs it.
/// What is not reached is checked by SQLite when it is read.
void check_structure(Connection& connection) {
    static constexpr std::chrono::milliseconds kTime{300};  // a restart is waited for
    std::string found = "ok";
    try {
        const TimeLimit limit(connection, kTime);
        found = connection.text("PRAGMA quick_check(1)");
    } catch (const SqliteError& error) {
        if (error.code() != SQLITE_INTERRUPT) found = error.what();
    }
    if (found != "ok") throw SqliteError(SQLITE_CORRUPT, found);
}

void check_or_create(Connection& connection, const std::string& path) {
    const auto application = connection.number("PRAGMA application_id");
    const auto version = connection.number("PRAGMA user_version");
    const auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
    if (application == 0 && version == 0 && tables == 0) return create_schema(connection);
    if (application != kApplicationId) {
        throw UnusableDatabase(path + " is another program's database. Choose another folder with --data.");
    }
    if (version > kSchemaVersion) {
        throw UnusableDatabase(fmt::format(
            "{} has schema version {}, newer than this program's {}. Use the newer holdpoint, or another folder.", path,
            version, kSchemaVersion));
    }
    if (version < kSchemaVersion) create_schema(connection);
}

}  // namespace

std::string_view space_name(Space space) {
    switch (space) {
        case Space::meta:
            return "meta";
        case Space::executions:
            return "executions";
        case Space::execution_names:
            return "execution_names";
        case Space::executions_by_function:
            return "executions_by_function";
        case Space::journal:
            return "journal";
        case Space::timers:
            return "timers";
        case Space::running:
            return "running";
        case Space::events:
            return "events";
        case Space::functions:
            return "functions";
        case Space::tables:
            return "tables";
        case Space::items:
            return "items";
        case Space::index_items:
            return "index_items";
        case Space::item_expiry:
            return "item_expiry";
        case Space::topics:
            return "topics";
        case Space::subscriptions:
            return "subscriptions";
        case Space::deliveries:
            return "deliveries";
        case Space::stacks:
            return "stacks";
        case Space::roles:
            return "roles";
        case Space::outbox:
            return "outbox";
        case Space::plain_invokes:
            return "plain_invokes";
        case Space::http_apis:
            return "http_apis";
        case Space::schedules:
            return "schedules";
    }
    std::unreachable();
}

void prepare_database(Connection& connection, const std::string& path) {
    try {
        // FULL: the log is synced at every commit, so an acknowledged write survives a power cut.
        connection.execute("PRAGMA synchronous = FULL");
        connection.execute("PRAGMA cache_size = -16384");
        check_structure(connection);
        check_or_create(connection, path);
        connection.execute("PRAGMA journal_mode = WAL");  // written into the file: only once it is known to be ours
    } catch (const SqliteError& error) {
        throw_explained(error, path);
    }
}

}  // namespace holdpoint::store
