#include "stacks/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "stacks/references.hpp"
#include "stacks/resource_checks.hpp"
#include "stacks/resource_types.hpp"
#include "stacks/sam.hpp"

namespace holdpoint::stacks {
namespace {

constexpr std::string_view kTransform = "AWS::Serverless-2016-10-31";
/// (AWS CloudFormation quotas)
constexpr std::size_t kResourcesMax = 500;
constexpr std::size_t kOutputsMax = 200;

bool is_alphanumeric(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
}

/// `<stack>-<logical id>-<12 characters>`, the form of the names that CloudFormation makes; the same for the same
/// stack.
std::string make_name(const ResourceType& type, const std::string& logical_id, const Target& target) {
    std::string suffix = to_hex(sha256(target.stack_id + "/" + logical_id)).substr(0, 12);
    for (char& c : suffix) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const std::string name = fmt::format("{}-{}", target.stack_name, logical_id);
    return fmt::format("{}-{}", name.substr(0, type.name_length_max - suffix.size() - 1), suffix);
}

/// Reads one template.
class Planner {
public:
    Planner(const Node& root, const std::map<std::string, std::string>& given, const Target& target)
        : root_(root),
          target_(target),
          parameters_(read_parameters(root, given, problems_)),
          resolver_(target, parameters_, root.find("Conditions"), problems_) {}

    Result<Plan> read() {
        check_sections();
        const Node resources = expand_sam(root_, problems_);
        if (resources.members.size() > kResourcesMax)
            problems_.add("Resources", resources.line, fmt::format("at most {} resources are allowed", kResourcesMax));
        for (const std::string& name : creation_order(resources, problems_)) add_resource(name, *resources.find(name));
        check_roles(plan_.resources, target_, problems_);
        add_outputs();
        for (const auto& [name, parameter] : parameters_)
            plan_.parameters[name] = {.value = parameter.text, .hidden = parameter.hidden};
        if (!problems_.empty()) return std::unexpected(problems_.error());
        return std::move(plan_);
    }

private:
    void check_sections() {
        constexpr std::array<std::string_view, 9> kKnown = {"AWSTemplateFormatVersion",
                                                            "Transform",
                                                            "Description",
                                                            "Metadata",
                                                            "Parameters",
                                                            "Conditions",
                                                            "Globals",
                                                            "Resources",
                                                            "Outputs"};
        for (const auto& [key, value] : root_.members) {
            if (std::ranges::find(kKnown, key) == kKnown.end()) problems_.add(key, value.line, "is not supported");
        }
        if (const Node* version = root_.find("AWSTemplateFormatVersion"); version && version->text != "2010-09-09")
            problems_.add("AWSTemplateFormatVersion", version->line, "must be 2010-09-09");
        if (const Node* transform = root_.find("Transform")) {
            const std::vector<Node> one = {*transform};
            for (const Node& name : transform->is_list() ? transform->elements : one) {
                if (name.text != kTransform)
                    problems_.add("Transform", name.line, fmt::format("only {} is supported", kTransform));
            }
        }
        if (const Node* description = root_.find("Description")) plan_.description = description->text;
        if (root_.find("Metadata") != nullptr) plan_.aws_only.emplace_back("Metadata");
    }

    void add_resource(const std::string& name, const Node& node) {
        const std::string path = "Resources." + name;
        const std::size_t problems_before = problems_.all().size();
        const ResourceType* type = check_resource(name, node, path);
        if (const Node* condition = node.find("Condition"); condition != nullptr && condition->is_text()) {
            if (!resolver_.condition(condition->text, condition->line, path + ".Condition")) return;
        }
        if (type == nullptr) return resolver_.add_unknown(name);
        const Node* written = node.find("Properties");
        const Node properties =
            resolver_.resolve(written == nullptr ? Node::make_map({}, node.line) : *written, path + ".Properties");
        Resource resource{
            .logical_id = name,
            .type = std::string(type->name),
            .name = {},
            .physical_id = {},
            .properties = Checker(name, problems_, plan_.aws_only).check(properties, type->properties, {}),
            .executable = read_metadata(name, node, *type),
            .retain_on_delete = read_policy(node, "DeletionPolicy", path),
            .retain_on_replace = read_policy(node, "UpdateReplacePolicy", path)};
        name_resource(resource, *type, properties);
        check_resource_properties(resource, properties, problems_);
        if (problems_.all().size() != problems_before) return resolver_.add_unknown(name);
        Attributes attributes = attributes_of(resource.type, resource.name, target_);
        resource.physical_id = attributes.reference;
        resolver_.add(name, std::move(attributes));
        plan_.resources.push_back(std::move(resource));
    }

    const ResourceType* check_resource(const std::string& name, const Node& node, const std::string& path) {
        constexpr std::array<std::string_view, 7> kKnown = {
            "Type", "Properties", "DependsOn", "DeletionPolicy", "Condition", "Metadata", "UpdateReplacePolicy"};
        if (!is_alphanumeric(name)) problems_.add(path, node.line, "a resource's name has letters and digits only");
        for (const auto& [key, value] : node.members) {
            if (std::ranges::find(kKnown, key) == kKnown.end())
                problems_.add(fmt::format("{}.{}", path, key), value.line, "is not supported");
        }
        const Node* type = node.find("Type");
        if (type == nullptr || !type->is_text()) {
            problems_.add(path, node.line, "needs a Type");
            return nullptr;
        }
        const ResourceType* found = find_type(type->text);
        if (found == nullptr) {
            std::vector<std::string_view> known;
            for (const ResourceType& one : resource_types()) known.push_back(one.name);
            problems_.add(path + ".Type", type->line,
                          fmt::format("{} is not supported; {} are", type->text, fmt::join(known, ", ")));
        } else if (found->name == kFunction && root_.find("Transform") == nullptr) {
            problems_.add(path + ".Type", type->line, fmt::format("needs 'Transform: {}' in the template", kTransform));
        }
        return found;
    }

    bool read_policy(const Node& node, std::string_view member, const std::string& path) {
        const Node* policy = node.find(member);
        if (policy == nullptr) return false;
        if (policy->text != "Retain" && policy->text != "Delete") {
            problems_.add(fmt::format("{}.{}", path, member), policy->line,
                          fmt::format("'{}' is not supported; Retain and Delete are", policy->text));
        }
        return policy->text == "Retain";
    }

    std::string read_metadata(const std::string& name, const Node& node, const ResourceType& type) {
        const Node* metadata = node.find("Metadata");
        const Node* executable = metadata == nullptr ? nullptr : metadata->find("HoldpointExecutable");
        const std::string path = fmt::format("Resources.{}.Metadata", name);
        if (metadata != nullptr) {
            for (const auto& [key, value] : metadata->members) {
                if (key != "HoldpointExecutable") plan_.aws_only.push_back(fmt::format("{}.Metadata.{}", name, key));
            }
        }
        if (type.name != kFunction) return {};
        if (executable == nullptr || !executable->is_text() || executable->text.empty() ||
            executable->text.find('/') != std::string::npos) {
            problems_.add(path, node.line, "needs HoldpointExecutable: the name of the local executable");
            return {};
        }
        return executable->text;
    }

    /// Sets the name, making one when the template gives none.
    void name_resource(Resource& resource, const ResourceType& type, const Node& properties) {
        const Node* node = properties.find(type.name_property);
        if (node != nullptr && node->kind == Kind::unknown) return;
        if (node == nullptr) {
            resource.name = make_name(type, resource.logical_id, target_);
        } else {
            resource.name = node->text;
            const bool legal = std::ranges::all_of(resource.name, [&](char c) {
                return is_alphanumeric({&c, 1}) || c == '-' || c == '_' || type.name_characters.contains(c);
            });
            if (!legal || resource.name.size() < type.name_length_min || resource.name.size() > type.name_length_max) {
                problems_.add(fmt::format("Resources.{}.Properties.{}", resource.logical_id, type.name_property),
                              node->line,
                              fmt::format("'{}' must have {} to {} characters: letters, digits, -_{}", resource.name,
                                          type.name_length_min, type.name_length_max, type.name_characters));
            }
        }
        for (const Resource& other : plan_.resources) {
            if (other.type == resource.type && other.name == resource.name) {
                problems_.add("Resources." + resource.logical_id, properties.line,
                              fmt::format("has the same name as {}: {}", other.logical_id, resource.name));
            }
        }
        resource.properties[type.name_property] = resource.name;
    }

    void add_outputs() {
        const Node* outputs = root_.find("Outputs");
        if (outputs == nullptr) return;
        if (!outputs->is_map() || outputs->members.size() > kOutputsMax)
            problems_.add("Outputs", outputs->line,
                          fmt::format("must be a mapping of at most {} outputs", kOutputsMax));
        for (const auto& [key, node] : outputs->members) {
            const std::string path = "Outputs." + key;
            if (!is_alphanumeric(key)) problems_.add(path, node.line, "an output's name has letters and digits only");
            for (const auto& [member, value] : node.members) {
                if (member == "Export")
                    plan_.aws_only.push_back(path + ".Export");
                else if (member != "Value" && member != "Description" && member != "Condition")
                    problems_.add(fmt::format("{}.{}", path, member), value.line, "is not supported");
            }
            const Node* condition = node.find("Condition");
            if (condition != nullptr && !resolver_.condition(condition->text, condition->line, path)) continue;
            const Node* written = node.find("Value");
            const Node value = written == nullptr ? Node{} : resolver_.resolve(*written, path + ".Value");
            if (value.kind == Kind::unknown) continue;
            if (!value.is_scalar()) problems_.add(path, node.line, "needs a Value that is a text");
            const Node* description = node.find("Description");
            plan_.outputs.push_back({.key = key,
                                     .value = value.text,
                                     .description = description == nullptr ? std::string() : description->text});
        }
    }

    const Node& root_;
    const Target& target_;
    Problems problems_;
    Parameters parameters_;
    Resolver resolver_;
    Plan plan_;
};

}  // namespace

Result<Plan> make_plan(std::string_view template_text, const std::map<std::string, std::string>& parameters,
                       const Target& target) {
    const auto root = read_yaml(template_text);
    if (!root) return std::unexpected(root.error());
    return Planner(*root, parameters, target).read();
}

std::vector<std::string> parameter_names(std::string_view template_text) {
    std::vector<std::string> names;
    const auto root = read_yaml(template_text);
    const Node* section = root ? root->find("Parameters") : nullptr;
    if (section == nullptr) return names;
    for (const auto& [name, node] : section->members) names.push_back(name);
    return names;
}

}  // namespace holdpoint::stacks
