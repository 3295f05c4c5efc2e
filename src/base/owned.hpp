// Owned: what a C library made, and its own function frees.
#pragma once

#include <memory>

namespace holdpoint {

template <auto Free>
struct FreedBy {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};

/// Such as Owned<EVP_MD_CTX, EVP_MD_CTX_free>.
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreedBy<Free>>;

}  // namespace holdpoint
