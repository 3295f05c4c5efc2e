#include "cli/aws_version.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace holdpoint::cli {

std::optional<AwsVersion> parse_aws_version(std::string_view text) {
    constexpr std::string_view kName = "aws-cli/";
    const auto start = text.find(kName);
    if (start == std::string_view::npos) return std::nullopt;
    text.remove_prefix(start + kName.size());
    AwsVersion version;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto major = std::from_chars(begin, end, version.major);
    if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
    if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc{}) return std::nullopt;
    return version;
}

bool honours_endpoint_url(AwsVersion version) {
    if (version.major == 1) return version.minor >= 29;
    return version.major > 2 || (version.major == 2 && version.minor >= 13);
}

std::optional<std::string> installed_aws_version() {
    // A fixed command line: nothing of the user's goes through the shell. Version 1 once wrote to stderr.
    std::FILE* pipe = ::popen("aws --version 2>&1 </dev/null", "re");
    if (pipe == nullptr) return std::nullopt;
    std::array<char, 256> buffer{};
    std::string text;
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr && text.size() < 4096) text += buffer.data();
    if (::pclose(pipe) != 0) return std::nullopt;
    return text;
}

}  // namespace holdpoint::cli
