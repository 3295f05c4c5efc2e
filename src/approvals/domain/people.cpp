#include "approvals/domain/people.hpp"

#include <functional>
#include <map>

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

/// Gives people to needs. A person who is taken moves to another need's place when that need finds somebody else.
/// (Kuhn's algorithm for matchings.)
class Matching {
public:
    explicit Matching(const std::vector<Need>& needs) : needs_(needs) {}

    bool take_one_more(std::size_t need) {
        std::set<std::string_view> asked;
        return take(need, asked);
    }

private:
    bool take(std::size_t need, std::set<std::string_view>& asked) {
        for (const std::string& person : *needs_[need].people) {
            if (!asked.insert(person).second) continue;
            const auto taken = taken_.find(person);
            if (taken == taken_.end() || take(taken->second, asked)) {
                taken_[person] = need;
                return true;
            }
        }
        return false;
    }

    const std::vector<Need>& needs_;
    std::map<std::string_view, std::size_t, std::less<>> taken_;  // person -> need
};

}  // namespace

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kWhiteSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::string person_key(std::string_view person) {
    return name_key(person);
}

bool is_same_person(std::string_view a, std::string_view b) {
    return is_same_name(a, b);
}

std::optional<std::size_t> first_unmet(const std::vector<Need>& needs) {
    Matching matching(needs);
    for (std::size_t need = 0; need < needs.size(); ++need) {
        if (!needs[need].people) continue;
        for (std::int64_t i = 0; i < needs[need].count; ++i) {
            if (!matching.take_one_more(need)) return need;
        }
    }
    return std::nullopt;
}

}  // namespace holdpoint::approvals
