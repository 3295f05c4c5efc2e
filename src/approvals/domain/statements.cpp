#include "approvals/domain/statements.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/text.hpp"

namespace holdpoint::approvals {

namespace {

/// The last entry of each key; one without a value only where it has no other.
class LastOfEach {
public:
    explicit LastOfEach(Sorter& sorter) : sorter_(sorter), next_(sorter.next()) {}

    std::optional<Entry> next() {
        auto last = std::exchange(next_, std::nullopt);
        if (!last) return last;
        for (next_ = sorter_.next(); next_ && next_->key == last->key; next_ = sorter_.next()) {
            if (!next_->value.empty()) last = std::move(next_);
        }
        return last;
    }

private:
    Sorter& sorter_;
    std::optional<Entry> next_;
};

/// Calls `take` for each key of the two, with nullptr where one of them has none such.
template <class Take>
void join(Run& run, Sorter& sorter, Take take) {
    LastOfEach others(sorter);
    run.rewind();
    auto before = run.next();
    auto other = others.next();
    while (before || other) {
        const bool has_before = before && (!other || before->key <= other->key);
        const bool has_other = other && (!before || other->key <= before->key);
        take(has_before ? &*before : nullptr, has_other ? &*other : nullptr);
        if (has_before) before = run.next();
        if (has_other) other = others.next();
    }
}

}  // namespace

Entry entry_of(const ChainHead& end) {
    return {.key = end.approval_id, .value = fmt::format("{} {}", end.seq, end.hash)};
}

ChainHead end_of(const Entry& entry) {
    const std::size_t space = entry.value.find(' ');
    return {.approval_id = entry.key,
            .seq = read_number<std::int64_t>(std::string_view(entry.value).substr(0, space)).value_or(0),
            .hash = entry.value.substr(space + 1)};
}

void ChainEnds::change(Sorter& changes, const std::function<void(const ChainHead& end, bool is_new)>& take) {
    next_.clear();
    join(ends_, changes, [&](const Entry* before, const Entry* change) {
        const Entry* now = change == nullptr ? before : change;
        if (now->value.empty()) return;
        next_.add(*now);
        take(end_of(*now), change != nullptr);
    });
    std::swap(ends_, next_);
}

void ChainEnds::replace(Sorter& ends, const std::function<void(const ChainHead& end)>& changed,
                        const std::function<void(const std::string& approval_id)>& gone) {
    next_.clear();
    join(ends_, ends, [&](const Entry* before, const Entry* now) {
        if (now == nullptr) return gone(before->key);
        next_.add(*now);
        if (before == nullptr || before->value != now->value) changed(end_of(*now));
    });
    std::swap(ends_, next_);
}

std::vector<std::string> verify_statements(const std::vector<ReadStatement>& statements,
                                           const std::vector<std::vector<std::string>>& told, const KeyRing* keys) {
    // The last one whose key is known vouches for those before it.
    std::int64_t vouching = 0;
    for (const auto& [head, hash] : statements) {
        if (keys != nullptr && keys->has(head.key_id)) vouching = head.number;
    }
    std::vector<std::string> problems;
    const HeadStatement* previous = nullptr;
    for (std::size_t i = 0; i < statements.size(); ++i) {
        const auto& [head, hash] = statements[i];
        const auto found = verify_head(head, hash, previous, keys, head.number < vouching);
        problems.insert(problems.end(), found.begin(), found.end());
        problems.insert(problems.end(), told[i].begin(), told[i].end());
        previous = &head;
    }
    return problems;
}

Sealed sealed_by(const std::vector<ReadStatement>& statements, const KeyRing* keys) {
    Sealed sealed;
    for (const auto& [head, hash] : statements) {
        ++sealed.statements;
        if (keys != nullptr && keys->has(head.key_id)) ++sealed.signatures;
        sealed.last_at = head.at;
        sealed.hashes.insert(head.hash);
    }
    return sealed;
}

}  // namespace holdpoint::approvals
