// Problems: everything that is wrong with a template, collected, so that all of it is said at once.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stacks/document.hpp"

namespace holdpoint::stacks {

class Problems {
public:
    explicit Problems(const Document& document) : document_(document) {}

    /// `path` such as "Resources.Workflow.Properties.Timeout".
    void add(const std::string& path, std::string_view what) {
        std::string text = fmt::format("{}{}: {}", path, place_of(path), what);
        // A name that many refer to is resolved many times.
        for (const std::string& known : texts_) {
            if (known == text) return;
        }
        if (texts_.size() == kSaidMax) {
            has_more_ = true;
            return;
        }
        texts_.push_back(std::move(text));
    }
    /// What does not stand below `path` itself stands there.
    void inherit(const std::string& path, std::string_view from) { inherited_[path + "."] = fmt::format("{}.", from); }
    [[nodiscard]] bool empty() const { return texts_.empty(); }
    /// TemplateError with one line for each of the first hundred.
    [[nodiscard]] std::unexpected<Error> error() const {
        return fail("TemplateError", 400,
                    fmt::format("{}{}", fmt::join(texts_, "\n"), has_more_ ? "\nThere is more that is wrong." : ""));
    }

private:
    /// Who mends a template reads no more, and aliases can say one thing in a hundred thousand places.
    static constexpr std::size_t kSaidMax = 100;

    /// Of what is missing, the place of what it is missing in; a whole section would be no help.
    std::string place_of(std::string path) const {
        do {
            if (const auto line = document_.lines.find(path); line != document_.lines.end())
                return fmt::format(" (line {})", line->second);
            for (const auto& [heir, from] : inherited_) {
                if (!path.starts_with(heir)) continue;
                const auto line = document_.lines.find(from + path.substr(heir.size()));
                if (line != document_.lines.end()) return fmt::format(" (line {}, in Globals)", line->second);
            }
            path.resize(std::min(path.size(), path.find_last_of(".[")));
        } while (path.contains('.'));
        return {};
    }

    const Document& document_;
    std::map<std::string, std::string> inherited_;
    std::vector<std::string> texts_;
    bool has_more_ = false;
};

}  // namespace holdpoint::stacks
