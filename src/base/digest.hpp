// Digest: SHA-256 of what comes in parts, such as a file that is larger than memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's

namespace holdpoint {

class Sha256 {
public:
    Sha256();
    void add(std::string_view bytes);
    /// Of all that was added, in hexadecimal digits. Nothing may be added afterwards.
    [[nodiscard]] std::string hex();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace holdpoint
