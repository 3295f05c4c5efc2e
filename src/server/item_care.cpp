#include "server/item_care.hpp"

#include "tables/operations.hpp"
#include "topics/deliveries.hpp"

namespace holdpoint::server {

namespace {

constexpr std::size_t kExpiredAtOnce = 500;

}  // namespace

void erase_expired(engine::Writer& writer) {
    writer.submit([&writer](store::Transaction& rows, TimePoint now) -> engine::AfterCommit {
        const auto items = tables::expired(rows, now, kExpiredAtOnce);
        const auto letters = topics::forgotten_dead_letters(rows, now, kExpiredAtOnce);
        rows.apply(items);
        rows.apply(letters);
        if (items.size() < kExpiredAtOnce && letters.size() < kExpiredAtOnce) return {};
        return [&writer] { erase_expired(writer); };
    });
}

}  // namespace holdpoint::server
