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

void Sealed::add(const HeadStatement& statement, const KeyRing* keys) {
    ++statements;
    if (keys != nullptr && keys->has(statement.key_id)) ++signatures;
    last_at = statement.at;
    hashes.insert(statement.hash);
}

void StatementCheck::check(HeadStatement statement, std::vector<std::string>& problems) {
    const auto add = [&](const std::vector<std::string>& more) {
        problems.insert(problems.end(), more.begin(), more.end());
    };
    const HeadStatement* previous = previous_ ? &*previous_ : nullptr;
    add(keys_ == nullptr ? verify_head(statement, previous)
                         : verify_head(statement, previous, *keys_, statement.number < last_signed_));
    sealed_.add(statement, keys_);
    std::erase_if(statement.chains, [&](const ChainHead& chain) {
        return !compared_.emplace(chain.approval_id, chain.seq, chain.hash).second;
    });
    add(compare(statement, trails_));
    statement.chains.clear();
    previous_ = std::move(statement);
}

}  // namespace holdpoint::approvals
