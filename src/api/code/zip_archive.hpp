// Zip archives of functions: unpacked with everything refused that could reach outside or fill the disk, and made of
// folders.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace holdpoint::api {

struct UnpackLimits {
    /// (AWS Lambda, Quotas: deployment package, unzipped)
    std::uint64_t bytes = 262144000;
    /// Files, links and folders: empty ones cost no bytes, and a place on the disk each.
    std::uint64_t places = 100000;
};

/// Unpacks the archive in the file at `path` into `folder`, which is there and empty. InvalidParameterValueException
/// that names the entry: paths and links that lead outside, encrypted, damaged or overlapping entries, more than the
/// limits, no executable `bootstrap` at the root. What was unpacked before the refusal stays for the caller to remove.
[[nodiscard]] Result<void> unpack_zip(const std::string& path, const std::string& folder,
                                      const UnpackLimits& limits = {});

/// Writes the files of `folder` as an archive to the file at `path`: the same bytes for the same content, whatever the
/// times of the files. Links to files are followed, as `sam package` does.
[[nodiscard]] Result<void> pack_folder(const std::string& folder, const std::string& path);

}  // namespace holdpoint::api
