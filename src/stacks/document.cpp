#include "stacks/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <sstream>

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
                    const std::string member = path.empty() ? key : fmt::format("{}.{}", path, key);
                    // Nothing stands nowhere: YAML says on the next line.
                    if (pair.second.IsNull()) lines_.emplace(member, pair.first.Mark().line + 1);
                    object[key] = read(pair.second, member);
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
        if (is_one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
        if (is_one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) return false;
        if (is_one_of(text, {"null", "Null", "NULL", "~", ""})) return nullptr;
        return read_numeric(text);
    }

    static bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
        return std::ranges::find(words, text) != words.end();
    }

    /// A number or the text itself, as YAML 1.1 has it: digits after a zero are octal, and an account such as
    /// 012345678901 is a text. Dates (2012-10-17), versions, 1e3 and what 64 bits do not hold are texts, too.
    static json::value read_numeric(const std::string& text) {
        constexpr int kOctal = 8;
        const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
        if (digits.size() > 1 && digits.front() == '0' && digits[1] != '.') {
            const auto number = read_number<std::int64_t>(text, kOctal);
            return number ? json::value(*number) : json::value(text);
        }
        if (const auto number = read_number<std::int64_t>(text)) return *number;
        const bool is_fraction = !digits.empty() && digits.find_first_not_of("0123456789.") == std::string_view::npos;
        const auto fraction = is_fraction ? read_number<double>(text) : std::nullopt;
        return fraction && digits.contains('.') ? json::value(*fraction) : json::value(text);
    }

    std::map<std::string, int>& lines_;
    std::size_t values_ = 0;
    int depth_ = 0;
};

/// JSON writes a character beyond U+FFFF as two escapes, which YAML does not know.
std::string join_surrogates(std::string_view text) {
    constexpr std::size_t kPair = std::string_view("\\ud83d\\ude00").size();
    std::string joined;
    for (std::size_t at = 0; at < text.size();) {
        std::string_view next = text.substr(at, text[at] == '\\' ? 2 : 1);
        const std::string pair = "\"" + std::string(text.substr(at, kPair)) + "\"";
        boost::system::error_code problem;
        const bool is_high = next == "\\u" && (pair[3] == 'd' || pair[3] == 'D');
        const json::value character = is_high ? json::parse(pair, problem) : json::value();
        if (is_high && !problem && character.get_string().size() == 4) {
            joined += character.get_string();
            at += kPair;
        } else {
            joined += next;
            at += next.size();
        }
    }
    return joined;
}

/// Keeps of a document where it begins.
class Beginning final : public YAML::EventHandler {
public:
    YAML::Mark mark;

    void OnDocumentStart(const YAML::Mark& begin) override { mark = begin; }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
    void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  const std::string& /*value*/) override {}
    void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                         YAML::EmitterStyle::value /*style*/) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                    YAML::EmitterStyle::value /*style*/) override {}
    void OnMapEnd() override {}
};

/// YAML::LoadAll would count documents without end where a sign stands that begins none, such as a comma (0.7).
void refuse_second_document(const std::string& text) {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Beginning document;
    if (parser.HandleNextDocument(document) && parser.HandleNextDocument(document)) {
        throw YAML::ParserException(document.mark, "expected one YAML document, found the beginning of another");
    }
}

YAML::Node load(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    const bool is_json = begin != std::string_view::npos && text[begin] == '{';
    const std::string yaml = is_json ? join_surrogates(text) : std::string(text);
    refuse_second_document(yaml);
    return YAML::Load(yaml);
}

}  // namespace

Result<Document> read_document(std::string_view text) {
    Document document;
    try {
        document.root = Reader(document.lines).read(load(text), "");
    } catch (const YAML::Exception& error) {
        return fail("TemplateError", 400, fmt::format("line {}: {}", error.mark.line + 1, error.msg));
    }
    if (!document.root.is_object())
        return fail("TemplateError", 400,
                    "Expected a YAML mapping, of names and what they mean, found something else.");
    return document;
}

}  // namespace holdpoint::stacks
