#include "approvals/domain/heads.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdpoint::approvals {

namespace {

constexpr std::string_view kPurpose = "holdpoint audit head 1";
const std::string kNothingBefore(64, '0');

std::string problem_of(const HeadStatement& head, std::string_view what) {
    return fmt::format("{}: {}", name_of(head), what);
}

}  // namespace

HeadHash::HeadHash(const HeadStatement& head) {
    digest_.add(fmt::format("{};{}:{};{};", head.number, head.at.size(), head.at, head.prev_hash));
}

void HeadHash::add(const ChainHead& chain) {
    digest_.add(fmt::format("{}:{};{};{}:{};", chain.approval_id.size(), chain.approval_id, chain.seq,
                            chain.hash.size(), chain.hash));
}

std::string HeadHash::hex() {
    return digest_.hex();
}

HeadStatement make_head(const std::function<void(const TakeEnd& take)>& each, const HeadStatement* previous,
                        TimePoint at, const KeyRing& keys) {
    HeadStatement head;
    head.number = previous == nullptr ? 1 : previous->number + 1;
    head.at = to_iso8601(at);
    head.prev_hash = previous == nullptr ? kNothingBefore : previous->hash;
    HeadHash hash(head);
    each([&](const ChainHead& end) { hash.add(end); });
    head.hash = hash.hex();
    head.key_id = keys.newest_id();
    head.signature = keys.sign(kPurpose, head.key_id, head.hash);
    return head;
}

std::vector<std::string> verify_head(const HeadStatement& head, const std::string& hash, const HeadStatement* previous,
                                     const KeyRing* keys, bool vouched) {
    std::vector<std::string> problems;
    const auto say = [&](std::string_view what) { problems.push_back(problem_of(head, what)); };
    const std::int64_t expected = previous == nullptr ? 1 : previous->number + 1;
    if (head.number != expected) say(fmt::format("statement {} is missing before it", expected));
    if (head.prev_hash != (previous == nullptr ? kNothingBefore : previous->hash)) {
        say("does not follow the statement before it");
    }
    if (hash != head.hash) say("was changed after it was written");
    if (keys == nullptr) return problems;
    if (!keys->has(head.key_id)) {
        if (!vouched) say("was signed with a key that is not known");
    } else if (!keys->verify(kPurpose, head.key_id, head.hash, head.signature)) {
        say("its signature is not ours");
    }
    return problems;
}

std::vector<std::string> compare(const std::vector<ChainHead>& chains, const Trails& trails, std::string_view said_by) {
    std::vector<std::string> problems;
    for (const ChainHead& chain : chains) {
        const auto say = [&](std::string_view what) {
            problems.push_back(fmt::format("{}: {} ({})", chain.approval_id, what, said_by));
        };
        const auto trail = trails.find(chain.approval_id);
        if (trail == trails.end() || trail->second.empty()) {
            say(fmt::format("its whole chain of {} records is gone", chain.seq));
            continue;
        }
        // In whatever order: that is for verify_chain.
        const std::vector<AuditRecord>& records = trail->second;
        const std::int64_t last = std::ranges::max_element(records, {}, &AuditRecord::seq)->seq;
        if (last < chain.seq) {
            say(fmt::format("its chain ends at record {}, but had {}: its end was cut off", last, chain.seq));
            continue;
        }
        const auto record = std::ranges::find(records, chain.seq, &AuditRecord::seq);
        if (record == records.end()) {
            say(fmt::format("its record {} is gone", chain.seq));
        } else if (record->hash != chain.hash) {
            say(fmt::format("its chain up to record {} is another one than it was: it was written anew", chain.seq));
        }
    }
    return problems;
}

std::string name_of(const HeadStatement& head) {
    return fmt::format("statement {} of {}", head.number, head.at);
}

std::vector<std::string> verify_trails(const Trails& trails) {
    std::vector<std::string> problems;
    for (const auto& [approval_id, records] : trails) {
        const auto found = verify_chain(records);
        problems.insert(problems.end(), found.begin(), found.end());
        for (const AuditRecord& record : records) {
            if (record.approval_id != approval_id) {
                problems.push_back(fmt::format("{}: its chain holds a record of {}", approval_id, record.approval_id));
            }
        }
    }
    return problems;
}

}  // namespace holdpoint::approvals
