#include "approvals/domain/claims.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "approvals/domain/statements.hpp"
#include "base/text.hpp"

namespace holdpoint::approvals {

std::size_t Claims::add_source(std::string said_by) {
    sources_.push_back(std::move(said_by));
    return sources_.size() - 1;
}

void Claims::add(std::size_t source, const ChainHead& end) {
    Entry entry = entry_of(end);
    entry.value.insert(0, fmt::format("{} ", source));
    claims_.add(std::move(entry));
}

void Claims::rewind() {
    claims_.rewind();
    next_ = claims_.next();
}

std::optional<std::int64_t> Claims::check(const std::string& approval_id, const Trails& chain, const Tell& tell) {
    while (next_ && next_->key < approval_id) check_next({}, tell);
    manifest_end_.reset();
    while (next_ && next_->key == approval_id) check_next(chain, tell);
    return manifest_end_;
}

void Claims::finish(const Tell& tell) {
    while (next_) check_next({}, tell);
}

void Claims::check_next(const Trails& chain, const Tell& tell) {
    const std::size_t space = next_->value.find(' ');
    const auto source = read_number<std::size_t>(std::string_view(next_->value).substr(0, space)).value_or(kManifest);
    next_->value.erase(0, space + 1);
    if (next_->key != compared_id_) compared_.clear();
    compared_id_ = next_->key;
    const ChainHead end = end_of(*next_);
    if (source == kManifest) manifest_end_ = end.seq;
    if (source == kManifest || compared_.insert(next_->value).second) {
        for (std::string& problem : compare({end}, chain, sources_[source])) tell(source, std::move(problem));
    }
    next_ = claims_.next();
}

}  // namespace holdpoint::approvals
