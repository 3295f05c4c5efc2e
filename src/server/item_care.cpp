#include "server/item_care.hpp"

#include "tables/operations.hpp"

namespace holdpoint::server {

namespace {

constexpr std::size_t kExpiredAtOnce = 500;

}  // namespace

void expire_items(engine::Writer& writer) {
    writer.submit([&writer](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
        const auto writes = tables::expired(rows, now, kExpiredAtOnce);
        rows.apply(writes);
        if (writes.size() < kExpiredAtOnce) return {};
        return [&writer] { expire_items(writer); };
    });
}

}  // namespace holdpoint::server
