#include "stacks/resolver.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// Of a text that is put together: names that double each other would fill the memory.
constexpr std::size_t kTextMax = 1'048'576;

/// The property that names a resource of a type; empty for types that are not supported.
std::string_view name_property(std::string_view type) {
    constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"AWS::Serverless::Function", "FunctionName"},
                                                                        {kTable, "TableName"},
                                                                        {kSimpleTable, "TableName"},
                                                                        {"AWS::SNS::Topic", "TopicName"},
                                                                        {"AWS::IAM::Role", "RoleName"},
                                                                        {"AWS::Logs::LogGroup", "LogGroupName"}};
    for (const auto& [known, property] : kNames) {
        if (known == type) return property;
    }
    return {};
}

/// (AWS API: CreateTable, CreateTopic, CreateLogGroup; CreateFunction, CreateRole, PutRule)
std::size_t name_length_max(std::string_view type) {
    if (type == kTable || type == kSimpleTable) return 255;
    if (type == "AWS::SNS::Topic") return 256;
    return type == "AWS::Logs::LogGroup" ? 512 : 64;
}

}  // namespace

std::string resource_type(const json::object& resource) {
    const json::value* type = resource.if_contains("Type");
    return type != nullptr && type->is_string() ? std::string(type->get_string()) : std::string();
}

bool is_intrinsic(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr || object->size() != 1) return false;
    const std::string_view name = object->begin()->key();
    return name == "Ref" || name.starts_with("Fn::");
}

std::string text_of(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (!value.is_double()) return json::serialize(value);
    std::string text = fmt::format("{}", value.get_double());  // 0.5, where JSON's serializer says 5E-1
    if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
    return text;
}

Resolver::Resolver(const Document& document, std::map<std::string, json::value> parameters, const Target& target,
                   Problems& problems)
    : document_(document),
      parameters_(std::move(parameters)),
      target_(target),
      problems_(problems),
      conditions_(document, problems, [this](const json::value& value, const std::string& path) {
          return resolve_for_condition(value, path);
      }) {}

bool Resolver::is_made(const json::object& part, const std::string& path) {
    const json::value* condition = part.if_contains("Condition");
    if (condition == nullptr) return true;
    if (condition->is_string()) return conditions_.holds(std::string(condition->get_string()), path + ".Condition");
    problems_.add(path + ".Condition", "must be the name of a condition");
    return false;
}

json::value Resolver::resolve_for_condition(const json::value& value, const std::string& path) {
    const bool was_in_condition = std::exchange(in_condition_, true);
    json::value result = resolve(value, path);
    in_condition_ = was_in_condition;
    return result;
}

bool Resolver::refuse_in_condition(const std::string& logical_id, const std::string& path) {
    if (in_condition_) {
        problems_.add(path, fmt::format("a condition can refer to parameters and mappings, not to '{}'", logical_id));
    }
    return in_condition_;
}

const json::object* Resolver::made_resource(const std::string& logical_id, const std::string& path,
                                            std::string_view otherwise) {
    const json::object* found = resource(logical_id);
    if (found == nullptr) {
        problems_.add(path, fmt::format("refers to '{}', which is {} of this template", logical_id, otherwise));
        return nullptr;
    }
    if (is_made(*found, "Resources." + logical_id)) return found;
    problems_.add(path, fmt::format("refers to '{}', which is not made: its Condition is false", logical_id));
    return nullptr;
}

const json::object* Resolver::resource(const std::string& logical_id) const {
    const json::value* resources = document_.root.get_object().if_contains("Resources");
    if (resources == nullptr || !resources->is_object()) return nullptr;
    const json::value* found = resources->get_object().if_contains(logical_id);
    return found == nullptr ? nullptr : found->if_object();
}

const json::value* Resolver::choose(const json::value& value, const std::string& path) {
    const json::value* chosen = &value;
    while (true) {
        const json::object* object = chosen->if_object();
        if (object == nullptr || object->size() != 1) return chosen;
        const json::value& argument = object->begin()->value();
        if (object->begin()->key() == "Ref") return argument == "AWS::NoValue" ? nullptr : chosen;
        if (object->begin()->key() != "Fn::If") return chosen;
        const json::array* parts = argument.if_array();
        if (parts == nullptr || parts->size() != 3 || !parts->front().is_string()) {
            problems_.add(path, "Fn::If needs a condition's name, a value and another value");
            return nullptr;
        }
        chosen = &parts->at(conditions_.holds(text_of(parts->front()), path) ? 1 : 2);
    }
}

std::optional<json::value> Resolver::resolve_if_there(const json::value& value, const std::string& path) {
    const json::value* chosen = choose(value, path);
    if (chosen == nullptr) return std::nullopt;
    json::value resolved = resolve_chosen(*chosen, path);
    // A function would get the reference itself for its value. (CloudFormation user guide, "Dynamic references")
    if (resolved.is_string() && std::string_view(resolved.get_string()).contains("{{resolve:")) {
        problems_.add(path,
                      "dynamic references ({{resolve:...}}) are not supported; use a parameter, with NoEcho where it "
                      "is secret");
    }
    return resolved;
}

bool Resolver::is_left_out(const json::value& value, const std::string& path) {
    return choose(value, path) == nullptr;
}

json::value Resolver::resolve(const json::value& value, const std::string& path) {
    auto resolved = resolve_if_there(value, path);
    if (resolved) return *std::move(resolved);
    problems_.add(path, "AWS::NoValue cannot stand here: a value is needed");
    return nullptr;
}

json::value Resolver::resolve_chosen(const json::value& value, const std::string& path) {
    if (const json::array* array = value.if_array()) {
        json::array result;
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (auto element = resolve_if_there((*array)[i], fmt::format("{}[{}]", path, i)))
                result.push_back(*std::move(element));
        }
        return result;
    }
    const json::object* object = value.if_object();
    if (object == nullptr) return value;
    if (object->size() == 1) {
        auto result = resolve_function(std::string(object->begin()->key()), object->begin()->value(), path);
        if (result) return *std::move(result);
    }
    json::object result;
    for (const auto& [key, member] : *object) {
        if (auto resolved = resolve_if_there(member, path + "." + std::string(key))) result[key] = *std::move(resolved);
    }
    return result;
}

/// Nothing when the name is no function's.
std::optional<json::value> Resolver::resolve_function(const std::string& name, const json::value& argument,
                                                      const std::string& path) {
    if (name == "Ref") return resolve_reference(text_of(argument), path);
    if (name == "Fn::Sub") return json::value(with_local_urls(substitute(argument, path)));
    if (name == "Fn::Join") return json::value(with_local_urls(join(argument, path)));
    if (name == "Fn::Split") return split(argument, path);
    if (name == "Fn::Select") return select(argument, path);
    if (name == "Fn::FindInMap") return find_in_map(argument, path);
    if (name == "Fn::GetAtt") {
        const json::array* parts = argument.if_array();
        if (parts != nullptr && parts->size() == 2)
            return json::value(attribute(text_of((*parts)[0]), text_of((*parts)[1]), path));
        problems_.add(path, "Fn::GetAtt needs a resource and an attribute");
        return json::value(nullptr);
    }
    if (!name.starts_with("Fn::")) return std::nullopt;
    problems_.add(path, name +
                            " is not supported; Ref, Fn::Sub, Fn::GetAtt, Fn::Join, Fn::Split, Fn::Select, Fn::If and "
                            "Fn::FindInMap are");
    return json::value(nullptr);
}

json::value Resolver::find_in_map(const json::value& argument, const std::string& path) {
    const json::array* names = argument.if_array();
    if (names == nullptr || names->size() != 3) {
        problems_.add(path, "Fn::FindInMap needs a mapping, a key of it and a key within that");
        return nullptr;
    }
    const json::object& root = document_.root.get_object();
    const json::value* found = root.if_contains("Mappings");
    std::string where = "Mappings";
    for (const json::value& part : *names) {
        const std::string name = text_of(resolve(part, path));
        const json::object* within = found == nullptr ? nullptr : found->if_object();
        found = within == nullptr ? nullptr : within->if_contains(name);
        if (found == nullptr) {
            problems_.add(path, fmt::format("Fn::FindInMap: {} has no '{}'", where, name));
            return nullptr;
        }
        where += "." + name;
    }
    const auto is_text = [](const json::value& value) {
        return value.is_string() || value.is_number() || value.is_bool();
    };
    if (is_text(*found) || (found->is_array() && std::ranges::all_of(found->get_array(), is_text))) return *found;
    problems_.add(path, fmt::format("Fn::FindInMap: {} must be a text or a list of texts", where));
    return nullptr;
}

json::value Resolver::resolve_reference(const std::string& name, const std::string& path) {
    if (const auto parameter = parameters_.find(name); parameter != parameters_.end()) return parameter->second;
    if (name == "AWS::Region") return json::value(target_.region);
    if (name == "AWS::AccountId") return json::value(target_.account);
    if (name == "AWS::StackName") return json::value(target_.stack_name);
    if (name == "AWS::StackId") return json::value(target_.stack_id);
    if (name == "AWS::Partition") return "aws";
    if (name == "AWS::URLSuffix") return "amazonaws.com";
    return json::value(reference(name, path));
}

bool Resolver::has_resource(const std::string& logical_id) const {
    return resource(logical_id) != nullptr;
}

std::string Resolver::generated_name(const std::string& logical_id) const {
    std::string name = target_.stack_name + "-" + logical_id;
    const std::size_t length_max = name_length_max(type_of(logical_id));
    if (name.size() <= length_max) return name;
    // As CloudFormation does, the stack's name gives way first. What ends the name tells it from others cut alike;
    // there it is drawn, here it follows from the whole name, so that the next deployment finds the resource again.
    constexpr std::size_t kEnding = 12;
    constexpr std::size_t kOfStack = 24;
    const std::size_t room = length_max - kEnding - 2;
    const std::string id = logical_id.substr(0, room - std::min(kOfStack, target_.stack_name.size()));
    return fmt::format("{}-{}-{}", target_.stack_name.substr(0, room - id.size()), id,
                       to_hex(sha256(name)).substr(0, kEnding));
}

std::string Resolver::role_arn(const std::string& name) const {
    return fmt::format("arn:aws:iam::{}:role/{}", target_.account, name);
}

std::string Resolver::arn(std::string_view service, std::string_view rest) const {
    return fmt::format("arn:aws:{}:{}:{}:{}", service, target_.region, target_.account, rest);
}

std::string Resolver::physical_name(const std::string& logical_id) {
    const json::object* found = resource(logical_id);
    if (found == nullptr) return {};
    const std::string_view property = name_property(resource_type(*found));
    const json::value* properties = found->if_contains("Properties");
    const json::value* name = property.empty() || properties == nullptr || !properties->is_object()
                                  ? nullptr
                                  : properties->get_object().if_contains(property);
    if (name == nullptr) return generated_name(logical_id);
    if (const auto known = names_.find(logical_id); known != names_.end()) return known->second;
    const std::string path = fmt::format("Resources.{}.Properties.{}", logical_id, property);
    if (under_way_.size() >= kChainMax) {
        problems_.add(path, fmt::format("names refer to each other in a chain of more than {}", kChainMax));
        return logical_id;
    }
    if (!under_way_.insert(logical_id).second) {
        problems_.add(path, "refers to itself in a circle");
        return logical_id;
    }
    const auto text = resolve_if_there(*name, path);
    under_way_.erase(logical_id);
    return names_[logical_id] = text ? text_of(*text) : generated_name(logical_id);
}

std::string Resolver::type_of(const std::string& logical_id) const {
    const json::object* found = resource(logical_id);
    if (found != nullptr) return resource_type(*found);
    return logical_id == kImplicitApi ? std::string(kHttpApi) : std::string();
}

std::string Resolver::api_id(const std::string& logical_id) const {
    constexpr std::size_t kLength = 10;
    return to_hex(sha256(target_.stack_name + "/" + logical_id)).substr(0, kLength);
}

std::string Resolver::with_local_urls(std::string text) const {
    const auto replace = [&](const std::string& logical_id) {
        const std::string id = api_id(logical_id);
        const std::string on_aws = fmt::format("https://{}.execute-api.{}.amazonaws.com", id, target_.region);
        const std::string here = fmt::format("{}/_apis/{}", target_.endpoint_url, id);
        for (auto at = text.find(on_aws); at != std::string::npos; at = text.find(on_aws, at + here.size())) {
            text.replace(at, on_aws.size(), here);
        }
    };
    if (text.find(".execute-api.") == std::string::npos) return text;
    replace(std::string(kImplicitApi));
    for (const auto& [id, value] : document_.root.get_object().at("Resources").as_object()) {
        if (type_of(std::string(id)) == kHttpApi) replace(std::string(id));
    }
    return text;
}

std::string Resolver::function_of_role(const std::string& logical_id) const {
    if (!logical_id.ends_with("Role") || resource(logical_id) != nullptr) return {};
    const std::string function = logical_id.substr(0, logical_id.size() - std::string_view("Role").size());
    const json::object* found = resource(function);
    if (found == nullptr || resource_type(*found) != "AWS::Serverless::Function") return {};
    const json::value* properties = found->if_contains("Properties");
    const bool has_role = properties != nullptr && properties->is_object() && properties->get_object().contains("Role");
    return has_role ? std::string() : function;
}

std::string Resolver::reference(const std::string& logical_id, const std::string& path) {
    if (refuse_in_condition(logical_id, path)) return {};
    if (const std::string function = function_of_role(logical_id); !function.empty()) {
        return made_resource(function, path, "no resource") == nullptr ? "" : generated_name(logical_id);
    }
    if (logical_id == kImplicitApi && resource(logical_id) == nullptr) return api_id(logical_id);
    const auto dot = logical_id.find('.');
    if (dot != std::string::npos) return alias_reference(logical_id.substr(0, dot), logical_id.substr(dot + 1), path);
    const json::object* found = made_resource(logical_id, path, "no parameter and no resource");
    if (found == nullptr) return {};
    if (resource_type(*found) == kHttpApi) return api_id(logical_id);
    if (resource_type(*found) == kSubscription || resource_type(*found) == kPermission) {
        problems_.add(path, fmt::format("'{}' cannot be referred to: its type, {}, has no name", logical_id,
                                        resource_type(*found)));
        return {};
    }
    if (resource_type(*found) == "AWS::SNS::Topic") return attribute(logical_id, "TopicArn", path);
    return physical_name(logical_id);
}

const json::value* Resolver::auto_publish_alias(const json::object& resource) const {
    if (resource_type(resource) != "AWS::Serverless::Function") return nullptr;
    const auto member = [](const json::value* value, std::string_view name) {
        const json::object* object = value == nullptr ? nullptr : value->if_object();
        return object == nullptr ? nullptr : object->if_contains(name);
    };
    const json::value* own = member(resource.if_contains("Properties"), "AutoPublishAlias");
    if (own != nullptr) return own;
    return member(member(document_.root.get_object().if_contains("Globals"), "Function"), "AutoPublishAlias");
}

std::string Resolver::alias_reference(const std::string& logical_id, const std::string& what, const std::string& path) {
    const json::object* found = resource(logical_id);
    const json::value* alias = found == nullptr ? nullptr : auto_publish_alias(*found);
    if (alias == nullptr || what != "Alias") {
        problems_.add(path, fmt::format("'{}.{}' cannot be referred to; of a function with AutoPublishAlias, <function>"
                                        ".Alias can",
                                        logical_id, what));
        return {};
    }
    return attribute(logical_id, "Arn", path) + ":" + text_of(resolve(*alias, path));
}

std::string Resolver::attribute(const std::string& logical_id, const std::string& name, const std::string& path) {
    if (refuse_in_condition(logical_id, path)) return {};
    if (name == "Arn" && !function_of_role(logical_id).empty()) {
        const std::string role = reference(logical_id, path);
        return role.empty() ? role : role_arn(role);
    }
    const bool is_implicit = logical_id == kImplicitApi && resource(logical_id) == nullptr;
    if (!is_implicit && made_resource(logical_id, path, "no resource") == nullptr) return {};
    if (type_of(logical_id) == kHttpApi && name == "ApiEndpoint") {
        return fmt::format("{}/_apis/{}", target_.endpoint_url, api_id(logical_id));
    }
    const std::string type = type_of(logical_id);
    std::string physical = physical_name(logical_id);
    if (name == "Arn" && type == "AWS::Serverless::Function") return arn("lambda", "function:" + physical);
    if (name == "Arn" && (type == kTable || type == kSimpleTable)) return arn("dynamodb", "table/" + physical);
    if (name == "Arn" && type == "AWS::Logs::LogGroup") return arn("logs", "log-group:" + physical + ":*");
    if (name == "Arn" && type == "AWS::IAM::Role") return role_arn(physical);
    if (name == "TopicArn" && type == "AWS::SNS::Topic") return arn("sns", physical);
    if (name == "TopicName" && type == "AWS::SNS::Topic") return physical;
    problems_.add(path, fmt::format("{} has no attribute '{}' here", type.empty() ? logical_id : type, name));
    return {};
}

std::string Resolver::substitute(const json::value& argument, const std::string& path) {
    const json::array* parts = argument.if_array();
    const json::value& text_value = parts != nullptr && !parts->empty() ? (*parts)[0] : argument;
    const json::object* variables = parts != nullptr && parts->size() == 2 ? (*parts)[1].if_object() : nullptr;
    if (!text_value.is_string() || (parts != nullptr && variables == nullptr)) {
        problems_.add(path, "Fn::Sub needs a text, or a text and a mapping");
        return {};
    }
    std::string_view rest = text_value.get_string();
    std::string result;
    while (true) {
        const std::size_t open = rest.find("${");
        result += rest.substr(0, open);
        if (is_too_long(result, path)) return {};
        if (open == std::string_view::npos) return result;
        rest.remove_prefix(open + 2);
        const std::size_t close = rest.find('}');
        if (close == std::string_view::npos) {
            problems_.add(path, "Fn::Sub: a ${ has no }");
            return result;
        }
        const std::string name(rest.substr(0, close));
        rest.remove_prefix(close + 1);
        const auto dot = name.find('.');
        if (name.starts_with('!')) {
            result += "${" + name.substr(1) + "}";
        } else if (variables != nullptr && variables->contains(name)) {
            result += text_for(name, resolve(variables->at(name), path), path);
        } else if (dot != std::string::npos) {
            const std::string resource = name.substr(0, dot);
            const std::string what = name.substr(dot + 1);
            result += what == "Alias" ? alias_reference(resource, what, path) : attribute(resource, what, path);
        } else {
            result += text_for(name, resolve_reference(name, path), path);
        }
    }
}

bool Resolver::is_too_long(const std::string& text, const std::string& path) {
    if (text.size() <= kTextMax) return false;
    problems_.add(path, fmt::format("comes to more than {} bytes", kTextMax));
    return true;
}

std::string Resolver::text_for(const std::string& name, const json::value& value, const std::string& path) {
    if (value.is_structured()) {
        problems_.add(path, fmt::format("Fn::Sub: ${{{}}} is a list or a mapping; a text is needed", name));
    }
    return text_of(value);
}

json::array Resolver::split(const json::value& argument, const std::string& path) {
    const json::array* parts = argument.if_array();
    const bool has_both = parts != nullptr && parts->size() == 2 && (*parts)[0].is_string();
    const json::value text = has_both ? resolve((*parts)[1], path) : json::value();
    if (!text.is_string() || (*parts)[0].get_string().empty()) {
        problems_.add(path, "Fn::Split needs a separator and a text");
        return {};
    }
    const std::string_view separator = (*parts)[0].get_string();
    std::string_view rest = text.get_string();
    json::array result;
    for (auto at = rest.find(separator); at != std::string_view::npos; at = rest.find(separator)) {
        result.emplace_back(rest.substr(0, at));
        rest.remove_prefix(at + separator.size());
    }
    result.emplace_back(rest);
    return result;
}

json::value Resolver::select(const json::value& argument, const std::string& path) {
    const json::array* parts = argument.if_array();
    const bool has_both = parts != nullptr && parts->size() == 2;
    const auto at = has_both ? read_number<std::uint64_t>(text_of(resolve((*parts)[0], path))) : std::nullopt;
    const json::value list = has_both ? resolve((*parts)[1], path) : json::value();
    if (!at || !list.is_array()) {
        problems_.add(path, "Fn::Select needs the position of an element and a list");
        return nullptr;
    }
    if (*at < list.get_array().size()) return list.get_array()[*at];
    problems_.add(path, fmt::format("Fn::Select: there is no element {} in a list of {} (the first is 0)", *at,
                                    list.get_array().size()));
    return nullptr;
}

std::string Resolver::join(const json::value& argument, const std::string& path) {
    const json::array* parts = argument.if_array();
    if (parts == nullptr || parts->size() != 2 || !(*parts)[0].is_string()) {
        problems_.add(path, "Fn::Join needs a separator and a list");
        return {};
    }
    const json::value list = resolve((*parts)[1], path);
    const auto is_structured = [](const json::value& element) { return element.is_structured(); };
    if (!list.is_array() || std::ranges::any_of(list.get_array(), is_structured)) {
        problems_.add(path, "Fn::Join needs a separator and a list of texts");
        return {};
    }
    std::string result;
    for (const json::value& element : list.get_array()) {
        if (&element != list.get_array().begin()) result += (*parts)[0].get_string();
        result += text_of(element);
        if (is_too_long(result, path)) return {};
    }
    return result;
}

}  // namespace holdpoint::stacks
