#include "stacks/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/text.hpp"

namespace holdpoint::stacks {

namespace json = boost::json;

namespace {

/// An alias stands for all that its anchor holds, so that a few lines can mean more than fits in memory, or themselves.
constexpr std::size_t kValuesMax = 100'000;
constexpr int kDepthMax = 100;

class Reader {
public:
    explicit Reader(std::map<std::string, int>& lines) : lines_(lines) {}

    json::value read(const YAML::Node& node, const std::string& path) {
        if (++values_ > kValuesMax) {
            throw YAML::ParserException(node.Mark(), fmt::format("more than {} values, aliases counted", kValuesMax));
        }
        if (depth_ == kDepthMax) {
            throw YAML::ParserException(
                node.Mark(),
                fmt::format("values nest deeper than {}, or an alias is inside of what it stands for", kDepthMax));
        }
        ++depth_;
        json::value value = read_tagged(node, path);
        --depth_;
        return value;
    }

private:
    json::value read_tagged(const YAML::Node& node, const std::string& path) {
        lines_.emplace(path, node.Mark().line + 1);
        json::value value = read_plain(node, path);
        const std::string& tag = node.Tag();
        if (tag.size() < 2 || tag.front() != '!') return value;
        const std::string name = tag.substr(1);
        if (name == "Ref" || name == "Condition") return json::object{{name, std::move(value)}};
        if (name == "GetAtt" && value.is_string()) {
            const std::string text(value.get_string());
            const auto dot = text.find('.');
            value = json::array{text.substr(0, dot), dot == std::string::npos ? "" : text.substr(dot + 1)};
        }
        return json::object{{"Fn::" + name, std::move(value)}};
    }

    json::value read_plain(const YAML::Node& node, const std::string& path) {
        switch (node.Type()) {
            case YAML::NodeType::Map: {
                json::object object;
                for (const auto& pair : node) {
                    const std::string key = pair.first.as<std::string>();
                    if (object.contains(key)) {
                        throw YAML::ParserException(pair.first.Mark(), fmt::format("the key '{}' stands twice", key));
                    }
                    object[key] = read(pair.second, path.empty() ? key : fmt::format("{}.{}", path, key));
                }
                return object;
            }
            case YAML::NodeType::Sequence: {
                json::array array;
                for (std::size_t i = 0; i < node.size(); ++i) {
                    array.push_back(read(node[i], fmt::format("{}[{}]", path, i)));
                }
                return array;
            }
            case YAML::NodeType::Scalar:
                return read_scalar(node);
            default:
                return nullptr;
        }
    }

    static json::value read_scalar(const YAML::Node& node) {
        const std::string& text = node.Scalar();
        const bool quoted = node.Tag() == "!";
        if (quoted || node.Tag().size() > 1) return json::value(text);
        if (text == "true" || text == "false") return text == "true";
        if (text == "null" || text == "~" || text.empty()) return nullptr;
        if (const auto number = read_number<std::int64_t>(text)) return *number;
        // Dates (2012-10-17) and versions are no numbers.
        if (const auto fraction = read_number<double>(text)) return *fraction;
        return json::value(text);
    }

    std::map<std::string, int>& lines_;
    std::size_t values_ = 0;
    int depth_ = 0;
};

}  // namespace

Result<Document> read_document(std::string_view text) {
    Document document;
    try {
        document.root = Reader(document.lines).read(YAML::Load(std::string(text)), "");
    } catch (const YAML::Exception& error) {
        return fail("TemplateError", 400, fmt::format("line {}: {}", error.mark.line + 1, error.msg));
    }
    if (!document.root.is_object())
        return fail("TemplateError", 400,
                    "Expected a YAML mapping, of names and what they mean, found something else.");
    return document;
}

}  // namespace holdpoint::stacks
