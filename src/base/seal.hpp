// Sealing: what is kept on disk under a key, so that whoever gets the disk alone reads and changes nothing.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace holdpoint {

/// Something is sealed under another key, or damaged, or its key is missing. The text says what to do.
class SealError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// An AES-256-GCM key. An envelope is four bytes that say its version, a random nonce of 12 bytes, the encrypted bytes
/// and a tag of 16; it opens only under the context (such as the row's key) that it was sealed for. (NIST SP 800-38D)
class SealKey {
public:
    /// `bytes`: 32.
    explicit SealKey(std::string_view bytes);
    /// The 32 bytes as 64 hexadecimal digits or in base64, with white space around them. `where` names their place in
    /// the SealError of what is neither.
    [[nodiscard]] static SealKey parse(std::string_view text, std::string_view where);
    /// From a file that its owner alone may read.
    [[nodiscard]] static SealKey read(const std::string& path);
    [[nodiscard]] static SealKey make();
    /// The master key in HOLDPOINT_MASTER_KEY, or in the file that HOLDPOINT_MASTER_KEY_FILE names; nothing without
    /// them.
    [[nodiscard]] static std::optional<SealKey> from_environment();

    [[nodiscard]] std::string seal(std::string_view plain, std::string_view context) const;
    /// Nothing when it was sealed under another key or for another context, or was changed.
    [[nodiscard]] std::optional<std::string> open(std::string_view envelope, std::string_view context) const;

    [[nodiscard]] const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

/// Whether it is an envelope. No JSON and no text begins as one does.
[[nodiscard]] bool is_sealed(std::string_view bytes);

}  // namespace holdpoint
