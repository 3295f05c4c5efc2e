#include "tables/item_write.hpp"

#include <fmt/format.h>

#include "tables/changes.hpp"
#include "tables/errors.hpp"
#include "tables/expression/condition.hpp"
#include "tables/expression/update.hpp"
#include "tables/keys.hpp"
#include "tables/legacy.hpp"
#include "tables/members.hpp"

namespace holdpoint::tables {
namespace {

using expression::Bindings;

/// What Expected and AttributeUpdates ask, where they are used instead of expressions.
Result<void> read_legacy(const json::object& request, Members& members, ItemWrite& write) {
    if (write.kind == WriteKind::check) return {};
    if (auto unmixed = legacy::check_unmixed(request, {"AttributeUpdates", "Expected", "ConditionalOperator"},
                                             {"UpdateExpression", "ConditionExpression"});
        !unmixed)
        return unmixed;
    auto condition = legacy::read_expected(members);
    if (!condition) return std::unexpected(condition.error());
    write.condition = std::move(*condition);
    if (write.kind != WriteKind::update) return {};
    auto update = legacy::read_attribute_updates(members);
    if (!update) return std::unexpected(update.error());
    write.update = std::move(*update);
    return {};
}

Result<void> parse_expressions(const json::object& request, Members& members, ItemWrite& write) {
    const bool updates = write.kind == WriteKind::update;
    const auto condition = write.kind == WriteKind::check ? members.required_text("ConditionExpression")
                                                          : members.text("ConditionExpression");
    const auto update = updates ? members.text("UpdateExpression") : std::nullopt;
    if (members.problem()) return std::unexpected(*members.problem());
    auto bindings = updates ? Bindings::read(request, {"UpdateExpression", "ConditionExpression"})
                            : Bindings::read(request, {"ConditionExpression"});
    if (!bindings) return std::unexpected(bindings.error());
    if (update) {
        auto parsed = expression::parse_update(*update, *bindings);
        if (!parsed) return std::unexpected(parsed.error());
        write.update = std::move(*parsed);
    }
    if (condition) {
        auto parsed = expression::parse_condition("ConditionExpression", *condition, *bindings);
        if (!parsed) return std::unexpected(parsed.error());
        write.condition = std::move(*parsed);
    }
    return bindings->check_all_used();
}

std::unexpected<Error> condition_failed(const ItemWrite& write, const std::optional<Item>& before) {
    auto failed = fail("ConditionalCheckFailedException", 400, "The conditional request failed");
    if (write.answer_old_on_failure && before)
        failed.error().details_json = json::serialize(json::object{{"Item", to_json(*before)}});
    return failed;
}

/// What the expressions may not name, whatever the item.
Result<void> check_expressions(const Table& table, const ItemWrite& write) {
    const auto targets = write.update ? write.update->targets() : std::vector<expression::Path>();
    for (const auto& path : targets) {
        if (!table.key.has(path.attribute())) continue;
        return invalid_values(
            fmt::format("Cannot update attribute {}. This attribute is part of the key", path.attribute()));
    }
    if (auto checked = check_scalar_keys(table, targets); !checked) return checked;
    return write.condition ? check_scalar_keys(table, expression::paths_of(*write.condition)) : Result<void>();
}

/// An update that only takes away does not make an item where there was none.
bool creates(const std::optional<expression::Update>& update) {
    return !update || !update->sets.empty() || !update->adds.empty();
}

Result<std::optional<Item>> updated(const Table& table, const ItemWrite& write, const std::optional<Item>& before) {
    if (!before && !creates(write.update)) return std::nullopt;
    Item after = before ? *before : write.subject;
    if (write.update) {
        auto applied = expression::apply(*write.update, after);
        if (!applied) return std::unexpected(applied.error());
        after = std::move(*applied);
    }
    if (auto checked = check_index_keys(table, after); !checked) return std::unexpected(checked.error());
    if (auto checked = check_nesting(after); !checked) return std::unexpected(checked.error());
    if (auto checked = check_names(after); !checked) return std::unexpected(checked.error());
    if (size_of(after) > kItemBytesMax) return update_too_large();
    return after;
}

Result<std::optional<Item>> item_after(const Table& table, const ItemWrite& write, const std::optional<Item>& before) {
    switch (write.kind) {
        case WriteKind::put:
            return write.subject;
        case WriteKind::update:
            return updated(table, write, before);
        case WriteKind::remove:
            return std::nullopt;
        case WriteKind::check:
            return before;
    }
    std::unreachable();
}

const Item* pointer(const std::optional<Item>& item) {
    return item ? &*item : nullptr;
}

}  // namespace

Result<ItemWrite> parse_item_write(WriteKind kind, const json::object& request) {
    Members members(request);
    ItemWrite write{.kind = kind,
                    .table = members.required_text("TableName"),
                    .subject = members.required_item(kind == WriteKind::put ? "Item" : "Key"),
                    .condition = std::nullopt,
                    .update = std::nullopt,
                    .answer_old_on_failure = false};
    write.answer_old_on_failure =
        members.one_of("ReturnValuesOnConditionCheckFailure", {"NONE", "ALL_OLD"}) == "ALL_OLD";
    if (members.problem()) return std::unexpected(*members.problem());
    if (auto read = read_legacy(request, members, write); !read) return std::unexpected(read.error());
    if (auto parsed = parse_expressions(request, members, write); !parsed) return std::unexpected(parsed.error());
    return write;
}

Result<std::string> target_of(const Table& table, const ItemWrite& write) {
    if (write.kind != WriteKind::put) {
        if (auto checked = check_key(table, write.subject); !checked) return std::unexpected(checked.error());
    } else {
        if (auto checked = check_new_item(table, write.subject); !checked) return std::unexpected(checked.error());
        if (auto checked = check_names(write.subject); !checked) return std::unexpected(checked.error());
        if (size_of(write.subject) > kItemBytesMax)
            return validation_error("Item size has exceeded the maximum allowed size");
    }
    return item_key(table, write.subject);
}

Result<ItemChange> decide_write(const RowReader& rows, const Table& table, const ItemWrite& write) {
    auto target = target_of(table, write);
    if (!target) return std::unexpected(target.error());
    if (auto checked = check_expressions(table, write); !checked) return std::unexpected(checked.error());
    ItemChange change{.row_key = std::move(*target), .before = {}, .after = {}, .capacity = {}, .writes = {}};
    change.before = read_item(rows, change.row_key);
    if (write.condition && !expression::evaluate(*write.condition, change.before.value_or(Item())))
        return condition_failed(write, change.before);
    auto after = item_after(table, write, change.before);
    if (!after) return std::unexpected(after.error());
    change.after = std::move(*after);
    if (write.kind == WriteKind::check) {
        change.capacity.table = write_capacity(table, pointer(change.before), nullptr).table;
        return change;
    }
    change.capacity = write_capacity(table, pointer(change.before), pointer(change.after));
    change.writes = item_changes(table, pointer(change.before), pointer(change.after));
    return change;
}

}  // namespace holdpoint::tables
