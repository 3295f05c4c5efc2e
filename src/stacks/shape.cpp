#include "stacks/shape.hpp"

#include <algorithm>

#include "stacks/resolver.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// Whether it is the template, or a resource: what has Metadata, which may be anything.
bool has_metadata(std::string_view path) {
    constexpr std::string_view kResources = "Resources.";
    return path.empty() || (path.starts_with(kResources) && !path.substr(kResources.size()).contains('.'));
}

void refuse_nulls(const json::value& value, const std::string& path, Problems& problems) {
    if (value.is_null()) problems.add(path, "expected a value, found none (null); leave it out, or write \"\"");
    if (const json::object* object = value.if_object()) {
        for (const auto& [key, member] : *object) {
            if (key == "Metadata" && has_metadata(path)) continue;
            refuse_nulls(member, (path.empty() ? "" : path + ".") + std::string(key), problems);
        }
    }
    if (const json::array* array = value.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i)
            refuse_nulls((*array)[i], fmt::format("{}[{}]", path, i), problems);
    }
}

void require_mapping(const json::object& object, std::string_view name, const std::string& path, Problems& problems) {
    const json::value* value = object.if_contains(name);
    if (value != nullptr && !value->is_object() && !value->is_null()) problems.add(path, "must be a mapping");
}

/// What the template has, or SAM makes of it: FunctionRole, ServerlessHttpApi. (AWS SAM, generated resources)
bool is_resource(const json::object& resources, std::string_view id) {
    return id.starts_with(kImplicitApi) || std::ranges::any_of(resources, [&](const auto& resource) {
               const json::object* object = resource.value().if_object();
               const bool makes_more = object != nullptr && resource_type(*object).starts_with("AWS::Serverless::");
               return resource.key() == id || (makes_more && id.starts_with(std::string_view(resource.key())));
           });
}

void check_depends_on(const json::object& resources, const json::value& depends_on, const std::string& path,
                      Problems& problems) {
    const json::array one{depends_on};
    for (const json::value& id : depends_on.is_array() ? depends_on.get_array() : one) {
        if (!id.is_string()) {
            problems.add(path, "must be a resource's name or a list of them");
        } else if (!is_resource(resources, id.get_string())) {
            problems.add(path, fmt::format("'{}' is no resource of this template", text_of(id)));
        }
    }
}

}  // namespace

void check_shape(const Document& document, Problems& problems) {
    const json::object& root = document.root.get_object();
    refuse_nulls(document.root, "", problems);
    for (const char* section : {"Parameters", "Mappings", "Outputs"}) require_mapping(root, section, section, problems);
    const json::value* resources = root.if_contains("Resources");
    if (resources == nullptr || !resources->is_object()) return;
    for (const auto& [id, resource] : resources->get_object()) {
        const json::object* object = resource.if_object();
        if (object == nullptr) continue;
        const std::string path = fmt::format("Resources.{}", std::string_view(id));
        require_mapping(*object, "Properties", path + ".Properties", problems);
        if (const json::value* depends_on = object->if_contains("DependsOn"))
            check_depends_on(resources->get_object(), *depends_on, path + ".DependsOn", problems);
    }
}

}  // namespace holdpoint::stacks
