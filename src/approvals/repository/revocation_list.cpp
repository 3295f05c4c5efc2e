#include "approvals/repository/revocation_list.hpp"

namespace holdpoint::approvals {

namespace {

constexpr std::chrono::seconds kKept{5};

}  // namespace

Result<Revocations> RevocationList::current() {
    if (kept_ && clock_.monotonic() - read_at_ < kKept) return *kept_;
    auto stored = item_.read();
    if (!stored) return std::unexpected(stored.error());
    kept_ = std::move(stored->value);
    read_at_ = clock_.monotonic();
    return *kept_;
}

Result<void> RevocationList::revoke_credential(const std::string& id) {
    return changed([&](Revocations known) { return with_credential(std::move(known), id, clock_.now()); });
}

Result<void> RevocationList::revoke_person(const std::string& person) {
    return changed([&](Revocations known) { return with_person(std::move(known), person, clock_.now()); });
}

Result<void> RevocationList::changed(const std::function<Result<Revocations>(Revocations)>& add) {
    const auto now = item_.change(add);
    if (!now) return std::unexpected(now.error());
    kept_.reset();
    return {};
}

}  // namespace holdpoint::approvals
