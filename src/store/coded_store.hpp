// Coded store: a store whose values are written to disk in another form than the rooms see.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "store/store.hpp"

namespace holdpoint::store {

/// What a value becomes on its way to disk, and back.
class ValueCodec {
public:
    virtual ~ValueCodec() = default;
    /// Called where transactions are applied, by one thread at a time.
    [[nodiscard]] virtual std::string encode(Space space, std::string_view key, std::string value) = 0;
    /// Called by every thread that reads. What was written before there was this codec is answered as it is.
    [[nodiscard]] virtual std::string decode(Space space, std::string_view key, std::string value) const = 0;
};

[[nodiscard]] std::unique_ptr<Store> make_coded_store(std::unique_ptr<Store> store, std::unique_ptr<ValueCodec> codec);

}  // namespace holdpoint::store
