#include "api/logs/json_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "base/text.hpp"

namespace holdpoint::api::logs {
namespace {

namespace json = boost::json;
using Kind = JsonCondition::Kind;

constexpr int kDepthMax = 32;

/// Recursive descent over: any = all {"||" all}; all = one {"&&" one}; one = "(" any ")" | selector comparison.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<JsonCondition> parse() {
        if (auto opened = expect("{"); !opened) return std::unexpected(opened.error());
        auto condition = parse_any(0);
        if (!condition) return condition;
        if (auto closed = expect("}"); !closed) return std::unexpected(closed.error());
        skip_space();
        if (at_ < text_.size()) return invalid("nothing after the closing brace");
        return condition;
    }

private:
    [[nodiscard]] std::unexpected<Error> invalid(std::string_view expected) const {
        return fail("InvalidParameterException", 400,
                    fmt::format("Invalid filter pattern: expected {} at character {}", expected, at_ + 1));
    }
    void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size()); }
    bool take(std::string_view token) {
        skip_space();
        if (!text_.substr(at_).starts_with(token)) return false;
        at_ += token.size();
        return true;
    }
    Result<void> expect(std::string_view token) {
        if (!take(token)) return invalid(fmt::format("'{}'", token));
        return {};
    }

    Result<JsonCondition> parse_list(Kind kind, std::string_view separator, int depth) {
        JsonCondition list{.kind = kind, .parts = {}, .path = {}, .text = {}};
        do {
            auto part = kind == Kind::any ? parse_list(Kind::all, "&&", depth) : parse_one(depth);
            if (!part) return part;
            list.parts.push_back(std::move(*part));
        } while (take(separator));
        if (list.parts.size() == 1) return std::move(list.parts.front());
        return list;
    }
    Result<JsonCondition> parse_any(int depth) { return parse_list(Kind::any, "||", depth); }

    Result<JsonCondition> parse_one(int depth) {
        if (depth > kDepthMax) return invalid(fmt::format("at most {} parentheses inside each other", kDepthMax));
        if (!take("(")) return parse_comparison();
        auto inner = parse_any(depth + 1);
        if (!inner) return inner;
        if (auto closed = expect(")"); !closed) return std::unexpected(closed.error());
        return inner;
    }

    Result<JsonCondition> parse_comparison() {
        JsonCondition condition{.kind = Kind::exists, .parts = {}, .path = {}, .text = {}};
        if (auto read = parse_selector(condition.path); !read) return std::unexpected(read.error());
        constexpr std::array<std::pair<std::string_view, Kind>, 6> operators{{{"!=", Kind::not_equal},
                                                                              {">=", Kind::greater_or_equal},
                                                                              {"<=", Kind::less_or_equal},
                                                                              {"=", Kind::equal},
                                                                              {">", Kind::greater},
                                                                              {"<", Kind::less}}};
        for (const auto& [token, kind] : operators) {
            if (!take(token)) continue;
            condition.kind = kind;
            if (auto read = parse_literal(condition); !read) return std::unexpected(read.error());
            return condition;
        }
        return parse_word_operator(std::move(condition));
    }

    Result<JsonCondition> parse_word_operator(JsonCondition condition) {
        if (take("NOT")) {
            if (!take("EXISTS")) return invalid("EXISTS");
            condition.kind = Kind::not_exists;
            return condition;
        }
        if (take("EXISTS")) return condition;
        if (!take("IS")) return invalid("=, !=, <, <=, >, >=, IS, EXISTS or NOT EXISTS");
        if (take("NULL"))
            condition.kind = Kind::is_null;
        else if (take("TRUE"))
            condition.kind = Kind::is_true;
        else if (take("FALSE"))
            condition.kind = Kind::is_false;
        else
            return invalid("NULL, TRUE or FALSE");
        return condition;
    }

    /// $.name, $.name.inner, $.list[0].name, $["any name"]
    Result<void> parse_selector(std::vector<std::string>& path) {
        skip_space();
        if (!take("$")) return invalid("a property such as $.name");
        while (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == '[')) {
            const bool bracket = text_[at_] == '[';
            ++at_;
            std::string name;
            if (bracket) {
                const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
                const auto end = quoted ? text_.find(text_[at_], at_ + 1) : text_.find(']', at_);
                if (end == std::string_view::npos) return invalid("']'");
                name = text_.substr(at_ + (quoted ? 1 : 0), end - at_ - (quoted ? 1 : 0));
                at_ = end + (quoted ? 1 : 0);
                if (at_ >= text_.size() || text_[at_] != ']') return invalid("']'");
                ++at_;
            } else {
                const auto end = std::min(text_.find_first_of(" \t\n.[]=!<>(){}&|", at_), text_.size());
                name = text_.substr(at_, end - at_);
                at_ = end;
            }
            if (name.empty()) return invalid("a property's name");
            path.push_back(std::move(name));
        }
        if (path.empty()) return invalid("'.' and a property's name after $");
        return {};
    }

    Result<void> parse_literal(JsonCondition& condition) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == '%')
            return invalid("a text or a number (regular expressions are not supported by this server)");
        if (at_ < text_.size() && text_[at_] == '"') {
            const auto end = text_.find('"', at_ + 1);
            if (end == std::string_view::npos) return invalid("a closing quotation mark");
            condition.text = text_.substr(at_ + 1, end - at_ - 1);
            at_ = end + 1;
        } else {
            const auto end = std::min(text_.find_first_of(" \t\n(){}&|", at_), text_.size());
            condition.text = text_.substr(at_, end - at_);
            at_ = end;
            if (condition.text.empty()) return invalid("a text or a number");
            const auto number = read_number<double>(condition.text);
            condition.is_number = number.has_value();
            condition.number = number.value_or(0);
        }
        if (condition.kind != Kind::equal && condition.kind != Kind::not_equal && !condition.is_number) {
            return invalid("a number after <, <=, > or >=");
        }
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

const json::value* find(const json::value& root, const std::vector<std::string>& path) {
    const json::value* at = &root;
    for (const auto& name : path) {
        if (const auto* object = at->if_object()) {
            at = object->if_contains(name);
        } else if (const auto* list = at->if_array()) {
            const auto index = read_number<std::size_t>(name);
            at = index && *index < list->size() ? &(*list)[*index] : nullptr;
        } else {
            at = nullptr;
        }
        if (at == nullptr) return nullptr;
    }
    return at;
}

bool matches_wildcard(std::string_view text, std::string_view pattern) {
    const bool open_start = pattern.size() > 1 && pattern.front() == '*';
    if (pattern == "*") return true;
    if (open_start) pattern.remove_prefix(1);
    const bool open_end = !pattern.empty() && pattern.back() == '*';
    if (open_end) pattern.remove_suffix(1);
    if (open_start && open_end) return text.contains(pattern);
    if (open_start) return text.ends_with(pattern);
    if (open_end) return text.starts_with(pattern);
    return text == pattern;
}

bool equals(const json::value& value, const JsonCondition& condition) {
    if (value.is_number() && condition.is_number) return value.to_number<double>() == condition.number;
    if (const auto* text = value.if_string()) return matches_wildcard(*text, condition.text);
    if (value.is_structured() || value.is_null()) return false;
    return matches_wildcard(json::serialize(value), condition.text);
}

bool holds(const JsonCondition& condition, const json::value& root) {
    const auto part_holds = [&root](const JsonCondition& part) { return holds(part, root); };
    if (condition.kind == Kind::all) return std::ranges::all_of(condition.parts, part_holds);
    if (condition.kind == Kind::any) return std::ranges::any_of(condition.parts, part_holds);
    const auto* value = find(root, condition.path);
    if (value == nullptr) return condition.kind == Kind::not_exists;
    const double number = value->is_number() ? value->to_number<double>() : 0;
    switch (condition.kind) {
        case Kind::equal:
            return equals(*value, condition);
        case Kind::not_equal:
            return !equals(*value, condition);
        case Kind::less:
            return value->is_number() && number < condition.number;
        case Kind::less_or_equal:
            return value->is_number() && number <= condition.number;
        case Kind::greater:
            return value->is_number() && number > condition.number;
        case Kind::greater_or_equal:
            return value->is_number() && number >= condition.number;
        case Kind::is_null:
            return value->is_null();
        case Kind::is_true:
            return value->is_bool() && value->get_bool();
        case Kind::is_false:
            return value->is_bool() && !value->get_bool();
        case Kind::exists:
            return true;
        case Kind::not_exists:
        case Kind::all:
        case Kind::any:
            return false;
    }
    std::unreachable();
}

}  // namespace

Result<JsonPattern> JsonPattern::parse(std::string_view text) {
    auto condition = Parser(text).parse();
    if (!condition) return std::unexpected(condition.error());
    JsonPattern pattern;
    pattern.condition_ = std::move(*condition);
    return pattern;
}

bool JsonPattern::matches(std::string_view message) const {
    const auto start = message.find_first_not_of(" \t\n\r");
    if (start == std::string_view::npos || message[start] != '{') return false;
    boost::system::error_code error;
    const auto root = json::parse(message.substr(start), error);
    return !error && holds(condition_, root);
}

}  // namespace holdpoint::api::logs
