#include "stacks/stack.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdpoint::stacks {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameLengthMax = 128;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string text(const json::object& object, std::string_view member) {
    return std::string(object.at(member).as_string());
}

json::object encode(const StackResource& item) {
    const Resource& resource = item.resource;
    return {{"logical_id", resource.logical_id},
            {"type", resource.type},
            {"name", resource.name},
            {"physical_id", resource.physical_id},
            {"properties", resource.properties},
            {"executable", resource.executable},
            {"retain_on_delete", resource.retain_on_delete},
            {"retain_on_replace", resource.retain_on_replace},
            {"updated_at", to_epoch_ms(item.updated_at)},
            {"was_updated", item.was_updated}};
}

StackResource decode_resource(const json::object& object) {
    return {.resource = {.logical_id = text(object, "logical_id"),
                         .type = text(object, "type"),
                         .name = text(object, "name"),
                         .physical_id = text(object, "physical_id"),
                         .properties = object.at("properties").as_object(),
                         .executable = text(object, "executable"),
                         .retain_on_delete = object.at("retain_on_delete").as_bool(),
                         .retain_on_replace = object.at("retain_on_replace").as_bool()},
            .updated_at = from_epoch_ms(object.at("updated_at").to_number<std::int64_t>()),
            .was_updated = object.at("was_updated").as_bool()};
}

Stack decode(std::string_view row) {
    const json::value value = json::parse(row);
    const json::object& object = value.as_object();
    Stack stack{.name = text(object, "name"),
                .id = text(object, "id"),
                .description = text(object, "description"),
                .template_text = text(object, "template"),
                .parameters = {},
                .resources = {},
                .outputs = {},
                .created_at = from_epoch_ms(object.at("created_at").to_number<std::int64_t>()),
                .updated_at = {}};
    if (const json::value& updated = object.at("updated_at"); !updated.is_null())
        stack.updated_at = from_epoch_ms(updated.to_number<std::int64_t>());
    for (const auto& [name, parameter] : object.at("parameters").as_object()) {
        const json::object& members = parameter.as_object();
        stack.parameters[std::string(name)] = {.value = text(members, "value"),
                                               .hidden = members.at("hidden").as_bool()};
    }
    for (const json::value& resource : object.at("resources").as_array())
        stack.resources.push_back(decode_resource(resource.as_object()));
    for (const json::value& output : object.at("outputs").as_array()) {
        const json::object& members = output.as_object();
        stack.outputs.push_back({.key = text(members, "key"),
                                 .value = text(members, "value"),
                                 .description = text(members, "description")});
    }
    return stack;
}

std::unexpected<Error> invalid(std::string message) {
    return fail("ValidationError", 400, std::move(message));
}

}  // namespace

const StackResource* Stack::find(std::string_view logical_id) const {
    const auto found = std::ranges::find_if(
        resources, [&](const StackResource& each) { return each.resource.logical_id == logical_id; });
    return found == resources.end() ? nullptr : &*found;
}

Result<void> check_stack_name(std::string_view name) {
    const bool legal =
        !name.empty() && name.size() <= kNameLengthMax && is_letter(name.front()) &&
        std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; });
    if (legal) return {};
    return invalid(
        fmt::format("1 validation error detected: Value '{}' at 'stackName' failed to satisfy constraint: Member must "
                    "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*, with at most {} characters",
                    name.substr(0, kNameLengthMax), kNameLengthMax));
}

std::string stack_arn(std::string_view region, std::string_view account, std::string_view name, std::string_view uuid) {
    return fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/{}", region, account, name, uuid);
}

std::optional<Stack> find_stack(const RowReader& rows, std::string_view name) {
    const auto row = rows.get(Space::stacks, name);
    return row ? std::optional(decode(*row)) : std::nullopt;
}

Result<Stack> load_stack(const RowReader& rows, std::string_view name_or_id) {
    std::string_view name = name_or_id;
    if (name.starts_with("arn:")) {
        const auto start = name.find(":stack/");
        name = start == std::string_view::npos ? "" : name.substr(start + 7);
        name = name.substr(0, name.find('/'));
    }
    auto stack = find_stack(rows, name);
    if (stack && (name == name_or_id || stack->id == name_or_id)) return std::move(*stack);
    return invalid(fmt::format("Stack with id {} does not exist", name_or_id));
}

std::vector<Stack> list_stacks(const RowReader& rows, std::string_view marker, std::size_t limit) {
    std::vector<Stack> stacks;
    const std::string from = marker.empty() ? std::string() : std::string(marker) + '\0';
    for (const Row& row : rows.scan(Space::stacks, from, {}, limit)) stacks.push_back(decode(row.value));
    return stacks;
}

RowWrite save_stack(const Stack& stack) {
    json::object parameters;
    for (const auto& [name, parameter] : stack.parameters)
        parameters[name] = json::object{{"value", parameter.value}, {"hidden", parameter.hidden}};
    json::array resources;
    for (const StackResource& resource : stack.resources) resources.push_back(encode(resource));
    json::array outputs;
    for (const Output& output : stack.outputs) {
        outputs.push_back(
            json::object{{"key", output.key}, {"value", output.value}, {"description", output.description}});
    }
    json::object row{{"name", stack.name},
                     {"id", stack.id},
                     {"description", stack.description},
                     {"template", stack.template_text},
                     {"parameters", std::move(parameters)},
                     {"resources", std::move(resources)},
                     {"outputs", std::move(outputs)},
                     {"created_at", to_epoch_ms(stack.created_at)},
                     {"updated_at", nullptr}};
    if (stack.updated_at) row["updated_at"] = to_epoch_ms(*stack.updated_at);
    return {Space::stacks, stack.name, json::serialize(row)};
}

RowWrite erase_stack(std::string_view name) {
    return {Space::stacks, std::string(name), std::nullopt};
}

std::optional<std::pair<std::string, std::string>> owner_of(const RowReader& rows, std::string_view type,
                                                            std::string_view name) {
    for (const Stack& stack : list_stacks(rows, {}, SIZE_MAX)) {
        for (const StackResource& each : stack.resources) {
            if (each.resource.type == type && each.resource.name == name)
                return std::pair(stack.name, each.resource.logical_id);
        }
    }
    return std::nullopt;
}

}  // namespace holdpoint::stacks
