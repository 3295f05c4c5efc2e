// Reading YAML into nodes: YAML 1.1's plain scalars, as CloudFormation reads them.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "stacks/node.hpp"
#include "stacks/problems.hpp"

namespace holdpoint::stacks {
namespace {

/// CloudFormation's own limit for a template. (AWS CloudFormation quotas)
constexpr std::size_t kTemplateBytesMax = 1'000'000;
/// Anchors can make a small text mean a huge value, or one that contains itself.
constexpr int kDepthMax = 64;
constexpr std::size_t kNodesMax = 100'000;

bool is_any_of(std::string_view text, std::span<const std::string_view> words) {
    return std::ranges::find(words, text) != words.end();
}

/// Plain true and false in every spelling of YAML 1.1 that CloudFormation's reader takes.
std::optional<bool> read_boolean(std::string_view text) {
    constexpr std::array<std::string_view, 9> kTrue = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"};
    constexpr std::array<std::string_view, 9> kFalse = {"false", "False", "FALSE", "no", "No",
                                                        "NO",    "off",   "Off",   "OFF"};
    if (is_any_of(text, kTrue)) return true;
    if (is_any_of(text, kFalse)) return false;
    return std::nullopt;
}

Kind kind_of_plain(std::string_view text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return Kind::null;
    if (read_boolean(text)) return Kind::boolean;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    // Numbers with leading zeros stay texts: an account's id is no octal number.
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    if (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') return Kind::text;
    if (digits.empty() || digits[0] < '0' || digits[0] > '9') return Kind::text;
    std::int64_t integer = 0;
    if (const auto read = std::from_chars(begin, end, integer); read.ec == std::errc{} && read.ptr == end)
        return Kind::integer;
    double number = 0;
    if (const auto read = std::from_chars(begin, end, number); read.ec == std::errc{} && read.ptr == end)
        return Kind::number;
    return Kind::text;  // dates (2012-10-17) too
}

class Reader {
public:
    explicit Reader(Problems& problems) : problems_(problems) {}

    Node read(const YAML::Node& yaml, const std::string& path, int depth) {
        const int line = yaml.Mark().line + 1;
        if (depth > kDepthMax || ++nodes_ > kNodesMax) {
            if (!too_large_) problems_.add(path, line, "the template is nested too deeply or has too many values");
            too_large_ = true;
            return {.kind = Kind::unknown, .line = line, .text = {}};
        }
        Node node = read_plain(yaml, path, line, depth);
        return with_tag(std::move(node), yaml.Tag(), path);
    }

private:
    Node read_plain(const YAML::Node& yaml, const std::string& path, int line, int depth) {
        switch (yaml.Type()) {
            case YAML::NodeType::Map:
                return read_map(yaml, path, line, depth);
            case YAML::NodeType::Sequence: {
                std::vector<Node> elements;
                for (std::size_t i = 0; i < yaml.size() && !too_large_; ++i)
                    elements.push_back(read(yaml[i], fmt::format("{}[{}]", path, i), depth + 1));
                return Node::make_list(std::move(elements), line);
            }
            case YAML::NodeType::Scalar: {
                const bool plain = yaml.Tag() == "?" || yaml.Tag().empty();
                const Kind kind = plain ? kind_of_plain(yaml.Scalar()) : Kind::text;
                std::string text = yaml.Scalar();
                if (kind == Kind::boolean) text = *read_boolean(text) ? "true" : "false";
                return {.kind = kind, .line = line, .text = std::move(text)};
            }
            case YAML::NodeType::Null:
            case YAML::NodeType::Undefined:
                return {.kind = Kind::null, .line = line, .text = {}};
        }
        std::unreachable();
    }

    Node read_map(const YAML::Node& yaml, const std::string& path, int line, int depth) {
        Node map = Node::make_map({}, line);
        for (const auto& pair : yaml) {
            if (too_large_) break;
            const int key_line = pair.first.Mark().line + 1;
            if (!pair.first.IsScalar()) {
                problems_.add(path, key_line, "a key must be a text");
                continue;
            }
            const std::string& key = pair.first.Scalar();
            const std::string member_path = path.empty() ? key : fmt::format("{}.{}", path, key);
            if (key == "<<") {
                problems_.add(member_path, key_line, "YAML's merge keys are not supported, as in CloudFormation");
                continue;
            }
            if (map.find(key) != nullptr) {
                problems_.add(member_path, key_line, "is given twice");
                continue;
            }
            map.members.emplace_back(key, read(pair.second, member_path, depth + 1));
            // A mapping's or list's own mark is its first line, below its key.
            map.members.back().second.line = key_line;
        }
        return map;
    }

    Node with_tag(Node node, const std::string& tag, const std::string& path) {
        if (tag.empty() || tag == "?" || tag == "!" || tag == "tag:yaml.org,2002:str") return node;
        const int line = node.line;
        constexpr std::array<std::string_view, 23> kFunctions = {
            "Sub",    "GetAtt",       "Join",    "If",        "Equals",       "And",     "Or",        "Not",
            "Select", "Split",        "Base64",  "FindInMap", "GetAZs",       "Cidr",    "Transform", "ImportValue",
            "Length", "ToJsonString", "ForEach", "Contains",  "EachMemberIn", "ValueOf", "RefAll"};
        const std::string_view name = std::string_view(tag).substr(1);
        if (name == "Ref" || name == "Condition") return Node::make_map({{std::string(name), std::move(node)}}, line);
        if (!tag.starts_with('!') || !is_any_of(name, kFunctions)) {
            problems_.add(path, line, fmt::format("the tag {} is not known", tag));
            return {.kind = Kind::unknown, .line = line, .text = {}};
        }
        if (name == "GetAtt" && node.is_text()) {
            const auto dot = node.text.find('.');
            std::vector<Node> parts = {Node::make_text(node.text.substr(0, dot), line)};
            if (dot != std::string::npos) parts.push_back(Node::make_text(node.text.substr(dot + 1), line));
            node = Node::make_list(std::move(parts), line);
        }
        return Node::make_map({{fmt::format("Fn::{}", name), std::move(node)}}, line);
    }

    Problems& problems_;
    std::size_t nodes_ = 0;
    bool too_large_ = false;
};

}  // namespace

Result<Node> read_yaml(std::string_view text) {
    Problems problems;
    Node root;
    if (text.size() > kTemplateBytesMax) {
        problems.add({}, 0, fmt::format("it has {} bytes; at most {} are allowed", text.size(), kTemplateBytesMax));
        return std::unexpected(problems.error());
    }
    try {
        root = Reader(problems).read(YAML::Load(std::string(text)), {}, 0);
    } catch (const YAML::Exception& error) {
        problems.add({}, error.mark.line + 1, error.msg);
    }
    if (problems.empty() && !root.is_map()) problems.add({}, root.line, "a template must be a YAML mapping");
    if (!problems.empty()) return std::unexpected(problems.error());
    return root;
}

}  // namespace holdpoint::stacks
